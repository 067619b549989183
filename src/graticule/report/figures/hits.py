"""What of an answer is right and wrong, as a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.kinds import Kind
from graticule.core.typing import Array
from graticule.evaluate.instances import object_hits
from graticule.evaluate.pixels import hit_map
from graticule.report.draw import painted, show
from graticule.report.figures import View
from graticule.report.hits import hit_key, painted_hits
from graticule.report.preview import Picture
from graticule.report.style import Drawing, drawn, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def hits(view: View, *, mask: str, truth: str, image: str | None = None) -> Drawing:
    """Draw true and false positives and negatives in fixed colours, beside the image.

    Labels are compared object by object: an object is right if it overlaps a true one by half
    (intersection over union).

    Parameters
    ----------
    view : View
        An image of the study.
    mask : str
        The step that answers: a mask or labels.
    truth : str
        The step or input it is held against.
    image : str, optional
        The step or input to show beside the map.
    """
    answer, true = view.picture(mask), view.picture(truth)
    ground = view.picture(image) if image else None
    return draw_hits(codes_of(answer, true), answer, view.image, ground)


def codes_of(answer: Picture, truth: Picture) -> Array:
    """Return the hit map of two pictures: of objects if the answer is labels, else of samples."""
    if answer.values.shape != truth.values.shape:
        raise ImageError(
            f"the answer is {answer.values.shape}, the truth {truth.values.shape}",
            hint="their pictures must be of one size",
        )
    if answer.kind == Kind.LABELS and truth.values.dtype.kind in "iu":
        return object_hits(answer.values, truth.values)
    return hit_map(answer.values != 0, truth.values != 0)


def draw_hits(codes: Array, answer: Picture, name: str, ground: Picture | None = None) -> Drawing:
    """Return the figure of a hit map, with its key white on black."""
    tall = 4.0 * min(2.0, max(0.4, ratio_of(answer))) + 1.1
    figure, axes = new_figure(9.2 if ground else 5.0, tall, columns=2 if ground else 1)
    *left, right = np.atleast_1d(axes)
    if ground is not None:
        show(left[0], ground, painted(ground))
    show(right, answer, painted_hits(codes))
    right.set_ylabel("" if ground else right.get_ylabel())
    figure.subplots_adjust(bottom=1.0 / tall, wspace=0.08)
    _add_key(figure)
    counts = np.bincount(codes.ravel(), minlength=4)
    named = [text.partition(" (")[0] for text, _ in hit_key()]
    shares = [f"{n / codes.size:.1%} {text}" for text, n in zip(named, counts, strict=True)]
    words = ", ".join(shares)
    kind = "Whole objects are matched or not" if answer.kind == Kind.LABELS else "Sample by sample"
    alt = f"Hit map of {name}: {words}."
    caption = f"{kind}: {words}."
    return drawn(figure, alt, "Hits and misses", caption, wide=ground is not None)


def ratio_of(picture: Picture) -> float:
    """Return height over width of a picture as it is drawn."""
    down, along = picture.axes[:2]
    if not (down.is_spatial and along.is_spatial and down.units == along.units):
        return 0.8
    return abs(down.step) * down.size / (abs(along.step) * along.size)


def _add_key(figure: Figure) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=c, edgecolor="white", lw=0.6, label=text) for text, c in hit_key()]
    figure.legend(
        handles=patches,
        loc="lower center",
        ncols=4 if figure.get_figwidth() > 8 else 2,
        facecolor="black",
        edgecolor="black",
        labelcolor="white",
        fontsize=8,
        framealpha=1,
    )
