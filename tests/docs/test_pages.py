"""What pages tell people to do is done, in the order of the page: files, commands and Python.

A block of YAML after ``<!-- file: NAME -->`` is a file; a ``console`` block has commands after
``$``, of which one with the comment ``# fails`` must end with an error; ``python`` blocks and the
cells of notebooks share their names. Elsewhere a pipeline that is whole must be sound, and Python
must be Python.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from graticule.cli import main
from graticule.clustering.document import parse as parse_clustering
from graticule.core.settings import settings
from graticule.learn.document.document import parse as parse_training
from graticule.pipeline.parse import parse as parse_pipeline

DOCS = Path(__file__).parents[2] / "docs"
FOLLOWED = sorted([*(DOCS / "tutorials").glob("*.md"), *(DOCS / "explanations").glob("*.md")])
OTHERS = sorted(DOCS.glob("*.md"))
_BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?"
    r"^```(?P<kind>\{code-cell\} python|\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def _blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield found["kind"], found["file"] or "", found["text"]


def _command(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    line, _, comment = line.partition("  # ")
    words = shlex.split(line)
    if words[0] == "head":
        assert Path(words[-1]).read_text("utf-8").strip(), line
        return
    assert words[0] == "graticule", f"a page may call graticule and head, not {words[0]}"
    status = main(words[1:])
    said = capsys.readouterr()
    assert (status != 0) == (comment == "fails"), f"{line}\n{said.err}"


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_a_page_can_be_followed(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRATICULE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    names: dict[str, object] = {"__name__": "__main__"}
    for kind, file, text in _blocks(page):
        if file:
            Path(file).write_text(text, "utf-8")
        elif kind == "console":
            for line in text.splitlines():
                assert line.startswith("$ "), f"what is no command is said in words: {line}"
                _command(line[2:], capsys)
        elif kind.endswith("python"):
            exec(compile(text, str(page), "exec"), names)
        else:
            assert kind in ("yaml", "text"), f"{kind} is not tested"
    settings.cache_clear()
    import matplotlib.pyplot as plt

    plt.close("all")


def _whole_documents() -> Iterator[tuple[str, str]]:
    for page in OTHERS:
        for number, (kind, _, text) in enumerate(_blocks(page)):
            if kind == "yaml" and text.startswith("graticule: 1"):
                yield f"{page.stem}-{number}", text


@pytest.mark.parametrize("text", [t for _, t in _whole_documents()],
                         ids=[name for name, _ in _whole_documents()])  # fmt: skip
def test_a_document_of_a_guide_is_sound(text: str) -> None:
    if "task: clustering" in text:
        parse_clustering(text)
    elif re.search("^methods:", text, re.MULTILINE):
        parse_training(text)
    else:
        parse_pipeline(text)


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_python_of_a_guide_is_python(page: Path) -> None:
    for kind, _, text in _blocks(page):
        if kind == "python":
            compile(text, str(page), "exec")


def test_every_tutorial_ends_with_what_to_try_next() -> None:
    tutorials = [page for page in (DOCS / "tutorials").glob("*.md") if page.stem != "index"]
    assert len(tutorials) >= 6
    for page in tutorials:
        *_, last = re.findall(r"^## (.*)$", page.read_text("utf-8"), re.MULTILINE)
        assert last == "What to try next", page.stem
