"""graticule cite writes the papers of what a pipeline uses, and of nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graticule.cli import main
from graticule.core.papers import papers_of
from graticule.core.registry import get_check, get_op
from graticule.pipeline import Pipeline
from graticule.recipes import recipes
from graticule.version import __version__


def _keys(text: str) -> set[str]:
    return set(re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["sunquake", "nuclei", "coins"])
def test_a_recipe_is_cited_by_its_ops_and_checks(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = Pipeline.load(recipes()[name] / "pipeline.yaml")
    used = [s.op.function.__doc__ for s in pipeline.steps.values() if s.name not in pipeline.unused]
    used += [get_check(c.check.name).__doc__ for c in pipeline.checks.values()]
    assert main(["cite", name]) == 0
    wanted = {paper.key for docstring in used for paper in papers_of(docstring)}
    assert _keys(capsys.readouterr().out) == wanted | {"graticule"}


def test_a_step_that_feeds_nothing_is_not_cited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "two.yaml"
    text = "{graticule: 1, outputs: [b], steps: {a: {op: threshold.li, input: image}, "
    file.write_text(text + "b: {op: threshold.otsu, input: image}}}")
    assert main(["cite", str(file), "-o", str(tmp_path / "methods.bib")]) == 0
    written = (tmp_path / "methods.bib").read_text("utf-8")
    (otsu,) = papers_of(get_op("threshold.otsu").function.__doc__)
    assert _keys(written) == {"graticule", otsu.key}
    assert "% b (threshold.otsu)" in written
    assert "2 entries" in capsys.readouterr().out


def test_what_names_no_paper_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "flip.yaml"
    file.write_text("{graticule: 1, steps: {a: {op: transform.flip, dim: x}}}")
    main(["cite", str(file)])
    assert "% no paper is named by transform.flip\n" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cite", "coins", "-o", str(tmp_path / "none" / "a.bib")]) == 2
    assert "a.bib: cannot be written" in capsys.readouterr().err


def test_the_citation_of_the_repository_is_of_this_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (Path(__file__).parents[2] / "CITATION.cff").read_text("utf-8")
    main(["cite", "coins"])
    entry = capsys.readouterr().out
    title = re.search(r'^title: "(.*)"$', text, re.MULTILINE)
    assert title
    assert f"title = {{{title[1]}}}" in entry
    assert f"version: {__version__}\n" in text
    assert f"version = {{{__version__}}}" in entry
