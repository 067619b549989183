"""An image after moveout, where an arrival is a straight line."""

from __future__ import annotations

from graticule.core.errors import ImageError, UnknownNameError
from graticule.report.draw import show
from graticule.report.figures import View
from graticule.report.style import ORANGE, Drawing, drawn, new_figure


def aligned(view: View, *, image: str, at: str) -> Drawing:
    """Draw an aligned image with a mark where the record says the arrival is.

    Parameters
    ----------
    view : View
        An image of the study.
    image : str
        A step whose picture has been moved out.
    at : str
        A step that gives a record with the time of arrival: a column named as the dim of time,
        or ``t0``.
    """
    picture = view.picture(image)
    if len(picture.axes) != 2:
        raise ImageError(f"takes an image of two dims; {image} has another number")
    time = picture.axes[0]
    try:
        arrival, unit = view.value(at, time.name)
    except UnknownNameError:
        arrival, unit = view.value(at, "t0")
    where = arrival * (time.factor(unit) if unit else time.sample)
    figure, ax = new_figure()
    show(ax, picture)
    # Marks at the edges alone: a line across would hide the very thing it points to.
    left, right = picture.axes[1].edges
    reach = 0.06 * (right - left)
    for start, stop in ((left, left + reach), (right - reach, right)):
        ax.plot([start, stop], [where, where], color="black", lw=3.6)
        ax.plot([start, stop], [where, where], color=ORANGE, lw=2)
    ax.set_xlim(left, right)
    ax.set_ylim(*time.edges)
    words = f"arrival at {arrival:.4g} {unit or 'samples'}"
    alt = f"{image} of {view.image} after moveout; {words}."
    caption = f"After moveout a ripple lies level; the marks at the edges show the {words}."
    return drawn(figure, alt, "Aligned image", caption)
