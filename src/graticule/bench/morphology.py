"""C5: the morphology of galaxies beside statmorph, given the same objects on the same sky."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from graticule.bench.row import Row, absent, data_folder, row, speedup
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.io import read
from graticule.simulate.galaxies import Morphology, galaxies

_COLUMNS = {
    "concentration": "concentration",
    "asymmetry": "asymmetry",
    "smoothness": "smoothness",
    "gini": "gini",
    "m20": "m20",
    "ellipticity": "ellipticity_asymmetry",
    "orientation": "orientation_asymmetry",
    "rpetro_circ": "rpetro_circ",
    "rpetro_ellip": "rpetro_ellip",
    "rmax_circ": "rmax_circ",
    "rhalf_circ": "rhalf_circ",
    "rhalf_ellip": "rhalf_ellip",
    "r20": "r20",
    "r50": "r50",
    "r80": "r80",
    "sn_per_pixel": "sn_per_pixel",
    "sersic_n": "sersic_n",
    "sersic_rhalf": "sersic_rhalf",
}
"""Ours and theirs."""
_WIDE = {"asymmetry": 0.05, "smoothness": 0.05}
_NARROW = 0.02
_FLOOR = 0.01
"""A value nearer to 0 is taken for this when a difference is told in parts of it."""
_SHARE = 0.95
_TIMES = 20.0
_KINDS: tuple[Morphology, ...] = ("spiral", "elliptical", "disk")
_RADII = (7.0, 12.0, 18.0)
_NOISES = (0.006, 0.012, 0.02)
_GAIN = 0.5
_REAL = 60
_BAR = f"{_SHARE:.0%} within 2 % (A, S 5 %)"


class _Pair(NamedTuple):
    """What both say of an object, and the CPU time of each."""

    ours: Mapping[str, float]
    theirs: Any
    seconds: tuple[float, float, float]


@row("C5")
def morphology_of_galaxies() -> list[Row]:
    """Compare columns and time on simulated and on real galaxies."""
    try:
        import statmorph  # noqa: F401
    except ImportError:
        what = "morphology: not measured, statmorph is not installed (pip install statmorph)"
        return [Row("C5", what, None, "", _BAR, None)]
    rows = []
    for name, images in (("simulated", _simulated()), ("real", _real())):
        pairs = [_both(image) for image in images]
        if pairs:
            rows += _rows(name, [pair for pair in pairs if pair is not None])
        else:
            rows.append(absent("C5", f"morphology, {name} galaxies", _BAR))
    return rows


def _simulated() -> Iterator[Array]:
    """Yield galaxies of three kinds, sizes and noises."""
    for number, kind in enumerate(_KINDS):
        for size, radius in enumerate(_RADII):
            for level, noise in enumerate(_NOISES):
                seen = galaxies(
                    morphology=kind, radius=radius, noise=noise, seed=[50, number, size, level]
                )
                yield seen.image.values.mean(axis=-1)


def _real() -> Iterator[Array]:
    folder = data_folder("galaxies")
    if folder is None:
        return
    files = sorted(path for kind in ("spiral", "non_spiral") for path in _images(folder / kind))
    for path in files[:: max(1, len(files) // _REAL)]:
        yield read(path).values.mean(axis=-1)


def _images(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png")]


def _both(image: Array) -> _Pair | None:
    """Return what both say of the object in the middle; None where there is none."""
    found = get_op("detect.main_object")(image)
    if found.object["missing"][0]:
        return None
    label = int(found.object["label"][0])
    labels = np.asarray(found.objects)
    light = image - _sky(image[labels == 0])
    only = np.where(labels == label, 1, np.where(labels > 0, 2, 0)).astype(np.int32)
    op = get_op("measure.morphology")
    settings: dict[str, Any] = {"background": "none", "gain": _GAIN}
    record = found.object.assign(label=1)
    op(only, light, record, **settings)
    spent, table = _cpu(lambda: op(only, light, record, **settings))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shared, whole, theirs = _peer(light, only)
    return _Pair(table.iloc[0].to_dict(), theirs, (spent, shared, whole))


def _sky(values: Array) -> float:
    """Return the mean of the sky, three deviations clipped.

    A sample of exactly 0, as many are of whole numbers less their median, is masked for the peer.
    """
    from astropy.stats import sigma_clipped_stats

    return float(sigma_clipped_stats(values, maxiters=None)[0])


def _cpu(function: Any) -> tuple[float, Any]:
    started = time.process_time()
    result = function()
    return time.process_time() - started, result


def _peer(light: Array, labels: Array) -> tuple[float, float, Any]:
    """Return the peer's time for the columns that both give, for all of its own, and those."""
    import statmorph

    shared = [0.0]

    class Measured(statmorph.SourceMorphology):  # type: ignore[misc]
        """Takes the columns that both give first, and notes the time of these."""

        def _calculate_morphology(self) -> None:
            for name in _COLUMNS.values():
                _ = self[name]
            shared[0] = time.process_time() - started
            super()._calculate_morphology()

    started = time.process_time()
    found = Measured(light, labels, 1, gain=_GAIN)
    return shared[0], time.process_time() - started, found


def _rows(name: str, pairs: Sequence[_Pair]) -> list[Row]:
    good = [pair for pair in pairs if pair.theirs.flag == 0]
    shares = {}
    for ours, theirs in _COLUMNS.items():
        used = good
        if ours.startswith("sersic"):
            used = [pair for pair in good if pair.theirs.flag_sersic == 0]
        apart = np.array([_apart(ours, pair.ours[ours], pair.theirs[theirs]) for pair in used])
        shares[ours] = float((apart <= _WIDE.get(ours, _NARROW)).mean())
    worst = min(shares, key=lambda column: shares[column])
    told = ", ".join(f"{column} {share:.1%}" for column, share in shares.items() if share < 1)
    what = (
        f"morphology, {name} galaxies ({len(good)} of {len(pairs)} where statmorph's flag is 0): "
        f"smallest share, of {len(shares)} columns, of objects that agree within the bar, told in "
        f"parts of their value or of {_FLOOR} where it is nearer to 0 (angles in radians); "
        f"columns with less than all: {told or 'none'}"
    )
    share = shares[worst]
    rows = [Row("C5", what, round(share, 4), "", _BAR, share >= _SHARE)]
    ours, shared, whole = np.sum([pair.seconds for pair in pairs], axis=0) / len(pairs)
    for times, of in ((shared, "the same columns alone"), (whole, "all of its columns")):
        what = f"morphology, {name} galaxies: CPU time an object, beside statmorph for {of}"
        rows.append(speedup("C5", what, float(ours), float(times), _TIMES, unit="ms"))
    return rows


def _apart(column: str, ours: float, theirs: float) -> float:
    if column == "orientation":
        turned = np.pi / 2 - theirs
        return abs(float(np.sin(ours - turned)))
    return float(abs(ours - theirs) / max(abs(theirs), _FLOOR))
