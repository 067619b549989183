"""Is the detection larger than chance? The same analysis on surrogates of the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from graticule.core import Bar, CheckFigure, Evidence, Subject, Table, check, is_image
from graticule.core.errors import CheckError
from graticule.core.palette import GREY, INK, RED
from graticule.core.typing import Array
from graticule.evaluate.empirical import Correction, empirical_p, false_discovery_rate
from graticule.evaluate.surrogates import Surrogate, surrogate_maker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RANDOM: tuple[Surrogate, ...] = ("phase", "phase_time", "gaussian")
_FLIPS: tuple[Surrogate, ...] = ("flip_time", "flip_distance")


def _study(rows: Table, *, fdr: float, correction: Correction, **_: Any) -> Table:
    q = false_discovery_rate(rows["p"].to_numpy(dtype=float), correction)
    inside = ~rows["best_at_end"].to_numpy(dtype=bool) if "best_at_end" in rows else True
    return rows.assign(q=q, detected=(q <= fdr) & inside)


def _draw(axes: Axes, evidence: Mapping[str, Mapping[str, Array]]) -> str:
    """Draw the null distribution, the statistic, and what p it supports."""
    (arrays,) = evidence.values()
    values = np.asarray(arrays["null"], dtype=float).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise CheckError("the null distribution is empty")
    statistic = float(arrays["statistic"])
    m, k = values.size, int(np.count_nonzero(values >= statistic))
    p = (1 + k) / (1 + m)
    low, high = min(values.min(), statistic), max(values.max(), statistic)
    bins = np.linspace(low, high if high > low else low + 1, min(60, max(10, m // 12)) + 1)
    axes.hist(values, bins=bins.tolist(), color="#c3cad3", edgecolor=GREY, lw=0.5)
    axes.axvline(statistic, color=RED, lw=1.8)
    axes.margins(x=0.05)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.16)
    right = statistic > sum(axes.get_xlim()) / 2
    axes.annotate(
        f"{statistic:.4g}, p = {p:.2g}",
        (statistic, 0.97),
        (-5 if right else 5, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        fontsize=9,
        color=INK,
    )
    axes.set_xlabel("statistic")
    axes.set_ylabel("surrogates")
    return (
        f"{k} of {m} surrogates reach the statistic {statistic:.4g}: "
        f"p = (1 + {k}) / (1 + {m}) = {p:.2g}. "
        f"The smallest p that {m} surrogates can support is {1 / (1 + m):.2g}."
    )


@check(
    version=2,
    study=_study,
    meaning=(
        "The whole analysis is repeated on surrogates of the image, which keep its noise and "
        "hold no signal. p is the part of them, counted with the image itself, that reaches the "
        "statistic of the image: (1 + k) / (1 + m). q is p corrected for the number of images "
        "({correction}: holds however the images depend on one another, unless it is "
        "benjamini-hochberg, which takes them for independent); an image counts as detected where "
        "q is at most {fdr} and the best fit is not at the end of what was searched."
    ),
    bars=(Bar("p", "p of this image alone", at_most="fdr"),),
    figure=CheckFigure("null_distribution", "Null distribution", _draw),
)
def surrogate(
    subject: Subject,
    *,
    by: Annotated[tuple[Surrogate, ...], Field(title="Kinds of surrogate", min_length=1)] = (
        "phase",
        *_FLIPS,
    ),
    n: Annotated[int, Field(title="Random surrogates", ge=1, le=1_000_000)] = 999,
    fdr: Annotated[float, Field(title="False discovery rate", gt=0, lt=1)] = 0.05,
    correction: Annotated[Correction, Field(title="Correction for many images")] = (
        "benjamini-yekutieli"
    ),
    interior: Annotated[tuple[str, ...], Field(title="Dims the best fit must lie within")] = (),
    confidence: Annotated[float, Field(title="Of the interval of p", gt=0, lt=1)] = 0.95,
    taper: Annotated[float, Field(title="Faded part of each edge", ge=0, le=0.5)] = 0.03,
    along: Annotated[str, Field(title="Dim of time")] = "time",
    across: Annotated[str, Field(title="Dim of distance")] = "distance",
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Evidence:
    """Run the same analysis on surrogates, and count those that reach the image's statistic.

    The p-value comes from the random surrogates (``phase``, ``phase_time``, ``gaussian``); what
    the analysis searched over in the image, it searches over in each of them. Where only flips
    are named they are the null. A curve of the wrong sign is a null as well: scan with a negative
    parameter in a step of its own.

    Parameters
    ----------
    subject : Subject
        Its value is a number: larger is stronger. Or the record of `graticule.detect.peak`,
        whose ``statistic`` is looked at.
    by : sequence of {"phase", "phase_time", "gaussian", "flip_time", "flip_distance"}
        Kinds of surrogate, see `graticule.evaluate.surrogates`.
    n : int
        How many random surrogates of a kind; ``1 / (1 + n)`` is the smallest p there can be.
    fdr : float
        ``detected`` is ``q <= fdr`` over the whole study.
    correction : {"benjamini-yekutieli", "benjamini-hochberg"}
        How q comes from p. The first holds under any dependence: the same event twice, images
        that share noise; the second, which finds more, where images are independent.
    interior : sequence of str
        Dims of the search. An image whose best fit is the first or last sample along one of
        them is not detected: ``best_at_end`` says so. Needs a record.
    confidence : float
        Of the interval from ``p_low`` to ``p_high``.
    taper : float
        See `graticule.evaluate.surrogates.randomise_phase`.
    along, across : str
        Names of the dims of time and distance.
    seed : int
        Surrogate ``i`` depends on it and on ``i`` alone.

    Returns
    -------
    Evidence
        Columns ``p, p_low, p_high, p_smallest, surrogates``, ``statistic_<flip>`` of every
        flip, ``best_at_end`` where ``interior`` is given, and over the study ``q`` and
        ``detected``; arrays ``null`` and ``statistic``.

    Raises
    ------
    CheckError
        If the value is not a finite number, in the image or in a surrogate.

    References
    ----------
    .. [1] Theiler, J. et al., "Testing for nonlinearity in time series: the method of surrogate
       data", Physica D 58, 77-94, 1992. :doi:`10.1016/0167-2789(92)90102-S`
    .. [2] Phipson, B., Smyth, G. K., "Permutation P-values should never be zero: calculating
       exact P-values when permutations are randomly drawn", Stat. Appl. Genet. Mol. Biol. 9(1),
       39, 2010. :doi:`10.2202/1544-6115.1585`
    .. [3] Benjamini, Y., Yekutieli, D., "The control of the false discovery rate in multiple
       testing under dependency", Annals of Statistics 29(4), 1165-1188, 2001.
       :doi:`10.1214/aos/1013699998`
    .. [4] Benjamini, Y., Hochberg, Y., "Controlling the false discovery rate: a practical and
       powerful approach to multiple testing", J. R. Stat. Soc. B 57(1), 289-300, 1995.
       :doi:`10.1111/j.2517-6161.1995.tb02031.x`

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> def peak(image):
    ...     return float(image.mean("distance").max())
    >>> values = np.random.default_rng(0).normal(size=(128, 16))
    >>> values[40] += 3
    >>> event = as_image(values, dims=("time", "distance"))
    >>> subject = Subject(peak(event), event, rerun=peak)
    >>> found = get_check("surrogate")(subject, by=["phase"], n=99)
    >>> found.columns["p"], found.arrays["null"].shape
    (0.01, (99,))
    """
    made = {
        kind: surrogate_maker(
            subject.image, kind, along=along, across=across, taper=taper, seed=seed
        )
        for kind in by
    }
    flips = {kind: _number(subject.rerun(made[kind](0))) for kind in _FLIPS if kind in made}
    null = np.array(list(flips.values()))
    random = [made[kind] for kind in _RANDOM if kind in made]
    if random:
        null = np.array(
            [_number(subject.rerun(make(index))) for make in random for index in range(n)]
        )
    statistic = _number(subject.value)
    result = empirical_p(statistic, null, confidence=confidence)
    columns: dict[str, float | int | bool | str] = {
        "p": result.p,
        "p_low": result.low,
        "p_high": result.high,
        "p_smallest": result.smallest,
        "surrogates": result.surrogates,
        **{f"statistic_{kind}": value for kind, value in flips.items()},
    }
    at_end = interior and bool(set(interior) & set(_ends(subject.value)))
    if interior:
        columns["best_at_end"] = bool(at_end)
    arrays = {"null": null, "statistic": np.array(statistic)}
    # q is never below p: what is not notable here cannot be detected in the study.
    return Evidence(columns, arrays, notable=result.p <= fdr and not at_end)


def _ends(value: object) -> list[str]:
    if not isinstance(value, pd.DataFrame) or "at_end" not in value:
        raise CheckError(
            "interior looks at the column at_end of a record",
            hint="name the step of detect.peak itself, as of: event",
        )
    return str(value["at_end"].iloc[0]).split(", ")


def _number(value: object) -> float:
    if isinstance(value, pd.DataFrame) and len(value) == 1 and "statistic" in value:
        value = value["statistic"].iloc[0]
    if is_image(value) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, str)) or not isinstance(value, (int, float, np.number)):
        raise CheckError(
            f"looks at one number, not at {type(value).__name__}",
            hint='name a column of a step, as of: "event.statistic"',
        )
    return float(value)
