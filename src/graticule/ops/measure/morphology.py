"""What an object looks like, in the numbers of galaxy morphology."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Record, Table, Whole, map_ranges, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._axes import Axes, Named
from graticule.ops._parameters import DOC
from graticule.ops._sky import sky_of
from graticule.ops.measure import _light_statistics as light
from graticule.ops.measure import _sums
from graticule.ops.measure._colour import colours
from graticule.ops.measure._merge import Partial
from graticule.ops.measure._objects import objects_of
from graticule.ops.measure._petrosian import Flags, Frame, frame_of, reach_of
from graticule.ops.measure._sersic import Sersic, fit_sersic
from graticule.ops.measure._stamp import Stamp, bounds_of, stamp_of
from graticule.ops.measure._table import Measured

_LENGTHS = (
    "rpetro_circ",
    "rpetro_ellip",
    "rhalf_circ",
    "rhalf_ellip",
    "rmax_circ",
    "r20",
    "r50",
    "r80",
    "sersic_rhalf",
)
_NUMBERS = (
    "concentration",
    "asymmetry",
    "smoothness",
    "gini",
    "m20",
    "ellipticity",
    "orientation",
    "sersic_n",
    "sersic_ellipticity",
    "sersic_orientation",
    "profile_residual",
    "sn_per_pixel",
)
_EMPTY, _SERSIC_EMPTY = 4, 4
_SQUARE = 1e-3
"""Samples are square where their sides differ by less, of them."""


@dataclass(frozen=True)
class _Plane:
    """A frame: the light over the sky of its channels and of their mean, and its labels."""

    channels: Array
    mean: Array
    labels: Array


@op(version=3, scope=Whole("apertures reach beyond the objects", memory=12), doc=DOC)
def morphology(
    labels: Labels,
    intensity: Image,
    object: Record | None = None,
    *,
    background: Annotated[Literal["sky", "none"], Field(title="What is taken away")] = "sky",
    gain: Annotated[float | None, Field(title="Electrons for a unit of light", gt=0)] = None,
) -> Table:
    r"""Measure what objects look like: concentration, asymmetry, smoothness, Gini, M20, Sersic.

    The definitions are those of Lotz, Primack and Madau [1]_ and Conselice [2]_ as
    Rodriguez-Gomez et al. [3]_ made them exact, so the columns bear the names of their
    ``statmorph`` and agree with it. An aperture counts of each sample the area that lies in it.
    Channels are averaged first; colours are of each.

    Around an object lie its surroundings: a square 2.5 times as wide, in which other objects, what
    is no number and outliers (10 deviations from their 8 neighbours, as the cusp of a profile that
    is not blurred) are masked. The first empty
    square of up to 32 samples in it tells the noise.

    ``rpetro_circ``, ``rpetro_ellip``
        Petrosian radius: where the light of a ring is a fifth of the mean light within; of
        circles, and of ellipses (then the semi-major axis, as of all ``_ellip``).
    ``asymmetry``
        :math:`\sum |I - I_{180}| / \sum |I|` within 1.5 Petrosian radii, less that of the sky,
        about the middle at which it is least: ``centre_y``, ``centre_x``.
    ``ellipticity``, ``orientation``
        1 less minor over major axis, by second moments of the object's light about that middle;
        radians from the first dim to the major axis, from -pi/2 to pi/2.
    ``r20``, ``r50``, ``r80``, ``concentration``
        Radii of circles with these percentages of the light within 1.5 Petrosian radii;
        :math:`5 \log_{10}(r_{80} / r_{20})`.
    ``smoothness``
        The light above a mean over squares a quarter of a Petrosian radius wide, over the light,
        between a quarter of and 1.5 Petrosian radii, less that of the sky; also called clumpiness.
    ``gini``, ``m20``
        How unequally light is shared among samples; the logarithm of the second moment of the
        brightest fifth of it over that of all. Of the samples that are, smoothed by a Gaussian of
        a fifth of a Petrosian radius, as bright as those at the Petrosian ellipse.
    ``rmax_circ``, ``rhalf_circ``, ``rhalf_ellip``
        How far it is seen, a deviation above the sky; the radii with half of the light therein.
    ``sersic_n``, ``sersic_rhalf``, ``sersic_ellipticity``, ``sersic_orientation``
        Index, half-light radius, ellipticity and orientation of the Sersic profile
        :math:`I_e \exp(-b_n [(r / r_e)^{1/n} - 1])` with the least squares of residuals over
        noise, of all samples of the surroundings that are not masked, by the method of Levenberg
        and Marquardt. The model is the mean over each sample; no blur is taken into account.
    ``profile_residual``
        :math:`\sum |I - P(r)| / \sum |I|` within the Petrosian ellipse, less what noise makes of
        it: ``P`` is the mean of ellipses a sample wide. Arms and bars are in it.
    ``sn_per_pixel``
        The mean of light over noise, of the samples of Gini.
    ``colour_<a>_<b>``, ``colour_gradient_<a>_<b>``
        Of neighbouring channels, in magnitudes: :math:`-2.5 \log_{10}(F_a / F_b)` within the
        Petrosian ellipse; how much more it is beyond the half-light ellipse than within, for each
        decade between the mean radii of their light.
    ``flag``, ``flag_sersic``
        0: good. 1: doubtful (the middle went far from the object's, or the segment of Gini fell
        apart; the Sersic index is at a bound). 2: bad (a radius is not found, the sky is not 0
        within its noise or there is none, the middle is masked; the fit failed). 4: not measured,
        all is NaN: there is no light, or no object.

    Parameters
    ----------
    labels : Labels
        Objects in the dims ``y x`` (other dims are frames of their own).
    intensity : Image
        Light, with the dims of ``labels`` and at most one more, of channels.
    object : Record, optional
        The record of `detect.main_object`: only the object with its ``label`` is measured, and
        there is always one row.
    background : {"sky", "none"}
        Whether the median of what is outside of objects, bright samples put aside, is taken away
        from each channel.
    gain : float, optional
        What makes electrons of the values: noise is :math:`\sqrt{|I| / gain + \sigma_{sky}^2}`.
        Without it, it is that of the sky everywhere.

    Returns
    -------
    Table
        One row for each label (of each frame), with ``label``, size, centroid and bounding box as
        of `measure.regions`, and the columns above; units by column in ``attrs["units"]``.

    Raises
    ------
    ImageError
        If there are not two dims of space, the samples are not square, or the record is not one
        row with ``label``.

    See Also
    --------
    measure.regions : size, shape and intensity of any object.
    detect.main_object : finds the object of a cut-out.

    References
    ----------
    .. [1] Lotz, J. M., Primack, J. and Madau, P., "A new nonparametric approach to galaxy
       morphological classification", Astron. J. 128, 163-182, 2004. :doi:`10.1086/421849`
    .. [2] Conselice, C. J., "The relationship between stellar light distributions of galaxies and
       their formation histories", Astrophys. J. Suppl. 147, 1-28, 2003. :doi:`10.1086/375001`
    .. [3] Rodriguez-Gomez, V. et al., "The optical morphologies of galaxies in the IllustrisTNG
       simulation: a comparison to Pan-STARRS observations", MNRAS 483, 4140-4159, 2019.
       :doi:`10.1093/mnras/sty3345`

    %(examples)s
    >>> y, x = np.mgrid[:120, :120]
    >>> light = 90 * np.exp(-1.678 * np.hypot(y - 60, x - 60) / 8)
    >>> image = light + np.random.default_rng(0).normal(10, 0.5, light.shape)
    >>> table = gt.measure.morphology((light > 3).astype(int), image)
    >>> table[["r50", "sersic_rhalf", "sersic_n"]].round(1).iloc[0].tolist()
    [7.7, 8.0, 1.0]
    """
    measured, planes = _prepared(labels, intensity, object, background)
    boxes = _boxes(measured)
    found = measured.objects
    names = measured.layout.channels

    def several(start: int, stop: int) -> list[dict[str, float]]:
        return [
            _measured(planes[int(found["frame"][n])], int(found["label"][n]), boxes[n], names, gain)
            for n in range(start, stop)
        ]

    rows = [row for part in map_ranges(several, len(boxes)) for row in part]
    return _as_table(measured, rows, object, names)


def _prepared(
    labels: Image, intensity: Image, record: Table | None, background: str
) -> tuple[Measured, list[_Plane]]:
    """Return the objects that are measured, and the frames they are in."""
    block = BlockInfo.of(labels)
    objects = objects_of(labels, intensity, block)
    layout = objects.layout
    if len(layout.space) != 2:
        raise ImageError(
            f"must have two dims of space, not {', '.join(layout.space) or 'none'}",
            where="labels",
            hint="select along the others first",
        )
    tables = {"objects": _sums.collect(objects, intensity=False)}
    measured = Measured(Partial(layout, Axes.of(labels, block), tables))
    one, other = measured.steps
    if abs(one - other) > _SQUARE * max(one, other):
        raise ImageError(
            f"must have square samples; along {' and '.join(layout.space)} they are "
            f"{one:g} and {other:g} {measured.unit}",
            where="labels",
            hint="resample the image first",
        )
    if record is not None:
        chosen = measured.objects["label"] == _label_of(record)
        measured.objects = {name: each[chosen] for name, each in measured.objects.items()}
    assert objects.values is not None
    numbers = objects.labels_of(objects.ranks)[:, 0]
    values = objects.values[:, :, 0].astype(np.float64)
    return measured, [
        _plane(values[:, frame], numbers[frame], background) for frame in range(len(numbers))
    ]


def _label_of(record: Table) -> int:
    if "label" not in record or len(record) != 1:
        what = "lacks 'label'" if "label" not in record else f"has {len(record)} rows"
        raise ImageError(
            f"must be one row with label; it {what}",
            where="object",
            hint="detect.main_object gives such",
        )
    return int(record["label"].iloc[0])


def _plane(channels: Array, labels: Array, background: str) -> _Plane:
    mean = channels.mean(axis=0)
    if background == "sky":
        outside = labels == 0
        if outside.any():
            levels = [sky_of(each[outside]).level for each in channels]
            channels = channels - np.array(levels)[:, None, None]
            mean = mean - sky_of(mean[outside]).level
    return _Plane(channels, mean, labels)


def _boxes(measured: Measured) -> list[tuple[int, int, int, int]]:
    low, high = measured.objects["low"][:, 1:], measured.objects["high"][:, 1:] + 1
    return [
        (int(top), int(bottom), int(left), int(right))
        for (top, left), (bottom, right) in zip(low, high, strict=True)
    ]


def _measured(
    plane: _Plane,
    label: int,
    box: tuple[int, int, int, int],
    names: Sequence[str],
    gain: float | None,
) -> dict[str, float]:
    """Return what is measured of an object, in samples; nothing but flags where it has no light."""
    bounds = bounds_of(box, (plane.labels.shape[0], plane.labels.shape[1]))
    stamp = stamp_of(plane.mean, plane.labels, label, bounds)
    if min(stamp.values.shape) < 2 or not stamp.values[stamp.own].sum() > 0:
        return {"flag": _EMPTY, "flag_sersic": _SERSIC_EMPTY}
    flags = Flags()
    with np.errstate(invalid="ignore", divide="ignore"):
        frame = frame_of(stamp, flags)
        reach = reach_of(stamp, frame, flags)
        row: dict[str, float] = dict(reach._asdict()) | _placed(stamp, frame)
        row |= light.concentration(stamp, frame, reach, flags)
        row["smoothness"] = light.smoothness(stamp, frame, reach, flags)
        segment = light.petrosian_segment(stamp, frame, reach, flags)
        row["gini"] = light.gini(stamp.values[segment], flags)
        row["m20"] = light.m20(stamp.values, segment, flags)
        weights = _weights(stamp, gain)
        if stamp.noise > 0 or gain is not None:
            row["sn_per_pixel"] = light.signal_to_noise(stamp, segment, weights)
        profile = light.profile_of(stamp, frame, reach)
        row["profile_residual"] = light.profile_residual(stamp, frame, reach, profile)
        row |= _sersic(stamp, frame, row, profile, weights)
        if len(names) > 1:
            channels = [each[bounds] for each in plane.channels]
            row |= colours(channels, names, stamp, frame, reach, profile)
    sky = float(stamp.sky.mean()) if stamp.sky.size else math.inf
    flags.bad(abs(sky) > stamp.noise)
    return row | {"flag": flags.value}


def _placed(stamp: Stamp, frame: Frame) -> dict[str, float]:
    return {
        "y": stamp.top + frame.y,
        "x": stamp.left + frame.x,
        "asymmetry": frame.asymmetry,
        "ellipticity": 1 - 1 / frame.elongation,
        "orientation": _from_first(frame.theta),
    }


def _from_first(theta: float) -> float:
    """Return the angle from the first dim, -pi/2 to pi/2, of one from the second to the first."""
    return math.pi / 2 - theta % math.pi


def _weights(stamp: Stamp, gain: float | None) -> Array:
    """Return one over the noise of each sample; 0 where masked."""
    variance = np.full(stamp.values.shape, stamp.noise**2)
    if gain is not None:
        variance += np.ldexp(np.abs(stamp.values) / gain, -stamp.exponent)
    elif stamp.noise == 0:
        variance += 1.0
    used = ~stamp.mask & (variance > 0)
    return np.where(used, 1 / np.sqrt(np.where(used, variance, 1.0)), 0.0)


def _sersic(
    stamp: Stamp, frame: Frame, row: Mapping[str, float], profile: Array, weights: Array
) -> dict[str, float]:
    about = min(max(10**-1.5 * row["concentration"] ** 3.5, 1.0), 3.5)
    radius = row["rhalf_ellip"]
    at = profile[min(int(radius), profile.size - 1)] if radius > 0 else math.nan
    start = Sersic(
        about, radius, 1 - 1 / frame.elongation, frame.theta, abs(at), frame.y, frame.x, 0
    )
    fit = fit_sersic(stamp.values, weights, start)
    return {
        "sersic_n": fit.n,
        "sersic_rhalf": fit.rhalf,
        "sersic_ellipticity": fit.ellipticity,
        "sersic_orientation": _from_first(fit.theta),
        "flag_sersic": fit.flag,
    }


def _as_table(
    measured: Measured, rows: Sequence[dict[str, float]], record: Table | None, names: Sequence[str]
) -> Table:
    """Return base and measured columns, in the units of the image."""
    import pandas as pd

    def values(name: str) -> Array:
        return np.array([row.get(name, math.nan) for row in rows], float)

    columns: dict[str, tuple[Any, str]] = dict(measured.base())
    for name, dim in zip("yx", measured.dims, strict=True):
        columns[f"centre_{dim}"] = measured.partial.axes.positions(dim, values(name))
    step = float(measured.steps[0])
    columns |= {name: (step * values(name), measured.unit) for name in _LENGTHS}
    columns |= {name: (values(name), "") for name in _NUMBERS}
    columns |= _colour_columns(names, values)
    for flag in ("flag", "flag_sersic"):
        columns[flag] = np.array([row[flag] for row in rows], np.int64), ""
    table = pd.DataFrame({name: value for name, (value, _) in columns.items()})
    table.attrs["units"] = {name: of for name, (_, of) in columns.items() if of}
    if record is not None and table.empty:
        return _with_missing(table)
    return table


def _colour_columns(names: Sequence[str], values: Any) -> Named:
    pairs = [f"{one}_{other}" for one, other in itertools.pairwise(names)]
    return {
        f"{kind}_{pair}": (values(f"{kind}_{pair}"), "mag")
        for kind in ("colour", "colour_gradient")
        for pair in pairs
    }


def _with_missing(table: Table) -> Table:
    """Return a table with one row that says that there was no object."""
    import pandas as pd

    row = dict.fromkeys(table, math.nan)
    row |= {"label": 0, "pixels": 0, "flag": _EMPTY, "flag_sersic": _SERSIC_EMPTY}
    found = pd.DataFrame([row])
    found.attrs = dict(table.attrs)
    return found
