"""The images of one place or sample, brought together by what the names of their files say."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graticule.core.errors import RequestError
from graticule.io.patterns import FilePattern, files_below
from graticule.io.studies import NO_PATTERN, stem

_NAMED = 5
_WHOLE = re.compile(r"-?\d{1,15}")
"""Longer ones are names."""


@dataclass(frozen=True)
class Site:
    """The files that are one image of a study.

    Attributes
    ----------
    name : str
        The path of the first file from the folder of the study, without its ending.
    files : mapping of Path
        By input; of one that is not there, its pattern with the fields filled in.
    missing : tuple of str
        Inputs of which there is no file.
    facts : mapping
        Fields of the names, as numbers where all of the study are.
    """

    name: str
    files: Mapping[str, Path]
    missing: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Sites:
    """All of a study.

    Attributes
    ----------
    sites : tuple of Site
        In natural order of their first file.
    fields : tuple of str
        What the names of files say.
    left_over : tuple of (Path, str)
        Files that fit a pattern and are of no site, with the reason.
    """

    sites: tuple[Site, ...]
    fields: tuple[str, ...]
    left_over: tuple[tuple[Path, str], ...]


def find_sites(root: Path, patterns: Mapping[str, FilePattern]) -> Sites:
    """Return what belongs together in a folder, by the fields of patterns.

    The first pattern says what a site is: its fields tell one from another. A file of another
    pattern belongs to the sites whose fields of the same names it has; one with fewer fields, as
    the open beam of a day, to several. One without any belongs to all.

    Parameters
    ----------
    root : Path
        The folder of the study.
    patterns : mapping of FilePattern
        By input.

    Returns
    -------
    Sites
        Also those that lack a file, which are named by it.

    Raises
    ------
    RequestError
        If a pattern fits no file, or two files that could be of the same site; all of them are
        named.
    """
    found = {name: list(pattern.files(root)) for name, pattern in patterns.items()}
    first = next(iter(patterns))
    faults = [
        f"no file is {patterns[name].text} ({name})" for name, files in found.items() if not files
    ]
    wanted = patterns[first].fields
    by_input = {
        name: _by_fields(files, [f for f in patterns[name].fields if f in wanted])
        for name, files in found.items()
    }
    faults += [fault for name in by_input for fault in _doubled(name, by_input[name], root)]
    if faults:
        shown = "; ".join(faults[:_NAMED])
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise RequestError(
            f"{shown}{more}",
            where=str(root),
            hint="graticule study shows what a pipeline pairs; make its patterns say more or less",
        )
    keys: dict[tuple[str, ...], None] = {}
    for name, pattern in patterns.items():
        if set(wanted) <= set(pattern.fields):
            keys |= dict.fromkeys(
                tuple(fields[field] for field in wanted) for _, fields in found[name]
            )
    sites = [_site(root, patterns, by_input, dict(zip(wanted, key, strict=True))) for key in keys]
    used = {path for site in sites for path in site.files.values()}
    fits = {path: name for name, files in found.items() for path, _ in files}
    deep = max((math.inf if "**/" in p.text else p.text.count("/")) for p in patterns.values())
    above = {parent for path in used for parent in path.parents}
    spare = [
        (path, f"of {fits[path]}, and belongs to no {first}" if path in fits else NO_PATTERN)
        for path in files_below(root, None if deep == math.inf else int(deep))
        if path not in used and path not in above
    ]
    fields = tuple(dict.fromkeys(field for site in sites for field in site.facts))
    return Sites(tuple(_typed(_named(sites), fields)), fields, tuple(spare))


def _by_fields(
    files: Sequence[tuple[Path, dict[str, str]]], fields: Sequence[str]
) -> dict[tuple[tuple[str, str], ...], list[tuple[Path, dict[str, str]]]]:
    """Return files by what their names say of some fields."""
    found: dict[tuple[tuple[str, str], ...], list[tuple[Path, dict[str, str]]]] = {}
    for path, said in files:
        found.setdefault(tuple((f, said[f]) for f in fields), []).append((path, said))
    return found


def _doubled(name: str, by_fields: Mapping[Any, Any], root: Path) -> list[str]:
    told = []
    for key, files in by_fields.items():
        if len(files) > 1:
            place = " ".join(f"{field}={value}" for field, value in key) or "every image"
            names = " and ".join(path.relative_to(root).as_posix() for path, _ in files[:2])
            more = f" and {len(files) - 2} more" if len(files) > 2 else ""
            told.append(f"{names}{more} are both {name} of {place}")
    return told


def _site(
    root: Path,
    patterns: Mapping[str, FilePattern],
    by_input: Mapping[str, Mapping[Any, Any]],
    key: Mapping[str, str],
) -> Site:
    files: dict[str, Path] = {}
    facts: dict[str, Any] = dict(key)
    missing = []
    for name, pattern in patterns.items():
        own = tuple((field, key[field]) for field in pattern.fields if field in key)
        there = by_input[name].get(own)
        if not there:
            missing.append(name)
            files[name] = root / pattern.filled(key)
            continue
        files[name] = there[0][0]
        facts |= {field: value for field, value in there[0][1].items() if field not in facts}
    said = files[next(iter(patterns))].relative_to(root).as_posix()
    return Site(said, files, tuple(missing), facts)


def _named(sites: Sequence[Site]) -> list[Site]:
    """Name sites without the endings of files, where they are told apart without."""
    short = [_without_ending(site.name) for site in sites]
    names = short if len(set(short)) == len(short) else [site.name for site in sites]
    return [
        Site(name, site.files, site.missing, site.facts)
        for name, site in zip(names, sites, strict=True)
    ]


def _without_ending(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{stem(name)}"


def _typed(sites: Sequence[Site], fields: Sequence[str]) -> list[Site]:
    """Make numbers of the fields that are one for every site."""
    whole = {
        field
        for field in fields
        if all(_WHOLE.fullmatch(site.facts.get(field, "0")) for site in sites)
    }
    return [
        Site(
            site.name,
            site.files,
            site.missing,
            {key: int(value) if key in whole else value for key, value in site.facts.items()},
        )
        for site in sites
    ]
