"""The papers of docstrings are read, and written as BibTeX."""

from __future__ import annotations

import re

import pytest

from graticule.core.papers import Paper, papers_of
from graticule.core.registry import check_names, get_check, get_op, op_names


def _all() -> list[tuple[str, Paper]]:
    docstrings = [(name, get_op(name).function.__doc__) for name in op_names()]
    docstrings += [(name, get_check(name).__doc__) for name in check_names()]
    return [(name, paper) for name, doc in docstrings for paper in papers_of(doc)]


def _one(reference: str) -> Paper:
    (paper,) = papers_of(f"Summary.\n\nReferences\n----------\n{reference}\n\nSee Also\n--------\n")
    return paper


def test_every_reference_of_an_op_or_a_check_is_read() -> None:
    found = _all()
    assert len({name for name, _ in found}) > 90
    for name, paper in found:
        assert all((paper.authors, paper.title, paper.where)), name
        assert 1800 < paper.year < 2100, name
        if paper.doi:
            assert re.fullmatch(r"10\.\d{4,}/\S+", paper.doi), name


def test_a_key_is_of_one_paper() -> None:
    entries: dict[str, set[str]] = {}
    for _, paper in _all():
        entries.setdefault(paper.key, set()).add(paper.bibtex())
    assert {key: found for key, found in entries.items() if len(found) > 1} == {}


def test_braces_of_entries_close() -> None:
    for name, paper in _all():
        text = paper.bibtex()
        assert text.count("{") == text.count("}"), name
        assert re.match(r"@\w+\{[a-z]+\d{4}[a-z0-9]*,\n", text), name


@pytest.mark.parametrize(
    ("reference", "kind", "fields"),
    [
        (
            '.. [1] Otsu, N., "A threshold selection method", IEEE Trans. 9(1), 62-66, 1979.\n'
            "   :doi:`10.1109/TSMC.1979.4310076`",
            "article",
            {"author": "Otsu, N.", "journal": "IEEE Trans.", "volume": "9", "number": "1",
             "pages": "62--66", "year": "1979", "doi": "10.1109/TSMC.1979.4310076"},
        ),
        (
            'Lotz, J. M., Primack, J. and Madau, P., "A new way", Astron. J. 128, 163-82, 2004.',
            "article",
            {"author": "Lotz, J. M. and Primack, J. and Madau, P.", "volume": "128"},
        ),
        (
            'Buades, A., Coll, B., Morel, J.-M., "A non-local algorithm", CVPR 2005, 60-65.',
            "inproceedings",
            {"author": "Buades, A. and Coll, B. and Morel, J.-M.", "booktitle": "CVPR 2005",
             "pages": "60--65", "year": "2005"},
        ),
        (
            "Soille, P., *Morphological Image Analysis*, Springer, 2003, section 9.2.",
            "book",
            {"title": "Morphological Image Analysis", "publisher": "Springer", "year": "2003"},
        ),
        (
            'Arteta, C. et al., "Learning to detect cells", MICCAI 2012, LNCS 7510, 348-356.',
            "article",
            {"author": "Arteta, C. and others", "year": "2012"},
        ),
    ],
)  # fmt: skip
def test_what_is_written_is_what_was_read(
    reference: str, kind: str, fields: dict[str, str]
) -> None:
    text = _one(reference).bibtex()
    assert text.startswith(f"@{kind}{{")
    for name, value in fields.items():
        assert f"  {name} = {{{value}}},\n" in text


@pytest.mark.parametrize(
    "reference", ["Otsu 1979", 'Otsu, N., "A title", where', '"A title", 1979']
)
def test_what_is_no_reference_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="a reference is"):
        _one(reference)


def test_a_docstring_without_papers_has_none() -> None:
    assert papers_of(None) == papers_of("Summary.\n\nReturns\n-------\nint\n") == ()
