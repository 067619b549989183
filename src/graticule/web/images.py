"""The images that are looked at: opened once, shared by all panes and pages."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graticule.core.errors import RequestError
from graticule.core.image import Image, Kind, spatial_dims, step_of
from graticule.core.settings import settings
from graticule.io import read
from graticule.io.companions import companion_path
from graticule.io.studies import StudyImage
from graticule.pipeline import LiveImage, Pipeline
from graticule.pipeline.inputs import open_inputs
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.pyramid import Pyramid
from graticule.pipeline.spec import Reference, Spec, digest
from graticule.pipeline.studies import study_of
from graticule.web.checking import Found
from graticule.web.corrections import Correction
from graticule.web.exact_job import Job, is_there, make_room, pack
from graticule.web.folder import ServedFolder, stamp_of
from graticule.web.layers import Layer, Layers

_KEPT = 600 * 2**20
"""Bytes of tiles that are kept for all images together."""
_IMAGES = 8
"""Images that are held open."""
_BELIEVED = 1.0
"""Seconds for which a file is taken for what it was; a folder of chunks has thousands of files."""
_EXACT = 10 * 10**9
"""Bytes of complete results on the disk."""
_COPIES = 20 * 10**9
"""Bytes of coarser copies on the disk."""


@dataclass
class Opened:
    """An image with further inputs.

    Attributes
    ----------
    live : LiveImage
        What was computed of it.
    pyramid : Pyramid
        Its coarser copies.
    source : StudyImage
        Its files, and what is known of it beside.
    units : mapping
        In which units that is.
    stamp : str
        What the image is known by.
    scratch : Path
        Where complete results are put.
    painted : mapping of Layer or Correction
        Inputs that are painted or corrected, by name.
    has_copies : bool
        Whether the coarser copies are there.
    checked : dict of Found
        What checks found of the whole image, by `graticule.web.checking.check_key`.
    """

    live: LiveImage
    pyramid: Pyramid
    source: StudyImage
    units: Mapping[str, str]
    stamp: str
    scratch: Path
    painted: Mapping[str, Layer | Correction] = field(default_factory=dict)
    has_copies: bool = False
    checked: dict[str, Found] = field(default_factory=dict)
    _copying: threading.Lock = field(default_factory=threading.Lock)

    def make_copies(
        self, *, is_wanted: Callable[[], bool], report: Callable[[float], None]
    ) -> None:
        """Make the coarser copies that are not there; who asks meanwhile waits for them."""
        with self._copying:
            if self.has_copies:
                return
            if len(self.pyramid.levels()) < self.pyramid.depth:
                self.pyramid.make(is_wanted=is_wanted, report=report)
                self.live.add_levels(self.pyramid.levels())
            self.has_copies = True

    @property
    def has_replaced(self) -> bool:
        """Whether it holds corrected labels in whose place there are others."""
        return any(isinstance(e, Correction) and e.is_replaced for e in self.painted.values())

    def look_at_layers(self) -> None:
        """Let what depends on painted labels be computed of these as they are now."""
        told = {
            name: digest("layer", str(layer.file), layer.revision)
            for name, layer in self.painted.items()
        }
        self.live.keys = {**self.live.keys, **told}

    def bound(self, pipeline: Pipeline) -> Spec:
        """Return a pipeline with what it takes from columns."""
        return pipeline.bound(self.source.facts, self.units)

    def kind_of(self, pipeline: Spec, reference: Reference) -> Kind:
        """Return what a value of a pipeline is: an input labels where it is painted or read so."""
        name = reference.name
        if name in pipeline.inputs and (name in self.painted or pipeline.holds_labels(name)):
            return Kind.LABELS
        return pipeline.kind_of(reference) or Kind.IMAGE

    def exact_job(self, parsed: Pipeline, of: str, checks: tuple[str, ...] = ()) -> Job:
        """Return what a process needs to compute what a result needs of the whole image.

        With ``checks``, to make these on it.
        """
        for layer in self.painted.values():
            layer.write_pending()
        known = self.live.exact(self.bound(parsed))
        make_room(self.scratch, _EXACT)
        packed = {
            name: pack(outputs, self.scratch)
            for name, outputs in known.items()
            if is_there(outputs)
        }
        return Job(
            parsed.text, parsed.source, self.source, self.stamp, self.units, of, checks,
            packed, self.scratch,
        )  # fmt: skip


class OpenImages:
    """Images by their path in the folder, with what was computed of them.

    Parameters
    ----------
    folder : ServedFolder
        Where they are.
    layers : Layers
        Painted labels, which are inputs as they are now and not as their files are.
    scratch : Path
        Where complete results are put that memory has no room for.
    """

    def __init__(self, folder: ServedFolder, layers: Layers, scratch: Path) -> None:
        self.folder, self.layers, self.scratch = folder, layers, scratch
        self.kept = TileCache(_KEPT)
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._stamps: dict[Path, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def about(self, path: str) -> dict[str, Any]:
        """Return what a page must know of an image before it shows it."""
        image = read(self.folder.file(path))
        pyramid = self._pyramid(image, self.folder.file(path))
        spacing = {}
        for dim in spatial_dims(image):
            if dim in image.coords:
                step, unit = step_of(image.coords[dim], dim)
                spacing[dim] = {"step": step, "unit": unit or "px"}
        return {
            "path": path,
            "dims": [str(dim) for dim in image.dims],
            "sizes": {str(dim): int(size) for dim, size in image.sizes.items()},
            "halved": list(spatial_dims(image)),
            "dtype": str(image.dtype),
            "spacing": spacing,
            "channels": [str(c) for c in image["c"].values] if "c" in image.coords else None,
            "depth": pyramid.depth,
            "notes": [str(note) for note in image.attrs.get("notes") or ()],
        }

    def opened(self, path: str, pipeline: Pipeline) -> Opened:
        """Return an image with the further inputs of a pipeline."""
        file = self.folder.file(path)
        stamp = self._stamp(file)
        declared = {name: repr(spec) for name, spec in pipeline.inputs.items()}
        key = digest(stamp, declared, repr(pipeline.sheet))
        with self._lock:
            self.folder.require_reads(pipeline)
            if key in self._open and not self._open[key].has_replaced:
                self._open.move_to_end(key)
                self._open[key].look_at_layers()
                return self._open[key]
            source, units = self._source(pipeline, file)
            places = self._further(pipeline, source)
            inputs, keys = open_inputs(pipeline, source, stamp)
            pyramid = self._pyramid(inputs[pipeline.first_input], file)
            image = inputs[pipeline.first_input]
            painted: dict[str, Layer | Correction] = {}
            for name, place in places.items():
                if layer := self.layers.at(place, image):
                    painted[name], inputs[name] = layer, layer.beside(image)
            live = LiveImage(inputs, keys, self.kept, pyramid.levels(), labels=frozenset(painted))
            found = self._open[key] = Opened(
                live, pyramid, source, units, stamp, self.scratch, painted
            )
            found.look_at_layers()
            while len(self._open) > _IMAGES:
                self._open.popitem(last=False)
            return found

    def _source(self, pipeline: Pipeline, file: Path) -> tuple[StudyImage, Mapping[str, str]]:
        """Return an image as one of the study that a pipeline is for."""
        if not pipeline.is_paired:
            found = study_of(pipeline, [file])
            return found[0], found.units
        own = self.folder.own / "examples"
        root = self.folder.root
        if file.is_relative_to(own):
            root = own / file.relative_to(own).parts[0]
        found = study_of(pipeline, root)
        for each in found:
            if file in each.files.values():
                return each, found.units
        raise RequestError(
            "no image of the pipeline's patterns has this file", where=file.name,
            hint="open one that has, or change the patterns of its inputs",
        )  # fmt: skip

    def _further(self, pipeline: Spec, source: StudyImage) -> dict[str, Path]:
        """Return the files of the further inputs; raise `RequestError` if one lies elsewhere."""
        places = {
            name: source.files.get(name) or companion_path(source, spec.path)
            for name, spec in pipeline.inputs.items()
            if name != pipeline.first_input
        }
        for name, place in places.items():
            self.folder.require_inside(place, f"inputs.{name}")
        return places

    def require_reads(self, pipeline: Spec, images: Sequence[Path]) -> None:
        """Raise `RequestError` if a run on images would read outside of the folder."""
        self.folder.require_reads(pipeline)
        for source in study_of(pipeline, images):
            self._further(pipeline, source)

    def first_of(self, pipeline: Pipeline, folder: Path) -> Path:
        """Return the first image of a folder that a pipeline is for."""
        return study_of(pipeline, folder)[0].path

    def _stamp(self, file: Path) -> str:
        """Return what is another after a file was changed, looked at once in a while."""
        now = time.monotonic()
        at, stamp = self._stamps.get(file, (-_BELIEVED, ""))
        if now - at > _BELIEVED:
            stamp = stamp_of(file)
            self._stamps[file] = (now, stamp)
        return stamp

    def _pyramid(self, image: Image, file: Path) -> Pyramid:
        folder = settings().cache_dir / "levels"
        key = digest(
            "levels", self._stamp(file), {str(dim): int(n) for dim, n in image.sizes.items()}
        )
        return Pyramid(image, key, folder, max_bytes=_COPIES)
