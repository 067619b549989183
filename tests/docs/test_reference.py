"""Everything that people can name has a page, and everything on it is said."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from reference import documents, write
from reference.page import named, sections

from graticule.cli.app import COMMANDS, make_app
from graticule.clustering.document import parse as parse_clustering
from graticule.core.document import parse_document
from graticule.core.registry import check_names, get_check, get_op, op_names
from graticule.io.format import formats
from graticule.learn.clustering import STEPS
from graticule.learn.document.document import parse as parse_training
from graticule.learn.methods.items import ITEM_KINDS
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.pipeline.parse import parse as parse_pipeline
from graticule.recipes import examples
from graticule.report import figures

PARSERS = {
    "pipeline": parse_pipeline,
    "training": parse_training,
    "clustering": parse_clustering,
}
METHODS = {kind.name: kind.spec for kind in (*METHOD_KINDS.values(), *ITEM_KINDS.values())}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("docs")
    root = folder / "reference"
    return {
        file.relative_to(root).with_suffix("").as_posix(): file.read_text("utf-8")
        for file in write(folder)
    }


def test_all_that_has_a_name_has_a_page(pages: Mapping[str, str]) -> None:
    wanted = {f"ops/{name}" for name in op_names()}
    wanted |= {f"checks/{name}" for name in check_names()}
    wanted |= {f"figures/{name}" for name in figures.kinds()}
    wanted |= {f"recipes/{name}" for name in examples()}
    wanted |= {f"commands/{name}" for name in COMMANDS}
    wanted |= {f"documents/{name}" for name in PARSERS}
    wanted |= {f"methods/{name}" for name in METHODS}
    wanted |= {f"clustering/{name}" for name in STEPS.names()}
    assert wanted - set(pages) == set()
    assert len([name for name in pages if name.startswith("formats/")]) == len(formats()) + 1


def test_a_page_that_is_gone_is_removed_and_one_that_is_as_it_was_not_touched(
    tmp_path: Path,
) -> None:
    kept, *_ = write(tmp_path)
    gone = tmp_path / "reference" / "ops" / "gone.rst"
    gone.write_text("gone")
    before = kept.stat().st_mtime_ns
    write(tmp_path)
    assert not gone.exists()
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", op_names())
def test_all_data_and_parameters_of_an_op_are_described(name: str) -> None:
    op = get_op(name)
    said = named(sections(op.function.__doc__ or "")["Parameters"])
    wanted = [item.name for item in op.inputs] + list(op.parameters.names)
    assert [each for each in wanted if not said.get(each)] == []


@pytest.mark.parametrize("name", check_names())
def test_all_parameters_of_a_check_are_described(name: str) -> None:
    check = get_check(name)
    said = named(sections(check.__doc__ or "")["Parameters"])
    assert [each for each in check.parameters.names if not said.get(each)] == []


@pytest.mark.parametrize("name", figures.kinds())
def test_all_options_of_a_figure_are_described(name: str) -> None:
    figure = figures.find(name)
    assert figure is not None
    said = named(sections(figure.function.__doc__ or "")["Parameters"])
    _, *options = inspect.signature(figure.function).parameters
    assert [each for each in options if not said.get(each)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_all_arguments_of_a_command_are_described(name: str, pages: Mapping[str, str]) -> None:
    arguments = make_app([name])[name].assemble_argument_collection(parse_docstring=True)
    assert [a.names for a in arguments if not a.parameter.help] == []
    page = pages[f"commands/{name}"]
    assert [n for a in arguments for n in a.names if f"``{n}``" not in page] == []
    assert "Exit status" in page


def _sections() -> Iterator[tuple[str, str, Any]]:
    for name, (model, _) in documents.DOCUMENTS.items():
        for path, section in documents.sections_of(model):
            yield name, path, section
    for name, spec in METHODS.items():
        for path, section in documents.sections_of(spec):
            yield "training", f"methods.{name}.{path}".rstrip("."), section


SECTIONS = list(_sections())


@pytest.mark.parametrize("section", [section for *_, section in SECTIONS])
def test_all_keys_of_a_section_are_described(section: Any) -> None:
    said = documents.described(section)
    assert [key for key in section.model_fields if not said.get(key)] == []


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_all_keys_of_a_clustering_step_are_described(step: Any) -> None:
    said = documents.described(step.parameters)
    assert [key for key in step.parameters.model_fields if not said.get(key)] == []


EXAMPLES = sorted(documents.EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_of_a_document_is_sound(file: Path) -> None:
    PARSERS[file.stem.partition("-")[0]](file.read_text("utf-8"), source=file.name)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield "null" if key is None else str(key)
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


@pytest.mark.parametrize(("name", "path", "section"), SECTIONS)
def test_the_examples_have_every_key(name: str, path: str, section: Any) -> None:
    texts = [file.read_text("utf-8") for file in EXAMPLES if file.stem.startswith(name)]
    used = {key for text in texts for key in _keys(parse_document(text, name))}
    assert set(section.model_fields) - used == set(), path
