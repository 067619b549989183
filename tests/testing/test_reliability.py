import json
from pathlib import Path

import pytest

from graticule.testing.reliability import __main__ as command
from graticule.testing.reliability import results
from graticule.testing.reliability.row import Effort, Row, all_rows
from graticule.testing.trial import Trial

GOOD = Trial("kind", "1", "right")
BAD = Trial("kind", "2", "crash", "SIGSEGV")


def rows(**outcomes):
    return [Row(id, f"promise {id}", lambda _, t=trials: t) for id, trials in outcomes.items()]


def tried(monkeypatch, tmp_path, known, *words):
    monkeypatch.setattr(command, "all_rows", lambda: known)
    status = command.main([*words, "--out", str(tmp_path / "out.json")])
    content = json.loads((tmp_path / "out.json").read_text())
    return status, {row["id"]: row for row in content["rows"]}


@pytest.mark.parametrize(
    ("trials", "reached"), [([GOOD, GOOD], True), ([GOOD, BAD], False), ([], False)]
)
def test_a_row_is_reached_without_a_fault_and_not_without_a_trial(
    trials, reached, monkeypatch, tmp_path
):
    status, found = tried(monkeypatch, tmp_path, rows(A1=trials))
    assert found["A1"]["reached"] is reached
    assert status == int(not reached)
    assert found["A1"]["trials"] == len(trials)


def test_faults_are_counted_and_listed(monkeypatch, tmp_path):
    _, found = tried(monkeypatch, tmp_path, rows(A1=[GOOD] + [BAD] * 30))
    assert found["A1"]["outcomes"] == {"crash": 30, "right": 1}
    assert found["A1"]["kinds"] == {"kind": {"crash": 30, "right": 1}}
    assert found["A1"]["faults"] == 30
    assert len(found["A1"]["listed"]) == 20


def test_rows_that_are_not_tried_now_stay(monkeypatch, tmp_path):
    known = rows(A1=[GOOD], A2=[GOOD])
    tried(monkeypatch, tmp_path, known)
    _, found = tried(monkeypatch, tmp_path, rows(A1=[BAD], A2=[BAD]), "--rows", "A2")
    assert (found["A1"]["reached"], found["A2"]["reached"]) == (True, False)


def test_every_row_makes_fewer_trials_when_quick():
    assert Effort(quick=True).count(full=9, quick=2) == 2
    assert Effort().count(full=9, quick=2) == 9
    assert "A1" in {row.id for row in all_rows()}


def test_the_page_shows_the_figures_and_keeps_its_words(monkeypatch, tmp_path):
    tried(monkeypatch, tmp_path, rows(A1=[GOOD, BAD]))
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    for _ in range(2):
        results.write_page(tmp_path / "out.json", page)
        text = page.read_text()
        assert text.startswith("before\n<!-- figures -->\nMeasured on")
        assert "| A1 | promise A1 | 2 | 1 | 1 crash, 1 right | **no** |" in text
        assert text.endswith("<!-- end of figures -->\nafter\n")
        assert "old" not in text


def test_the_committed_page_shows_the_committed_figures():
    docs = Path(__file__).parents[2] / "docs"
    if (docs / "reliability.json").is_file():
        figures = results.page_of(json.loads((docs / "reliability.json").read_text("utf-8")))
        assert figures in (docs / "reliability.md").read_text("utf-8")
