"""Compiled templates: used again, never run damaged, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from graticule.report.compiled import CompiledTemplates


def render(folder: Path, text: str = "{{ 1 + 1 }} pages") -> str:
    environment = Environment(
        loader=DictLoader({"page": text}), bytecode_cache=CompiledTemplates(folder)
    )
    return environment.get_template("page").render()


def test_what_was_compiled_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render(tmp_path) == "2 pages"
    monkeypatch.setattr(Environment, "compile", None)
    assert render(tmp_path) == "2 pages"


def test_another_text_is_compiled_anew(tmp_path: Path) -> None:
    render(tmp_path)
    assert render(tmp_path, "other") == "other"


def test_what_is_damaged_is_compiled_anew(tmp_path: Path) -> None:
    render(tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0x10
        file.write_bytes(changed)
        assert render(tmp_path) == "2 pages"
        assert file.read_bytes() == content
    file.write_bytes(content[:40])
    assert render(tmp_path) == "2 pages"


def test_a_folder_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert render(tmp_path / "file") == "2 pages"
