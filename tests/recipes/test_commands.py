"""The commands that the README files show can be given as they stand."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest

from graticule.cli.options import parse_assignment, parse_values
from graticule.compare.variants import find_step, make_variants
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path, recipes

READMES = {"main": Path(__file__).parents[2] / "README.md"}
READMES |= {name: folder / "README.md" for name, folder in recipes().items()}


def commands(text: str, kind: str) -> list[list[str]]:
    """Return the words of every command of a kind that is for a recipe."""
    lines = re.findall(rf"graticule ({kind} [^\n`]*)", text.replace("\\\n", " "))
    found = [shlex.split(line, comments=True) for line in lines]
    return [words for words in found if len(words) > 1 and words[1] in recipes()]


def given(words: list[str], option: str) -> list[str]:
    return [value for name, value in itertools.pairwise(words) if name == option]


@pytest.mark.parametrize("name", sorted(READMES))
def test_what_is_set_can_be_set(name: str) -> None:
    for words in commands(READMES[name].read_text(encoding="utf-8"), "run"):
        pipeline = Pipeline.load(pipeline_path(words[1]))
        pipeline.with_values(dict(parse_assignment(text) for text in given(words, "--set")))


@pytest.mark.parametrize("name", sorted(READMES))
def test_what_is_compared_is_there(name: str) -> None:
    for words in commands(READMES[name].read_text(encoding="utf-8"), "compare"):
        pipeline = Pipeline.load(pipeline_path(words[1]))
        step = find_step(pipeline, words[2])
        for other in given(words, "--of"):
            assert other in pipeline.steps
        ops = [part for text in given(words, "--try") for part in text.split(",")]
        grid = dict(parse_values(text) for text in given(words, "--over"))
        assert all(v.pipeline for v in make_variants(pipeline, step, ops=ops, grid=grid))


def test_there_are_commands_to_look_at() -> None:
    texts = [path.read_text(encoding="utf-8") for path in READMES.values()]
    assert sum(len(commands(text, "run")) for text in texts) > 10
    assert sum(len(commands(text, "compare")) for text in texts) >= 4
