"""docs/spectra.md is true: its steps are those there are, and it names every op of the family."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from graticule.core.registry import op_names
from graticule.pipeline import Pipeline
from graticule.recipes import recipes
from graticule.report.figures import kinds

PAGE = (Path(__file__).parents[1] / "docs" / "spectra.md").read_text("utf-8")
BLOCKS: list[dict[str, Any]] = [
    YAML(typ="safe").load(text)
    for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
]


def test_every_op_of_the_family_is_named() -> None:
    named = set(re.findall(r"`(spectra\.\w+)`", PAGE))
    there = {name for name in op_names() if name.startswith("spectra.")}
    assert there - named == set()
    assert named - there == set()


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_steps_and_figures_of_the_page_are_those_there_are(number: int) -> None:
    block = BLOCKS[number]
    for name, step in (block.get("steps") or {}).items():
        assert step["op"] in op_names(), name
    for entry in block.get("report") or ():
        assert entry["figure"] in kinds()


def test_the_blocks_together_are_a_pipeline(tmp_path: Path) -> None:
    """A block without inputs goes on where the one before it ended."""
    built: list[dict[str, Any]] = []
    for block in BLOCKS:
        if "inputs" in block:
            built.append({"graticule": 1, "name": "page", "steps": {}})
        for key, value in block.items():
            own = built[-1].setdefault(key, type(value)())
            own.update(value) if isinstance(value, dict) else own.extend(value)
    assert built
    for number, document in enumerate(built):
        path = tmp_path / f"{number}.yaml"
        YAML().dump(document, path)
        assert Pipeline.load(path).steps


def test_recipes_of_the_page_are_there() -> None:
    named = set(re.findall(r"graticule (?:demo|run) (\w+)", PAGE))
    assert named
    assert named <= set(recipes())
