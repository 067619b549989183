"""L9: roots learned by a network that knows the vessels of the retina, and by a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.bench._learned import binned
from graticule.bench.deep_vessels import evened, vessel_data
from graticule.bench.row import Row, absent, data_folder, row
from graticule.evaluate.bootstrap import bootstrap
from graticule.evaluate.pixels import Confusion, confusion
from graticule.io import read
from graticule.learn.unet import UNet
from graticule.recipes.roots.length import root_length

_TAUGHT_BY = (1, 2, 3, 4, 1)
"""The scan that each seed learns from; the first scan has next to no roots."""
_LOSSES = ("dice", "tversky", "ce+focal", "dice+cldice", "branching")
_PLAIN = "dice+ce"
_NETWORK: dict[str, Any] = {
    "base": 16, "depth": 4, "window": 512, "overlap": 0.125, "precision": "bfloat16",
}  # fmt: skip
_VESSEL_STEPS, _STEPS, _SIDE = 240, 100, 2


@dataclass(frozen=True)
class _Scan:
    image: xr.DataArray
    mask: xr.DataArray
    length: float


@dataclass(frozen=True)
class _Score:
    """Of one training, on all scans it has not seen."""

    dice: float
    length_error: float
    """Sum over scans of what their length is off by, in parts of the sum of true lengths."""


@row("L9", deep=True)
def transfer() -> list[Row]:
    """Learn roots from one scan, from scratch and from the vessels, for five seeds."""
    scans, retinas = data_folder("roots_minirhizotron"), data_folder("retina_vessels")
    if scans is None or retinas is None:
        return [absent("L9", "roots, transfer from vessels less from scratch, Dice", "")]
    labelled_scans = _scans(scans)
    source = _vessel_network(retinas)
    scratch = [_score(labelled_scans, n, seed, _PLAIN) for seed, n in enumerate(_TAUGHT_BY)]
    moved = [_score(labelled_scans, n, seed, _PLAIN, source) for seed, n in enumerate(_TAUGHT_BY)]
    rows = _differences(scratch, moved)
    return rows + [_of_loss(labelled_scans, loss, scratch) for loss in _LOSSES]


def _scans(folder: Path) -> list[_Scan]:
    """Return the scans in squares of 2 x 2 samples, their roots, and how long these are."""
    rows = []
    for path in sorted(folder.glob("*Untitled.jpg")):
        grey = binned(read(path).compute().astype(np.float32).mean("c"), _SIDE)
        drawn = read(path.with_name(f"{path.stem}-mask.jpg")).compute().max("c") >= 128
        mask = binned(drawn, _SIDE) >= 0.5
        image = evened(grey, np.ones(grey.shape, bool))
        rows.append(_Scan(image, mask, root_length(mask)))
    return rows


def _vessel_network(folder: Path) -> UNet:
    """Return a network that has learned vessels, in the green, made bright as roots are."""
    data = vessel_data(folder)
    bright = [-image.isel(c=1) for image in data.images]
    labels = [label.astype(np.uint8) for label in data.labels]
    return UNet(**_NETWORK, labels="classes", seed=0).fit(bright, labels, steps=_VESSEL_STEPS)


def _score(
    scans: Sequence[_Scan], taught_by: int, seed: int, loss: str, init: UNet | None = None
) -> _Score:
    teacher = scans[taught_by]
    model = UNet(**_NETWORK, labels="mask", loss=loss, seed=seed)
    model.fit([teacher.image], [teacher.mask], init=init, steps=_STEPS)
    unseen = [scan for number, scan in enumerate(scans) if number != taught_by]
    counts, off = Confusion(0, 0, 0, 0), 0.0
    for scan in unseen:
        predicted = (model.predict(scan.image) > 0).values
        counts += confusion(predicted, scan.mask.values)
        off += abs(root_length(predicted) - scan.length)
    return _Score(counts.dice, off / sum(scan.length for scan in unseen))


def _differences(scratch: Sequence[_Score], moved: Sequence[_Score]) -> list[Row]:
    rows = []
    seeds = tuple(range(len(_TAUGHT_BY)))
    for part, name in (("dice", "Dice"), ("length_error", "error of root length, parts of it")):
        one, other = ([getattr(score, part) for score in each] for each in (scratch, moved))
        interval = bootstrap(np.subtract(other, one))
        what = f"roots learned from one scan, {name} on the others: from vessels "
        what += f"{np.mean(other):.3f} less from scratch {np.mean(one):.3f}, 5 seeds "
        what += f"({', '.join(f'{b - a:+.3f}' for a, b in zip(one, other, strict=True))}); "
        what += f"95 % over seeds {interval.low:+.3f} to {interval.high:+.3f}"
        rows.append(Row("L9", what, round(interval.estimate, 4), "", "", None, seeds=seeds))
    return rows


def _of_loss(scans: Sequence[_Scan], loss: str, scratch: Sequence[_Score]) -> Row:
    """Return the score of another loss, beside that of the usual one with the same seed."""
    score = _score(scans, _TAUGHT_BY[0], 0, loss)
    what = f"roots learned from one scan with loss {loss}, Dice on the others; error of length "
    what += f"{score.length_error:.2f} ({_PLAIN}: {scratch[0].length_error:.2f})"
    usual = round(scratch[0].dice, 4)
    return Row("L9", what, round(score.dice, 4), "", "", None, baseline=usual, seeds=(0,))
