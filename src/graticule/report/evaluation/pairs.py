"""Which result belongs to which truth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graticule.core.errors import RequestError, suggest
from graticule.io.studies import stem, study
from graticule.report.record import read_record

_ROLE = re.compile(
    r"(?i)[-_. ]+(masks?|labels?|truth|gt|seg(mentation)?|manual|annotations?|pred(iction)?s?)$"
)


@dataclass(frozen=True)
class Pair:
    """A result and its truth.

    Attributes
    ----------
    name : str
        Of the image.
    result, truth : Path
        Their files.
    """

    name: str
    result: Path
    truth: Path


@dataclass(frozen=True)
class Pairs:
    """The pairs of a study, and what has no partner.

    Attributes
    ----------
    found : tuple of Pair
        In the order of the results.
    no_truth, no_result : tuple of str
        Names of results without a truth, and of truths without a result.
    """

    found: tuple[Pair, ...]
    no_truth: tuple[str, ...] = ()
    no_result: tuple[str, ...] = ()


def pairs(
    result: Path,
    truth: Path,
    *,
    of: str | None = None,
    words: tuple[str, str] = ("result", "truth"),
) -> Pairs:
    """Find the truth of each result by its name.

    Two files belong together whatever their names are. In folders the names must be the same but
    for the ending and a last word such as ``_mask``, ``_labels`` or ``_truth``; the arrays of a
    run folder have the names of its images.

    Parameters
    ----------
    result, truth : Path
        A file, a folder of files, or a run folder each.
    of : str, optional
        The output to take of a run folder that wrote several.
    words : tuple of str
        What the two are called in messages.

    Returns
    -------
    Pairs
        What was found.

    Raises
    ------
    FormatError
        If there is no such file or folder, or it holds no image.
    RequestError
        If no result has a truth, two have the same name, or ``of`` is needed or unknown.
    """
    results, truths = _files(result, of), _files(truth, of)
    if len(results) == len(truths) == 1 and _is_one(result) and _is_one(truth):
        (name, found), true = next(iter(results.items())), next(iter(truths.values()))
        return Pairs((Pair(name, found, true),))
    by_key = _keyed(truths, truth)
    ours = _keyed(results, result)
    both = [
        Pair(name, results[name], truths[by_key[key]])
        for key, name in ours.items()
        if key in by_key
    ]
    if not both:
        raise RequestError(
            f"no {words[0]} has a {words[1]} of its name: {_some(results)} against {_some(truths)}",
            where=f"{result}, {truth}",
            hint="name the files alike, but for the ending and _mask, _labels or _truth",
        )
    no_truth = tuple(name for key, name in ours.items() if key not in by_key)
    no_result = tuple(name for key, name in by_key.items() if key not in ours)
    return Pairs(tuple(both), no_truth, no_result)


def _is_one(path: Path) -> bool:
    return not path.is_dir() or path.suffix == ".zarr"


def _keyed(files: Mapping[str, Path], where: Path) -> dict[str, str]:
    """Return the name of each file by what names have in common."""
    keys: dict[str, str] = {}
    for name in files:
        key = _ROLE.sub("", name) or name
        if key in keys:
            raise RequestError(
                f"{keys[key]} and {name} are of the same image", where=str(where),
                hint="keep one of them in the folder",
            )  # fmt: skip
        keys[key] = name
    return keys


def _some(files: Mapping[str, Path]) -> str:
    shown = ", ".join(list(files)[:3])
    return f"{shown}, ..." if len(files) > 3 else shown


def _files(path: Path, of: str | None) -> dict[str, Path]:
    if (path / "run.json").is_file():
        return _outputs(path, of)
    return {source.name: source.path for source in study(path)}


def _outputs(run: Path, of: str | None) -> dict[str, Path]:
    """Return the written array of each image of a run folder."""
    found: dict[str, dict[str, Path]] = {}
    for record in read_record(run / "run.json").images:
        image = str(record.get("image"))
        for name in record.get("arrays") or ():
            file = Path(str(name))
            found.setdefault(stem(file.name), {})[image] = run / file
    if not found:
        raise RequestError(
            "the run wrote no array", where=str(run),
            hint="name the step with the mask or the labels among the outputs of the pipeline",
        )  # fmt: skip
    if of is None and len(found) > 1:
        raise RequestError(
            f"the run wrote {', '.join(sorted(found))}", where=str(run),
            hint=f"say which to judge, as --of {sorted(found)[0]}",
        )  # fmt: skip
    if of is not None and of not in found:
        raise RequestError(
            f"the run wrote no {of!r}", where=str(run), hint=suggest(of, sorted(found))
        )
    return found[of if of is not None else next(iter(found))]
