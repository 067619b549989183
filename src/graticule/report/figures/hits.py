"""What of an answer is right and wrong, in the same colours everywhere: as a map, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.image import Kind
from graticule.core.typing import Array
from graticule.evaluate.instances import object_hits
from graticule.evaluate.pixels import hit_map
from graticule.report.draw import as_rgb, show
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.preview import Picture
from graticule.report.style import Drawing, as_drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# Okabe and Ito's colours; told apart by lightness too, for print and for every colour vision.
HITS = (
    ("true negative", (24, 27, 31)),
    ("true positive", (232, 236, 240)),
    ("false positive", (213, 94, 0)),
    ("false negative (missed)", (86, 180, 233)),
)
"""Name and colour of each code that `graticule.evaluate.pixels.hit_map` gives, in their order."""


@figure()
def hits(context: FigureContext, *, mask: str, truth: str, image: str | None = None) -> Drawing:
    """Draw true and false positives and negatives in fixed colours, beside the image.

    Labels are compared object by object: an object is right if it overlaps a true one by half
    (intersection over union).

    Parameters
    ----------
    mask : str
        The step that answers: a mask or labels.
    truth : str
        The step or input it is held against.
    image : str, optional
        The step or input to show beside the map.
    """
    answer, true = context.picture(mask), context.picture(truth)
    ground = context.picture(image) if image else None
    return draw_hits(hit_codes(answer, true), answer, context.image, ground)


@figure()
def hit_cases(context: FigureContext, *, image: str, mask: str, truth: str) -> Drawing:
    """Draw an image four times: its true and false positives, false and true negatives alone.

    What the false ones have in common (dark corners, thin lines) says what to improve.

    Parameters
    ----------
    image : str
        The step or input that is shown.
    mask : str
        The step that answers: a mask or labels.
    truth : str
        The step or input it is held against.
    """
    ground, answer = context.picture(image), context.picture(mask)
    codes = hit_codes(answer, context.picture(truth))
    colours = as_rgb(ground)
    if colours.shape[:2] != codes.shape:
        raise ImageError(f"{image} and {mask} differ in shape: {colours.shape[:2]}, {codes.shape}")
    figure, axes = new_figure(9.2, 2.1 * min(2.0, max(0.4, _ratio(ground))) + 1.0, columns=4)
    names = [name.partition(" (")[0] for name, _ in hit_legend()]
    words = []
    for ax, code in zip(axes, (1, 2, 3, 0), strict=True):
        part = codes == code
        # a blue that no grey image has stands for what is not of the case
        show(ax, ground, np.where(part[..., None], colours, np.array([38, 52, 82], np.uint8)))
        ax.set_title(names[code], fontsize=9)
        ax.set_ylabel("" if ax is not axes[0] else ax.get_ylabel())
        words.append(f"{part.mean():.1%} {names[code]}")
    tall = figure.get_figheight()
    figure.subplots_adjust(
        left=0.07, right=0.99, bottom=0.5 / tall, top=1 - 0.3 / tall, wspace=0.08
    )
    text = ", ".join(words)
    alt = f"{image} of {context.image} by case: {text}."
    return as_drawing(figure, alt, "Hits and misses, case by case", f"{text}.", wide=True)


def hit_codes(answer: Picture, truth: Picture) -> Array:
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
    tall = 4.0 * min(2.0, max(0.4, _ratio(answer))) + 1.1
    figure, axes = new_figure(9.2 if ground else 5.0, tall, columns=2 if ground else 1)
    *left, right = np.atleast_1d(axes)
    if ground is not None:
        show(left[0], ground, as_rgb(ground))
    show(right, answer, hits_as_rgb(codes))
    right.set_ylabel("" if ground else right.get_ylabel())
    figure.subplots_adjust(bottom=1.0 / tall, wspace=0.08)
    _add_key(figure)
    counts = np.bincount(codes.ravel(), minlength=4)
    named = [text.partition(" (")[0] for text, _ in hit_legend()]
    shares = [f"{n / codes.size:.1%} {text}" for text, n in zip(named, counts, strict=True)]
    words = ", ".join(shares)
    kind = "Whole objects are matched or not" if answer.kind == Kind.LABELS else "Sample by sample"
    alt = f"Hit map of {name}: {words}."
    caption = f"{kind}: {words}."
    return as_drawing(figure, alt, "Hits and misses", caption, wide=ground is not None)


def hits_as_rgb(hits: Array) -> Array:
    """Return a hit map as an array of r, g, b from 0 to 255.

    Examples
    --------
    >>> hits_as_rgb(np.array([[0, 1]]))[0, 1].tolist()
    [232, 236, 240]
    """
    table = np.array([colour for _, colour in HITS], np.uint8)
    return np.asarray(table[hits])


def hit_legend() -> list[tuple[str, str]]:
    """Return the names and colours (``#rrggbb``) of a legend."""
    return [(name, "#{:02x}{:02x}{:02x}".format(*colour)) for name, colour in HITS]


def _ratio(picture: Picture) -> float:
    """Return height over width of a picture as it is drawn."""
    down, along = picture.axes[:2]
    if not (down.is_spatial and along.is_spatial and down.units == along.units):
        return 0.8
    return abs(down.step) * down.size / (abs(along.step) * along.size)


def _add_key(figure: Figure) -> None:
    from matplotlib.patches import Patch

    patches = [
        Patch(facecolor=c, edgecolor="white", lw=0.6, label=text) for text, c in hit_legend()
    ]
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
