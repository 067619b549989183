"""The papers that a docstring names under ``References``: read, and written as BibTeX.

A reference is written as ``Author, A., Other, B., "Title", Journal 9(1), 62-66, 1979.
:doi:`10.1000/182```, that of a book as ``Author, A., *Title*, Publisher, 1986``. There is no other
list of papers.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from dataclasses import dataclass

_SECTION = re.compile(
    r"^References\n-{3,}\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", re.DOTALL | re.MULTILINE
)
_NUMBERED = re.compile(r"^\.\. \[\w+\] ", re.MULTILINE)
_DOI = re.compile(r":doi:`([^`]+)`")
_TITLE = re.compile(r'"(?P<article>[^"]+?),?"|\*(?P<book>[^*]+?),?\*')
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_ENDING_YEAR = re.compile(r"[,(]\s*(\d{4})\)?$")
_JOURNAL = re.compile(
    r"^(?P<journal>.+?) (?P<volume>[A-Z]?\d+)(?:\((?P<number>[\d/]+)\))?, "
    r"(?P<pages>[A-Za-z]?\d+(?:-\d+)?)$"
)
_INITIALS = re.compile(r"^(?:(?:[A-ZÀ-Þ][a-z]?|-[A-Z])\.[- ]?)+$")
_SECTION_OF_BOOK = re.compile(r", section [\d.]+$")


@dataclass(frozen=True)
class Paper:
    """A paper or a book.

    Attributes
    ----------
    text : str
        As it is written in the docstring.
    authors : tuple of str
        As ``Otsu, N.``; the last may be ``others``.
    title : str
        Of the paper, or of the book.
    where : str
        The journal with its volume and pages, the conference, or the publisher.
    year : int
        When it appeared.
    doi : str
        Empty where it has none.
    is_book : bool
        Whether it is a whole book.
    """

    text: str
    authors: tuple[str, ...]
    title: str
    where: str
    year: int
    doi: str = ""
    is_book: bool = False

    @property
    def key(self) -> str:
        """What it is called in BibTeX, as ``otsu1979threshold``."""
        words = [word for word in re.findall(r"[a-z0-9]+", _ascii(self.title)) if len(word) > 3]
        first = re.sub(r"[^a-z]", "", _ascii(self.authors[0].partition(",")[0]))
        return f"{first}{self.year}{words[0] if words else ''}"

    @property
    def link(self) -> str:
        """Its address; empty without a DOI."""
        return f"https://doi.org/{self.doi}" if self.doi else ""

    def bibtex(self) -> str:
        r"""Return it as an entry of BibTeX.

        Examples
        --------
        >>> text = 'Otsu, N., "A threshold", IEEE Trans. 9(1), 62-66, 1979.'
        >>> print(papers_of(f"T.\n\nReferences\n----------\n{text}\n")[0].bibtex())
        @article{otsu1979threshold,
          author = {Otsu, N.},
          title = {A threshold},
          journal = {IEEE Trans.},
          volume = {9},
          number = {1},
          pages = {62--66},
          year = {1979},
        }
        """
        authors = [a if "," in a or a == "others" else f"{{{a}}}" for a in self.authors]
        kind, place = self._place()
        fields = {"author": " and ".join(authors), "title": self.title, **place}
        fields |= {"year": str(self.year), "doi": self.doi}
        lines = [
            f"  {name} = {{{text if name == 'doi' else _latex(text)}}},"
            for name, text in fields.items()
            if text
        ]
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])

    def _place(self) -> tuple[str, dict[str, str]]:
        """Return the kind of its entry, and the fields that say where it appeared."""
        found = _JOURNAL.match(self.where)
        if self.is_book:
            return "book", {"publisher": self.where}
        if self.where.startswith("in "):
            return "incollection", {"booktitle": self.where.removeprefix("in ")}
        if found is None:
            return "misc", {"howpublished": self.where}
        fields = {key: text or "" for key, text in found.groupdict().items()}
        fields["pages"] = fields["pages"].replace("-", "--")
        if fields["volume"] == str(self.year):
            meeting = f"{fields['journal']} {self.year}"
            return "inproceedings", {"booktitle": meeting, "pages": fields["pages"]}
        return "article", fields


def papers_of(docstring: str | None) -> tuple[Paper, ...]:
    """Return the papers that a docstring names, in its order.

    Raises
    ------
    ValueError
        If a reference has no author, title or year.
    """
    section = _SECTION.search(inspect.cleandoc(docstring or ""))
    if section is None:
        return ()
    listed = _NUMBERED.split(section[1]) if _NUMBERED.search(section[1]) else [section[1]]
    return tuple(_paper(" ".join(text.split())) for text in listed if text.strip())


def _paper(text: str) -> Paper:
    doi = _DOI.search(text)
    words = _DOI.sub("", text).strip().rstrip(".")
    title = _TITLE.search(words)
    years = _YEAR.findall(words[title.end() :]) if title else []
    if title is None or not years or not words[: title.start()].strip():
        raise ValueError(f'a reference is Author, A., "Title", where, year; not {text!r}')
    after = _SECTION_OF_BOOK.sub("", words[title.end() :])
    where = re.sub(r"(?:^|[,(]\s*)\d{4}\)?$|(?:^|,\s*)\d{4}(?=,)", "", after.strip(" ,."))
    return Paper(
        text,
        _authors(words[: title.start()].strip(" ,")),
        title["article"] or title["book"],
        where.replace("*", "").strip(" ,."),
        int(ending[0] if (ending := _ENDING_YEAR.findall(words)) else years[0]),
        doi[1] if doi else "",
        bool(title["book"]),
    )


def _authors(text: str) -> tuple[str, ...]:
    """Return ``Family, A. B.`` of each; a name without initials is that of a body."""
    text, *others = re.split(r",? et al\.?$", text)
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", text)
    authors: list[str] = []
    for part in filter(None, parts):
        if _INITIALS.match(part) and authors:
            authors[-1] += f", {part}"
        else:
            authors.append(part)
    return (*authors, *(["others"] if others else []))


def _latex(text: str) -> str:
    return re.sub(r"([&%#_])", r"\\\1", text)


def _ascii(text: str) -> str:
    text = text.translate({ord("æ"): "ae", ord("ø"): "o", ord("ß"): "ss"})
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
