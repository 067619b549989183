"""The labels of a run as outlines for ImageJ, QuPath and COCO."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graticule.core.atomic import atomic_path
from graticule.core.errors import GraticuleError
from graticule.export.exported import Exported
from graticule.export.labelled import LabelImage, Labelled, labelled
from graticule.io.formats.coco import Annotated, write_coco
from graticule.io.formats.geojson import write_geojson
from graticule.io.formats.roi import write_rois

Write = Callable[[Path, Any, Mapping[int, Mapping[str, Any]], str], None]


def rois(folder: Path, out: Path, of: str | None = None) -> Exported:
    """Write a ZIP of ROIs for each label image of a run."""
    return each_image(labelled(folder, of), out, ".roi.zip", write_rois)


def geojson(folder: Path, out: Path, of: str | None = None) -> Exported:
    """Write a collection of features for each label image of a run."""
    return each_image(labelled(folder, of), out, ".geojson", write_geojson)


def each_image(found: Labelled, out: Path, ending: str, write: Write) -> Exported:
    """Write a file for each label image, called as the image, and its output where several are."""
    files = []
    for output in found.outputs:
        for image in found.images(output):
            middle = f".{output}" if len(found.outputs) > 1 else ""
            target = out / f"{image.place}{middle}{ending}"
            target.parent.mkdir(parents=True, exist_ok=True)
            with told(image), atomic_path(target) as draft:
                write(draft, image.read(), image.facts, output)
            files.append(target)
    return Exported(files, found.notes, found.run.failed)


def coco(folder: Path, out: Path, of: str | None = None) -> Exported:
    """Write a dataset for each label output of a run."""
    found = labelled(folder, of)
    files = []
    for output in found.outputs:
        target = out / f"{output}.coco.json"
        with atomic_path(target) as draft:
            write_coco(draft, _annotated(found, output), output)
        files.append(target)
    return Exported(files, found.notes, found.run.failed)


def _annotated(found: Labelled, output: str) -> Iterator[Annotated]:
    names = _file_names([Path(result.path) for result in found.run.results])
    for image in found.images(output):
        with told(image):
            yield Annotated(names[image.source], image.read(), image.facts)


def _file_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the names of files, or where two are alike, their paths from a folder of all.

    Examples
    --------
    >>> list(_file_names([Path("/a/b/1.tif"), Path("/a/c/1.tif")]).values())
    ['b/1.tif', 'c/1.tif']
    """
    if len({path.name for path in paths}) == len(set(paths)):
        return {path: path.name for path in paths}
    root = Path(os.path.commonpath([path.parent for path in paths]))
    return {path: path.relative_to(root).as_posix() for path in paths}


@contextmanager
def told(image: LabelImage) -> Iterator[None]:
    """Say of an error which label image it was."""
    try:
        yield
    except GraticuleError as error:
        raise (error if error.where else error.at(f"{image.image}: {image.output}")) from None
