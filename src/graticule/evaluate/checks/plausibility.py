"""Whether objects are such as can be believed: of one image, and beside the others of a study."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Bar, Evidence, Subject, Table, check, filtered_dims, is_image
from graticule.core.errors import CheckError
from graticule.core.order import median
from graticule.core.typing import Array

_SPECK = 0.1
_MOST_SPECKS = 0.5
_NORMAL = 1.4826
_LOGARITHMIC = ("objects", "diameter", "contrast")
_COMPARED = {
    "objects": "number of objects",
    "diameter": "diameter",
    "covered": "share that is covered",
    "contrast": "contrast",
}
_LEAST_SPREAD = {"objects": 0.3, "diameter": 0.15, "covered": 0.05, "contrast": 0.3}
"""Images that differ by less than a few of these are alike, however alike the others are."""


def _study(rows: Table, *, unlike: float, least: int, **_: Any) -> Table:
    reasons = [""] * len(rows)
    if len(rows) >= least:
        for column, title in _COMPARED.items():
            values = rows[column].astype(float)
            far = _robust_z(values.to_numpy(), column)
            for place in np.flatnonzero(np.abs(far) > unlike):
                direction = "above" if far[place] > 0 else "below"
                text = f"{title} far {direction} that of the other images"
                reasons[place] = _joined(reasons[place], text)
    own = rows["implausible"].fillna("").astype(str)
    doubt = [_joined(one, other) for one, other in zip(own, reasons, strict=True)]
    return rows.assign(doubt=doubt, doubtful=[bool(text) for text in doubt])


def _joined(one: str, other: str) -> str:
    return "; ".join(text for text in (one, other) if text)


def _robust_z(values: Array, column: str) -> Array:
    """Return how many robust standard deviations each is from the median of all."""
    if column in _LOGARITHMIC:
        values = np.log(np.maximum(values, 1e-9))
    known = values[np.isfinite(values)]
    if known.size == 0:
        return np.zeros(len(values))
    middle = np.median(known)
    spread = max(_NORMAL * float(np.median(np.abs(known - middle))), _LEAST_SPREAD[column])
    far: Array = np.nan_to_num((values - middle) / spread)
    return far


@check(
    version=1,
    study=_study,
    meaning=(
        "Whether the objects are such as can be believed, without a truth. An answer is doubtful "
        "where there is no object, where objects cover more than {max_covered} of the image, where "
        "most of them are specks (below a tenth of the usual area), where the usual one is "
        "smaller than {min_diameter} samples across, where some are brighter than the ground "
        "and others darker, or where their contrast is below {min_contrast} robust standard "
        "deviations of the ground; and, among {least} images or more, where number, diameter, "
        "share or contrast is further than {unlike} robust standard deviations from the median of "
        "the study. What passes may still be wrong: only a truth can tell."
    ),
    bars=(
        Bar("objects", "objects", at_least=1),
        Bar("diameter", "usual diameter in px", at_least="min_diameter"),
        Bar("covered", "share covered", at_most="max_covered"),
        Bar("specks", "share of specks", at_most=_MOST_SPECKS),
        Bar("contrast", "contrast to noise", at_least="min_contrast"),
        Bar("implausible", "doubts"),
    ),
)
def plausibility(
    subject: Subject,
    *,
    min_contrast: Annotated[float, Field(title="Smallest contrast to noise", ge=0)] = 4.0,
    max_covered: Annotated[float, Field(title="Largest share covered", gt=0, le=1)] = 0.8,
    min_diameter: Annotated[float, Field(title="Smallest usual diameter", ge=0)] = 5.0,
    unlike: Annotated[float, Field(title="Robust deviations from the study", gt=0)] = 3.5,
    least: Annotated[int, Field(title="Images to be compared", ge=3)] = 5,
) -> Evidence:
    """Say of which images the objects are doubtful.

    In a pipeline: ``{check: plausibility, of: labels, at: grey}``. The image at ``at`` has no
    channels.

    Parameters
    ----------
    subject : Subject
        Its value is an image of labels, and its image what they were found in.
    min_contrast : float
        Smallest usual distance of an object's mean from the ground around, in robust standard
        deviations of the ground.
    max_covered : float
        Largest share of the image that objects may cover.
    min_diameter : float
        Smallest usual diameter, in samples; smaller ones may be grain.
    unlike : float
        How far from the median of the study an image may be, in robust standard deviations
        (3.5: Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993).
    least : int
        With fewer images none is compared with the others.

    Returns
    -------
    Evidence
        Columns ``objects, diameter`` (of the usual object, which halves the area of all),
        ``covered, specks, contrast, implausible`` (why, or nothing); over a study ``doubt`` (why,
        or nothing) and ``doubtful``.

    Raises
    ------
    CheckError
        If the value is no image of labels, or its sizes are not those of the image.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> noise = as_image(np.random.default_rng(0).normal(size=(64, 64)))
    >>> labels = as_image(np.zeros((64, 64), np.int32))
    >>> get_check("plausibility")(Subject(labels, noise, rerun=None)).columns["implausible"]
    'no object was found'
    """
    labels, values = _arrays(subject)
    row: dict[str, Any] = _figures(labels, values)
    brighter = row.pop("brighter")
    reasons = []
    if row["objects"] == 0:
        reasons.append("no object was found")
    else:
        if row["covered"] > max_covered:
            reasons.append(f"objects cover {100 * row['covered']:.0f} % of the image")
        if row["specks"] > _MOST_SPECKS:
            reasons.append(f"{100 * row['specks']:.0f} % of the objects are specks")
        if row["diameter"] < min_diameter:
            reasons.append(f"the usual object is {row['diameter']:.1f} samples across")
        if row["contrast"] < min_contrast:
            reasons.append(f"contrast is {row['contrast']:.1f} deviations of the ground")
        if 0.2 < brighter < 0.8:
            reasons.append("some objects are brighter than the ground and others darker")
    row["implausible"] = "; ".join(reasons)
    return Evidence(row, notable=bool(reasons))


def _arrays(subject: Subject) -> tuple[Any, Any]:
    labels, image = subject.value, subject.image
    if not is_image(labels) or labels.dtype.kind not in "iub":
        raise CheckError("looks at labels", hint="of: names the step that numbers the objects")
    if set(labels.dims) != set(image.dims) or dict(labels.sizes) != dict(image.sizes):
        raise CheckError(
            f"labels are {dict(labels.sizes)} and the image {dict(image.sizes)}",
            hint="at: names a step without channels, as grey",
        )
    return labels, image.transpose(*labels.dims)


def _figures(labels: Any, image: Any) -> dict[str, Any]:
    """Return the columns, and the share of objects that are brighter than the ground."""
    ndim = len(filtered_dims(labels))
    numbers, index = _numbered(labels.values.reshape(-1))
    values = image.values.reshape(-1)
    counts = np.bincount(index, minlength=len(numbers))
    is_object = (numbers > 0) & (counts > 0)
    sizes = counts[is_object]
    figures: dict[str, Any] = {
        "objects": len(sizes),
        "diameter": float("nan"),
        "covered": float(sizes.sum() / index.size),
        "specks": float("nan"),
        "contrast": float("nan"),
        "brighter": float("nan"),
    }
    if not len(sizes):
        return figures
    falling = np.sort(sizes)[::-1]
    usual = int(falling[np.searchsorted(np.cumsum(falling), sizes.sum() / 2)])
    figures["diameter"] = float((4 / np.pi * usual) ** 0.5 if ndim == 2 else usual ** (1 / ndim))
    figures["specks"] = float(np.mean(sizes < _SPECK * usual))
    known = np.isfinite(values)
    if not known.all():
        index, values = index[known], values[known]
        counts = np.bincount(index, minlength=len(numbers))
    ground = values[numbers[index] == 0].astype(np.float64)
    if ground.size:
        level = median(ground)
        spread = _NORMAL * median(np.abs(ground - level))
        sums = np.bincount(index, values, len(numbers))
        apart = (sums / np.maximum(counts, 1) - level)[is_object]
        span = float(values.max()) - float(values.min())
        grain = max(spread, 1e-6 * span, np.finfo(float).tiny)
        figures["contrast"] = median(np.abs(apart)) / grain
        figures["brighter"] = float(np.mean(apart > 0))
    return figures


def _numbered(labels: Array) -> tuple[Array, Array]:
    """Return numbers, and the index of each sample's label in them; labels as a rule are small."""
    if labels.min() >= 0 and labels.max() <= labels.size:
        return np.arange(int(labels.max()) + 1), labels.astype(np.intp)
    numbers, index = np.unique(labels, return_inverse=True)
    return numbers, index
