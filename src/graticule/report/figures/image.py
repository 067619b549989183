"""A step's picture, large, with its axes."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.kinds import Kind
from graticule.report.draw import new_frame, painted, show
from graticule.report.figures import View
from graticule.report.style import Drawing, drawn


def image(view: View, *, of: str, under: str | None = None) -> Drawing:
    """Draw one step.

    Parameters
    ----------
    view : View
        An image of the study.
    of : str
        The step or input.
    under : str, optional
        For a mask: the step it is outlined on.
    """
    picture = view.picture(of)
    if len(picture.axes) < 2:
        raise ImageError(f"{of} has one dim only", hint="draw it as a profile")
    below = view.picture(under) if under else None
    figure, ax = new_frame(picture)
    show(ax, picture, painted(picture, under=below))
    share = f"{np.mean(picture.values != 0):.1%} inside" if picture.kind == Kind.MASK else ""
    caption = ", ".join(words for words in (share, picture.note) if words)
    return drawn(figure, f"{of} of {view.image}.", of, caption, wide=True)
