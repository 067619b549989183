"""The image where an answer is right, and where it is wrong: one panel for each case."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import ImageError
from graticule.report.draw import painted, show
from graticule.report.figures import View
from graticule.report.figures.hits import codes_of, ratio_of
from graticule.report.hits import hit_key
from graticule.report.style import Drawing, drawn, new_figure


def hit_cases(view: View, *, image: str, mask: str, truth: str) -> Drawing:
    """Draw an image four times: its true and false positives, false and true negatives alone.

    What the false ones have in common (dark corners, thin lines) says what to improve.

    Parameters
    ----------
    view : View
        An image of the study.
    image : str
        The step or input that is shown.
    mask : str
        The step that answers: a mask or labels.
    truth : str
        The step or input it is held against.
    """
    ground, answer = view.picture(image), view.picture(mask)
    codes = codes_of(answer, view.picture(truth))
    colours = painted(ground)
    if colours.shape[:2] != codes.shape:
        raise ImageError(f"{image} and {mask} differ in shape: {colours.shape[:2]}, {codes.shape}")
    figure, axes = new_figure(9.2, 2.1 * min(2.0, max(0.4, ratio_of(ground))) + 1.0, columns=4)
    names = [name.partition(" (")[0] for name, _ in hit_key()]
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
    alt = f"{image} of {view.image} by case: {text}."
    return drawn(figure, alt, "Hits and misses, case by case", f"{text}.", wide=True)
