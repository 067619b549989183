"""How strong must a signal be to be found? Ripples injected into a quiet version of the image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from graticule.core import CheckFigure, Evidence, Subject, check
from graticule.core.palette import BLUE
from graticule.core.typing import Array
from graticule.evaluate.injection import efficiency, inject, recovery
from graticule.evaluate.surrogates import randomise_phase

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STRENGTHS = (0.4, 0.8, 1.2, 1.6)
_ARRIVALS = (10.0, 30.0, 50.0)


def _draw(axes: Axes, evidence: Mapping[str, Mapping[str, Array]]) -> str:
    """Draw the part of injected signals that is found, against their strength."""
    (arrays,) = evidence.values()
    strength, found, low, high = (
        np.asarray(arrays[name], dtype=float) for name in ("strength", "found", "low", "high")
    )
    axes.fill_between(strength, low, high, color=BLUE, alpha=0.18, lw=0)
    axes.plot(strength, found, "o-", color=BLUE, lw=1.4, ms=5)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("strength of the injected signal / sigma")
    axes.set_ylabel("part found")
    pairs = ", ".join(f"{f:.0%} at {s:g}" for s, f in zip(strength, found, strict=True))
    return f"Found: {pairs} sigma."


@check(
    version=1,
    meaning=(
        "Signals of known strength are put into quiet versions of the image, and those that the "
        "analysis finds are counted: how weak a signal could have been seen here at all."
    ),
    figure=CheckFigure("efficiency", "Detection efficiency", _draw),
)
def injection(
    subject: Subject,
    *,
    strengths: Annotated[
        tuple[float, ...], Field(title="Strengths in sigma", min_length=1)
    ] = _STRENGTHS,
    arrivals: Annotated[
        tuple[float, ...], Field(title="Starts in samples", min_length=1)
    ] = _ARRIVALS,
    curvatures: Annotated[tuple[float, ...], Field(title="Curvatures", min_length=1)] = (4.0, 5.0),
    n: Annotated[int, Field(title="Quiet versions", ge=20)] = 99,
    level: Annotated[float, Field(title="False alarms allowed", gt=0, lt=1)] = 0.05,
    taper: Annotated[float, Field(title="Faded part of each edge", ge=0, le=0.5)] = 0.03,
    along: Annotated[str, Field(title="Dim of time")] = "time",
    across: Annotated[str, Field(title="Dim of distance")] = "distance",
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Evidence:
    """Inject ripples of known strength into phase-randomised versions, and count those found.

    Parameters
    ----------
    subject : Subject
        Its value is a number: larger is stronger.
    strengths, arrivals, curvatures : sequence of float
        Of the ripples, each at four phases; see `graticule.evaluate.injection.Ripple`.
    n : int
        Quiet versions; their statistics give the threshold.
    level : float
        Part of the quiet versions that may reach the threshold.
    taper : float
        See `graticule.evaluate.surrogates.randomise_phase`.
    along, across : str
        Names of the dims of time and distance.
    seed : int
        Of the random phases.

    Returns
    -------
    Evidence
        Column ``strength_half``: the weakest strength from which on half of the ripples or more
        are found, NaN where none is; arrays ``strength``, ``found``, ``low``, ``high``.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> def largest(image):
    ...     return float(image.max())
    >>> values = np.random.default_rng(0).normal(size=(128, 32))
    >>> quiet = as_image(values, dims=("time", "distance"))
    >>> subject = Subject(largest(quiet), quiet, rerun=largest)
    >>> found = get_check("injection")(subject, strengths=[0, 30], arrivals=[0], n=20)
    >>> found.columns["strength_half"], found.arrays["found"].tolist()[-1]
    (30.0, 1.0)
    """
    quiet = [
        randomise_phase(subject.image, np.random.default_rng([seed, index]), taper=taper)
        for index in range(n)
    ]
    null = [float(subject.rerun(image)) for image in quiet]
    rows = recovery(
        quiet,
        lambda image: float(subject.rerun(image)),
        strengths=strengths,
        arrivals=arrivals,
        curvatures=curvatures,
        threshold=float(np.quantile(null, 1 - level, method="higher")),
        add=partial(inject, along=along, across=across),
    )
    curve = efficiency(rows)
    short = curve["strength"][curve["found"] < 0.5].max()
    enough = curve["strength"][~(curve["strength"] <= short)]
    arrays = {name: curve[name].to_numpy() for name in ("strength", "found", "low", "high")}
    half = float(enough.min()) if len(enough) else float("nan")
    return Evidence({"strength_half": half}, arrays)
