"""What a process is told of an exact result that is wanted, and what it tells of it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import GraticuleError
from graticule.core.image import Image
from graticule.core.settings import array_budget, settings
from graticule.core.typing import Array
from graticule.pipeline import LiveImage, Pipeline, make_plan
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.evidence import evidence_of
from graticule.pipeline.inputs import open_inputs
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.work import behind
from graticule.pipeline.nodes import StoredNode, assemble, is_node
from graticule.pipeline.spec import CheckStep
from graticule.web.checking import Found

_PIECE = {"z": 64, "y": 2048, "x": 2048}


@dataclass(frozen=True)
class Job:
    """What is to be computed.

    Attributes
    ----------
    text, source : str
        The pipeline, and the file that it is to be.
    image : StudyImage
        The image with its further files and facts.
    stamp : str
        What the image is known by.
    units : mapping
        Of the facts.
    of : str
        A step; what it needs of the whole image is computed.
    checks : tuple of str
        Checks to be made on the whole image; nothing else is computed with any.
    known : mapping
        What is known exactly already, packed.
    folder : Path
        Where arrays are put.
    """

    text: str
    source: str
    image: Any
    stamp: str
    units: Any
    of: str
    checks: tuple[str, ...]
    known: dict[str, Any]
    folder: Path


@dataclass(frozen=True)
class Packed:
    """An image on the disk, and what it looks like; its values are read when they are needed."""

    path: Path
    dims: tuple[str, ...]
    coords: dict[str, Any]
    attrs: dict[Any, Any]
    name: Any

    def node(self) -> StoredNode:
        """Return it as a node."""
        import xarray as xr

        values = np.load(self.path, mmap_mode="r")
        zeros = np.broadcast_to(np.zeros((), values.dtype), values.shape)
        template = xr.DataArray(zeros, self.coords, self.dims, self.name, self.attrs)
        return StoredNode(template, values)


def pack(outputs: tuple[Any, ...], folder: Path) -> tuple[Any, ...]:
    """Return the outputs of a step with images as files in a folder."""
    return tuple(_packed(item, folder) if is_node(item) else item for item in outputs)


def is_there(outputs: tuple[Any, ...]) -> bool:
    """Whether all arrays of what was unpacked are on the disk still."""
    held = [getattr(item, "array", None) for item in outputs if is_node(item)]
    return all(Path(str(each.filename)).exists() for each in held if isinstance(each, np.memmap))


def make_room(folder: Path, limit: int) -> None:
    """Remove the arrays of a folder that were written longest ago, beyond so many bytes."""
    with contextlib.suppress(OSError):
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        held = 0
        for file in files:
            held += file.stat().st_size
            if held > limit and file.is_file():
                file.unlink()


def unpack(outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return outputs as `LiveImage.take_exact` takes them."""
    return tuple(item.node() if isinstance(item, Packed) else item for item in outputs)


def _packed(node: Any, folder: Path) -> Packed:
    template: Image = node.template
    held = getattr(node, "array", None)
    if isinstance(held, np.memmap) and str(held.filename).endswith(".npy"):
        path = Path(str(held.filename))
    else:
        path = folder / f"{os.urandom(8).hex()}.npy"
        np.save(path, _values(node))
    coords = {str(name): (c.dims, c.values, dict(c.attrs)) for name, c in template.coords.items()}
    dims = tuple(str(dim) for dim in template.dims)
    return Packed(path, dims, coords, dict(template.attrs), template.name)


def _values(node: Any) -> Array:
    return np.asarray(assemble(node, _PIECE).values)


def _checked(step: CheckStep, evaluation: Evaluation) -> Found:
    try:
        return Found(evidence_of(step, evaluation).columns)
    except GraticuleError as error:
        return Found(what=error.what, hint=error.hint)


def work(job: Job, tell: Any) -> None:
    """Compute what a job asks for; ``tell`` is given what came of each step."""
    parsed = Pipeline.loads(job.text, source=job.source)
    pipeline = parsed.bound(job.image.facts, job.units)
    inputs, keys = open_inputs(parsed, job.image, job.stamp)
    live = LiveImage(inputs, keys, TileCache(0))
    live.take_exact(pipeline, {name: unpack(found) for name, found in job.known.items()})
    plan = make_plan(pipeline.without_unused(), inputs, memory=array_budget(settings().memory))
    if job.checks:
        tile, scratch = plan.tile, job.folder if plan.tile else None
        evaluation = Evaluation(pipeline, inputs, keys, tile=tile, mapper=behind, scratch=scratch)
        for name in job.checks:
            tell(("check", name, _checked(pipeline.checks[name], evaluation)))
        return
    told = set(job.known)

    def tell_new() -> None:
        for name, outputs in live.exact(pipeline).items():
            if name not in told:
                told.add(name)
                tell(("known", name, pack(outputs, job.folder)))

    def report(name: str) -> None:
        tell_new()
        tell(("step", name))

    scratch = job.folder if plan.tile else None
    live.make_exact(pipeline, job.of or None, tile=plan.tile, scratch=scratch, report=report)
    tell_new()
