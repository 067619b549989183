"""graticule docs opens the pages that are there, and says how to build those that are not."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

import graticule.cli.docs as module
from graticule.cli import main


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    pages = tmp_path / "docs" / "_build" / "html"
    (pages / "reference" / "ops").mkdir(parents=True)
    for page in ("index.html", "search.html", "reference/ops/filters.gaussian.html"):
        (pages / page).write_text("<p>")
    addresses: list[str] = []
    monkeypatch.setattr(module, "_SOURCES", tmp_path)
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


@pytest.mark.parametrize(
    ("topic", "end"),
    [
        ([], "html/index.html"),
        (["filters.gaussian"], "html/reference/ops/filters.gaussian.html"),
        (["false discovery"], "html/search.html?q=false%20discovery"),
        (["../../../index"], "html/search.html?q=../../../index"),
    ],
)
def test_it_opens_the_page(opened: list[str], topic: list[str], end: str) -> None:
    assert main(["docs", *topic]) == 0
    (address,) = opened
    assert address.startswith("file:///")
    assert address.endswith(end)


def test_without_a_browser_it_shows_the_address(
    opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", "--no-open"]) == 0
    assert opened == []
    assert capsys.readouterr().out.strip().endswith("index.html")


def test_it_says_how_to_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_SOURCES", tmp_path)
    assert main(["docs"]) == 2
    assert "clone the repository, then make docs" in capsys.readouterr().err
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "conf.py").write_text("")
    assert main(["docs"]) == 2
    assert f"make docs in {tmp_path}" in capsys.readouterr().err
