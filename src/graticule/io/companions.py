"""Files beside images, named by a template: further inputs of pipelines, labels of images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from graticule.core.errors import RequestError
from graticule.io.format import is_one_image, locate
from graticule.io.pairing import Pair, Pairing
from graticule.io.studies import StudyImage, images_in, stem, study

_PATH = "{path}"


def companion_path(source: StudyImage, template: str) -> Path:
    """Return a file beside an image, relative to the folder of the image's file.

    With ``{path}`` it is relative to the nearest folder above that holds the first of its folders.

    Parameters
    ----------
    source : StudyImage
        The image.
    template : str
        ``{stem}`` and ``{name}`` of the file without and with its ending, or ``{path}``, the stem
        with the folders that the image is in.
    """
    name = source.path.name
    folder = locate(source.path).path.parent
    known = {"stem": stem(name), "name": name}
    if _PATH in template:
        above = _root(folder, template) or folder
        known["path"] = (folder.relative_to(above) / stem(name)).as_posix()
        folder = above
    return folder / template.format(**known)


def pair_by_template(images: Path, template: str) -> Pairing:
    """Find the images that have a file named by a template, and these files.

    Parameters
    ----------
    images : Path
        An image, or a folder of them; with ``{path}`` those of its folders too.
    template : str
        As of `companion_path`.

    Returns
    -------
    Pairing
        Images without such a file are in no pair. Files whose image is not there are its
        ``without_result``.

    Raises
    ------
    RequestError
        If no image has one, or two images have the same.
    """
    pairing = (_by_path if _PATH in template else _by_name)(images, template)
    if not pairing.pairs:
        raise RequestError(f"no image has a {template}", where=str(images))
    shared: dict[Path, Path] = {}
    for pair in pairing.pairs:
        other = shared.setdefault(pair.truth, pair.result)
        if other != pair.result:
            what = f"{other.name} and {pair.result.name} both have {pair.truth.name}"
            raise RequestError(
                what, where=str(pair.result.parent), hint="call one of them otherwise"
            )
    return pairing


def _by_name(images: Path, template: str) -> Pairing:
    found = ((source, companion_path(source, template)) for source in study(images))
    return Pairing(tuple(Pair(s.name, s.path, file) for s, file in found if file.exists()))


def _by_path(images: Path, template: str) -> Pairing:
    """Find images from the files that they have: of a large folder few are looked at."""
    start = images if images.is_dir() and not is_one_image(images) else images.parent
    root = _root(start, template)
    if root is None:
        return Pairing(())
    pairs, without = [], []
    for path, file in _files(root, template):
        folder, name = root / Path(path).parent, Path(path).name
        if start != folder and start not in folder.parents:
            continue
        own = [each for each in images_in(folder) if stem(each.name) == name]
        if start != images:
            own = [each for each in own if each == images]
        elif not own:
            without.append(path)
        pairs += [Pair(path, each, file) for each in own]
    return Pairing(tuple(pairs), (), tuple(without))


def _root(folder: Path, template: str) -> Path | None:
    """Return the nearest folder, this or one above, that holds the first folder of a template."""
    first = Path(template).parts[0]
    return next((each for each in (folder, *folder.parents) if (each / first).is_dir()), None)


def _files(root: Path, template: str) -> Iterator[tuple[str, Path]]:
    """Yield the files that fit a template, in the order of their paths, each with its path."""
    before, _, after = template.partition(_PATH)
    top = root / before if before.endswith("/") else (root / before).parent
    shape = re.compile(f"{re.escape(before)}(.+){re.escape(after)}")
    for file in sorted(top.rglob(f"*{Path(after).name}")):
        if found := shape.fullmatch(file.relative_to(root).as_posix()):
            yield found[1], file
