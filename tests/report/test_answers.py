"""The page and the terminal begin with the answer, and carry the recipe's own words and numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.cli import main
from graticule.cli.console import print_rows
from graticule.core.errors import ImageError
from graticule.ops.measure.phase_fractions import phase_fractions
from graticule.pipeline import Pipeline
from graticule.report.answers import answers_in, answers_of, estimate
from graticule.report.expected import beside
from graticule.report.markdown import to_html
from graticule.report.record import RunRecord, read_record
from graticule.report.tables import StudyTable

PHASES = """
graticule: 1
name: rock
steps:
  phases:  {op: threshold.multi_otsu, classes: 3}
  objects: {op: measure.phase_fractions, names: [pore, clay, rock]}
outputs: [objects]
"""
README = "# rock\n\n**Question.** How much is <b>clay</b>?\n\n[away](javascript:alert(1))\n"


def rock(folder: Path, *, expected: float = 0.25) -> Path:
    """Write a pipeline with its explanation and numbers, and an image of three phases."""
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(PHASES)
    (folder / "README.md").write_text(README)
    numbers = {
        "example": "three stripes",
        "columns": {"stripes": {"objects_count": [3, 0]}},
        "objects": {"fraction": {"min": [expected, 0.01]}},
    }
    (folder / "expected.json").write_text(json.dumps(numbers))
    values = np.tile(np.repeat([10.0, 50, 50, 90], 4), (64, 4))
    np.save(folder / "stripes.npy", values + np.random.default_rng(0).normal(0, 2, values.shape))
    return folder


def test_the_first_sentence_answers_with_fractions_and_intervals(tmp_path: Path) -> None:
    folder, out = rock(tmp_path / "rock"), tmp_path / "out"
    Pipeline.load(folder / "pipeline.yaml").run(folder / "stripes.npy", out=out, cache=False)
    table = pd.read_csv(out / "objects.csv").set_index("name")
    said = answers_in(out)[0]
    for name in ("pore", "clay", "rock"):
        low, high = (100 * table.loc[name, f"fraction_{end}"] for end in ("low", "high"))
        told = estimate(table.loc[name, "fraction"], low / 100, high / 100, share=True)
        assert f"{name} {told}".casefold() in said.casefold()
        assert low < 100 * table.loc[name, "fraction"] < high
    page = (out / "report.html").read_text("utf-8")
    assert page.index(said) < page.index("1 image was analysed")
    assert "has 3 rows" not in page


def test_the_page_carries_the_explanation_and_nothing_in_it_runs(tmp_path: Path) -> None:
    folder, out = rock(tmp_path / "rock"), tmp_path / "out"
    Pipeline.load(folder / "pipeline.yaml").run(folder / "stripes.npy", out=out, cache=False)
    page = (out / "report.html").read_text("utf-8")
    assert "<strong>Question.</strong> How much is &lt;b&gt;clay&lt;/b&gt;?" in page
    assert 'href="javascript' not in page
    (folder / "README.md").write_text("# something else\n\nOf another folder.")
    Pipeline.load(folder / "pipeline.yaml").run(
        folder / "stripes.npy", out=tmp_path / "other", cache=False
    )
    assert "Of another folder" not in (tmp_path / "other" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("expected", "agrees"), [(0.25, True), (0.4, False)])
def test_expected_numbers_stand_beside_those_found(
    tmp_path: Path, expected: float, agrees: bool
) -> None:
    folder, out = rock(tmp_path / "rock", expected=expected), tmp_path / "out"
    Pipeline.load(folder / "pipeline.yaml").run(folder / "stripes.npy", out=out, cache=False)
    tables = {name: StudyTable(out, name) for name in ("images", "objects")}
    rows = beside(read_record(out / "run.json"), tables).set_index("number")
    assert rows.loc["min of fraction", "as expected"] is agrees
    assert rows.loc["min of fraction", "found"] == pytest.approx(0.25, abs=0.01)
    assert rows.loc["objects_count of stripes", "as expected"] is True
    assert "expected and found" in (out / "report.html").read_text("utf-8")


def test_of_other_images_nothing_is_expected(tmp_path: Path) -> None:
    folder, out = rock(tmp_path / "rock"), tmp_path / "out"
    (folder / "stripes.npy").rename(folder / "mine.npy")
    Pipeline.load(folder / "pipeline.yaml").run(folder / "mine.npy", out=out, cache=False)
    assert "expected and found" not in (out / "report.html").read_text("utf-8")


def test_changed_parameters_are_said_beside_expected_numbers(tmp_path: Path) -> None:
    folder = rock(tmp_path / "rock")
    pipeline = Pipeline.load(folder / "pipeline.yaml")
    for name, each in (
        ("same", pipeline),
        ("changed", pipeline.with_values({"objects.confidence": 0.9})),
    ):
        each.run(folder / "stripes.npy", out=tmp_path / name, cache=False)
        page = (tmp_path / name / "report.html").read_text("utf-8")
        assert ("Parameters were changed" in page) == (name == "changed")


def test_of_several_images_medians_are_told_with_their_range(tmp_path: Path) -> None:
    rows = [(n, "clay", 0.1 * (n + 1), 0.0, 1.0) for n in range(3)]
    columns = ["image", "name", "fraction", "fraction_low", "fraction_high"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "objects.csv", index=False)
    record = RunRecord.model_validate({"images": [{"image": str(n)} for n in range(3)]})
    said, left = answers_of(
        record, StudyTable(tmp_path, "images"), [StudyTable(tmp_path, "objects")]
    )
    assert said == ["Clay 20 % [10, 30] (medians of 3 images, in brackets the lowest and highest)."]
    assert left == []


@pytest.mark.parametrize("column", ["p", "false_alarm_p"])
def test_p_values_of_a_check_are_no_answer_of_several_images(tmp_path: Path, column: str) -> None:
    frame = pd.DataFrame({"image": ["a", "b", "c"], column: [0.01, 0.04, 0.3]})
    frame["porosity"] = [0.1, 0.2, 0.3]
    for name in (column, "porosity"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] / 2, frame[name] * 2
    frame.to_csv(tmp_path / "images.csv", index=False)
    record = RunRecord.model_validate(
        {
            "images": [{"image": name} for name in frame["image"]],
            "checks": {"false_alarm": {"check": "false_alarm", "of": "objects"}},
        }
    )
    said, _ = answers_of(record, StudyTable(tmp_path, "images"), [])
    assert [text.split(" (")[0] for text in said] == ["Porosity 20 % [10, 30]"]


def test_a_table_of_objects_has_a_row_an_object_and_what_was_asked_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["label", "pixels", "area", "y_start", "y_stop", "intensity_mean", "my_ratio"]
    frame = pd.DataFrame({"image": ["a"] * 9, **{n: np.arange(9.0) + 0.5 for n in names}})
    for number in range(12):
        frame[f"minor_axis_number_{number}_axis"] = 1.0
    print_rows(frame)
    said = capsys.readouterr().out
    head = next(line for line in said.splitlines() if "label" in line)
    assert {"area", "my_ratio", "intensity_mean"} <= set(head.replace("┃", " ").split())
    assert "y_start" not in head
    assert sum(line.startswith("│") for line in said.splitlines()) == 6
    assert "3 more rows" in said


def test_the_terminal_ends_with_the_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = rock(tmp_path / "rock")
    command = ["run", str(folder / "pipeline.yaml"), str(folder / "stripes.npy")]
    assert main([*command, "-o", str(tmp_path / "out")]) == 0
    assert "Pore 25 %" in capfd.readouterr().out


def test_names_are_as_many_as_phases() -> None:
    phases = np.tile([0, 1, 2, 2], (64, 16))
    table = phase_fractions(phases, names=("a", "b", "c"))
    assert table["name"].tolist() == ["a", "b", "c"]
    assert "name" not in phase_fractions(phases)
    with pytest.raises(ImageError, match="3 phases, 0, 1, 2, and 2 names"):
        phase_fractions(phases, names=("a", "b"))


def test_markdown_shows_html_as_text_and_loads_no_picture() -> None:
    text = to_html("# t\n\n## Part\n\n<script>x</script>\n\n![words](http://a/b.png)")
    assert "<h4>Part</h4>" in text
    assert "<script>" not in text
    assert "<img" not in text


def test_files_that_were_passed_over_are_one_line_with_a_count(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = rock(tmp_path / "rock")
    images = tmp_path / "images"
    images.mkdir()
    (folder / "stripes.npy").rename(images / "stripes.npy")
    for number in range(40):
        (images / f"film{number:02d}.lif").write_bytes(b"\x01\x02\x03\x04")
    command = ["run", str(folder / "pipeline.yaml"), str(images)]
    assert main([*command, "-o", str(tmp_path / "out")]) == 1
    told = [line for line in capfd.readouterr().err.splitlines() if "film00.lif" in line]
    assert len(told) == 1
    assert told[0].startswith("40 passed over, of no known format: film00.lif, ")
    assert told[0].endswith(" and 37 more")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "40 passed over, of no known format" in page
    assert "film20.lif" not in page


def test_groups_without_intervals_are_told_and_rows_within_objects_are_not_counted(
    tmp_path: Path,
) -> None:
    pd.DataFrame(
        {"image": "a", "label": [1, 2], "group": ["soil", "water"], "fraction": [0.75, 0.25]}
    ).to_csv(tmp_path / "objects_groups.csv", index=False)
    pd.DataFrame({"image": "a", "label": [1, 1, 2, 2], "band": [0, 1, 0, 1]}).to_csv(
        tmp_path / "objects_bands.csv", index=False
    )
    record = RunRecord.model_validate({"images": [{"image": "a"}]})
    tables = [StudyTable(tmp_path, f"objects_{name}") for name in ("groups", "bands")]
    said, left = answers_of(record, StudyTable(tmp_path, "images"), tables)
    assert said == ["Soil 75 %, water 25 %."]
    assert [table.name for table in left] == ["objects_bands"]


SPOTS = """
graticule: 1
steps:
  bright: {op: threshold.fixed, value: 1}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
  judged: {op: measure.derive, columns: {light: intensity_mean, strong: intensity_mean > 6}}
  middle: {op: measure.summarise, columns: [light, strong], statistics: [n, mean, median]}
outputs: [judged, middle]
"""


@pytest.mark.parametrize("count", [1, 3])
def test_what_a_step_brought_together_is_the_answer(count: int, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    for number in range(count):
        values = np.zeros((12, 40), np.float32)
        for spot in range(4):
            values[3:9, 3 + 9 * spot : 8 + 9 * spot] = 4 + spot + number
        np.save(tmp_path / "study" / f"{number}.npy", values)
    Pipeline.loads(SPOTS).run(tmp_path / "study", tmp_path / "out", cache=False)
    said = answers_in(tmp_path / "out")[0]
    if count == 1:
        assert said == "Light median 5.5, strong 25 %."
    else:
        assert said.startswith("Light median 6.5 [5.5, 7.5], strong 50 % [25, 75] (medians of 3")
