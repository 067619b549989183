"""What belongs together by name: images and their truth, masks or labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graticule.core.errors import RequestError
from graticule.io.format import is_one_image
from graticule.io.studies import study

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
class Pairing:
    """The pairs of a study, and what has no partner.

    Attributes
    ----------
    pairs : tuple of Pair
        In the order of the results.
    without_truth, without_result : tuple of str
        Names of results without a truth, and of truths without a result.
    """

    pairs: tuple[Pair, ...]
    without_truth: tuple[str, ...] = ()
    without_result: tuple[str, ...] = ()


def files_by_name(path: Path) -> dict[str, Path]:
    """Return the images of a study by name."""
    return {source.name: source.path for source in study(path)}


def pair_files(
    result: Path,
    truth: Path,
    *,
    words: tuple[str, str] = ("result", "truth"),
    files: Callable[[Path], Mapping[str, Path]] = files_by_name,
) -> Pairing:
    """Find the truth of each result by its name.

    Two files belong together whatever their names are. In folders the names must be the same but
    for the ending and a last word such as ``_mask``, ``_labels`` or ``_truth``.

    Parameters
    ----------
    result, truth : Path
        A file or a folder of files each.
    words : tuple of str
        What the two are called in messages.
    files : callable
        ``files(path) -> {name: file}``: the images that a path stands for.

    Returns
    -------
    Pairing
        The pairs, and what is left over.

    Raises
    ------
    FormatError
        If there is no such file or folder, or it holds no image.
    RequestError
        If no result has a truth, or two have the same name.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from graticule.io import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = Path(folder)
    ...     for file in ("images/a.png", "labels/a_mask.npy", "images/b.png"):
    ...         (root / file).parent.mkdir(exist_ok=True)
    ...         _ = write(root / file, np.eye(3, dtype=bool))
    ...     found = pair_files(root / "images", root / "labels")
    >>> [(each.name, each.truth.name) for each in found.pairs], found.without_truth
    ([('a', 'a_mask.npy')], ('b',))
    """
    results, truths = files(result), files(truth)
    if len(results) == len(truths) == 1 and is_one_image(result) and is_one_image(truth):
        (name, file), true = next(iter(results.items())), next(iter(truths.values()))
        return Pairing((Pair(name, file, true),))
    true_names = _by_image(truths, str(truth))
    names = _by_image(results, str(result))
    pairs = [
        Pair(name, results[name], truths[true_names[image]])
        for image, name in names.items()
        if image in true_names
    ]
    if not pairs:
        raise RequestError(
            f"no {words[0]} has a {words[1]} of its name: {_some(results)} against {_some(truths)}",
            where=f"{result}, {truth}",
            hint="name the files alike, but for the ending and _mask, _labels or _truth",
        )
    without_truth = tuple(name for image, name in names.items() if image not in true_names)
    without_result = tuple(name for image, name in true_names.items() if image not in names)
    return Pairing(tuple(pairs), without_truth, without_result)


def partners(names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Return the file in a folder that belongs to each name, where there is one.

    Raises
    ------
    FormatError
        If there is no such folder, or it holds no image.
    RequestError
        If two files are of the same image.
    """
    files = files_by_name(folder)
    by_image = _by_image(files, str(folder))
    images = {name: _image_of(name) for name in names}
    return {name: files[by_image[image]] for name, image in images.items() if image in by_image}


def _image_of(name: str) -> str:
    return _ROLE.sub("", name) or name


def _by_image(names: Iterable[str], where: str) -> dict[str, str]:
    """Return each name by that of the image it belongs to."""
    by_image: dict[str, str] = {}
    for name in names:
        other = by_image.setdefault(_image_of(name), name)
        if other != name:
            what = f"{other} and {name} are of the same image"
            raise RequestError(what, where=where, hint="keep one of them in the folder")
    return by_image


def _some(names: Iterable[str]) -> str:
    first, *others = list(names)
    shown = ", ".join([first, *others[:2]])
    return f"{shown}, ..." if len(others) > 2 else shown
