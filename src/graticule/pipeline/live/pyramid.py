"""Coarser copies of an image that are made once and kept on the disk."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.image import Image, spatial_dims
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.pipeline.coarse import coarsen
from graticule.pipeline.live.work import side_by_side, wanted_while
from graticule.pipeline.nodes import SourceNode, tile_regions

_SMALLEST = 256
"""Samples along the longest side from which no coarser copy is made."""
_PIECE = 2**22
"""Bytes of a coarser copy that are made at once."""


class Pyramid:
    """Copies of an image averaged over 2, 4, 8, ... samples a side, as files in a folder.

    Integers are rounded to the nearest; NaN has no say in an average. A copy is there when it is
    complete, and copies of other images that were not opened for longest go where all take too
    much room.

    Parameters
    ----------
    image : DataArray
        The image at full resolution; may be lazy.
    key : str
        What it is known by, of letters and digits: equal for equal contents.
    folder : Path
        Where copies of all images are.
    max_bytes : int
        Bytes that these may take.
    """

    def __init__(self, image: Image, key: str, folder: Path, *, max_bytes: int) -> None:
        self.image, self.folder, self.max_bytes = image, folder, max_bytes
        self.place = folder / key

    @property
    def depth(self) -> int:
        """The coarsest level."""
        longest = max((self.image.sizes[dim] for dim in spatial_dims(self.image)), default=1)
        return max(0, math.ceil(math.log2(longest / _SMALLEST)))

    def levels(self) -> dict[int, Callable[[], Image]]:
        """Return functions that open the copies that are there, by level."""
        found = [level for level in range(1, self.depth + 1) if self._path(level).exists()]
        return {level: partial(self._opened, level) for level in found}

    def make(
        self,
        *,
        is_wanted: Callable[[], bool] = lambda: True,
        report: Callable[[float], None] = lambda share: None,
    ) -> None:
        """Make the copies that are not there.

        Parameters
        ----------
        is_wanted : callable
            Asked between pieces; where it says no, `Superseded` is raised and nothing half-made
            stays.
        report : callable
            Told the share of the work that is done.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            os.utime(self.place)
        self._make_room()
        with wanted_while(is_wanted):
            for level in range(1, self.depth + 1):
                if not self._path(level).exists():
                    self._make(level, report)
        report(1.0)

    def _path(self, level: int) -> Path:
        return self.place / f"{level}.npy"

    def _opened(self, level: int) -> Image:
        values = np.load(self._path(level), mmap_mode="r")
        opened: Image = self._frame(level).copy(data=values)
        return opened

    def _frame(self, level: int) -> Image:
        return coarsen(self.image, level)

    def _make(self, level: int, report: Callable[[float], None]) -> None:
        finer = self.image if level == 1 else self._opened(level - 1)
        frame = self._frame(level)
        with tempfile.NamedTemporaryFile(dir=self.place, delete=False, suffix=".part") as draft:
            pass
        try:
            target = np.lib.format.open_memmap(draft.name, "w+", frame.dtype, frame.shape)
            regions = tile_regions(frame.sizes, _piece_of(frame))
            job = partial(_halved, SourceNode(finer), frame.sizes)
            for number, (region, values) in enumerate(
                zip(regions, side_by_side(job, regions), strict=True), start=1
            ):
                target[tuple(region.slices().values())] = values
                # of all work, a quarter as much is left after each level
                report(1 - 4.0 ** (1 - level) * (1 - 0.75 * number / len(regions)))
            target.flush()
            del target
            os.replace(draft.name, self._path(level))
        except BaseException:
            with contextlib.suppress(OSError):
                os.remove(draft.name)
            raise

    def _make_room(self) -> None:
        """Remove copies of other images, those not opened for longest first."""
        wanted = self.image.nbytes // 2
        others = [each for each in self.folder.iterdir() if each != self.place and each.is_dir()]
        held = {each: _bytes_in(each) for each in others}
        for each in sorted(others, key=lambda each: each.stat().st_mtime):
            if sum(held.values()) + wanted <= self.max_bytes:
                break
            shutil.rmtree(each, ignore_errors=True)
            del held[each]


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _piece_of(frame: Image) -> dict[str, int]:
    """Return the size of a piece by dim: as much of the last dims as is made at once."""
    room, piece = _PIECE // frame.dtype.itemsize, {}
    for dim in reversed(frame.dims):
        piece[str(dim)] = max(1, min(int(frame.sizes[dim]), room))
        room //= piece[str(dim)]
    return piece


def _halved(finer: SourceNode, sizes: Mapping[Any, int], region: Region) -> Array:
    """Return the averages of windows of a finer image in a region of the coarser one."""
    from graticule.pipeline.live._kernels import halve_floats, halve_whole

    whole = finer.template.sizes
    factors = {str(dim): 2 if whole[dim] // 2 >= 1 and size < whole[dim] else 1
               for dim, size in sizes.items()}  # fmt: skip
    fine = {d: (a * factors[d], b * factors[d]) for d, (a, b) in region.bounds.items()}
    block = finer.read(Region(fine))
    lengths = spatial_dims(block)
    ordered = block.transpose(*(dim for dim in block.dims if dim not in lengths), *lengths)
    values = np.ascontiguousarray(ordered.values)
    kept = [size for dim, size in ordered.sizes.items() if dim not in lengths]
    space = [1] * (3 - len(lengths)) + [ordered.sizes[dim] for dim in lengths]
    step = (*[1] * (3 - len(lengths)), *(factors[dim] for dim in lengths))
    shape = [size // factor for size, factor in zip(space, step, strict=True)]
    flat = values.reshape(math.prod(kept), *space)
    if block.dtype.kind == "f":
        out = np.empty((len(flat), *shape), block.dtype)
        halve_floats(flat, step, out)
    elif block.dtype.kind == "b":
        means = np.empty((len(flat), *shape), np.float32)
        halve_floats(flat.astype(np.float32), step, means)
        out = means > 0.5
    else:
        out = np.empty((len(flat), *shape), block.dtype)
        halve_whole(flat, step, out)
    made = ordered.isel({dim: slice(None, None, factors[dim]) for dim in lengths})
    placed = made.copy(data=out.reshape(made.shape))
    return np.asarray(placed.transpose(*block.dims).values)
