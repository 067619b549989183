"""The ways of objects through time, on a picture of one frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graticule.core.dims import FRAMES
from graticule.core.errors import ImageError
from graticule.report.draw import Paint, as_rgb, is_upward, new_plot, plotted
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.style import Drawing, label_colours
from graticule.report.wording import count

MOST = 400


@figure()
def tracks(context: FigureContext, *, image: str, table: str = "objects") -> Drawing:
    """Draw the way of each object, in the colour of its label.

    Parameters
    ----------
    image : str
        The step or input below; of a film the frame in its middle.
    table : str
        A table by ``label`` and ``t`` or ``time`` with centroids, as `measure.regions` makes it of
        the labels of `segment.track`.
    """
    below = context.picture(image)
    vertical, horizontal = below.axes[:2]
    source = context.table(table)
    rows = source.of_images([context.image])
    time = next((dim for dim in FRAMES if dim in rows.columns), "")
    places = [f"centroid_{axis.name}" for axis in (vertical, horizontal)]
    missing = [name for name in (*places, "label") if name not in rows.columns]
    if missing or not time:
        raise ImageError(
            f"the table {table} has no column {missing[0] if missing else 't'}",
            hint="measure.regions of the labels of segment.track has all of them",
        )
    rows = rows.sort_values(["label", time])
    lengths = rows["label"].value_counts()
    longest = lengths.index[:MOST]
    plot = new_plot(below)
    plot.picture(Paint(np.asarray(as_rgb(below), np.uint8)).uri(upward=is_upward(below)))
    for label, own in rows[rows["label"].isin(longest)].groupby("label"):
        ways = []
        for axis, name in zip((horizontal, vertical), places[::-1], strict=True):
            unit = context.record.unit(source.name, name)
            scale = axis.factor(unit) if unit and unit != "px" else axis.sample
            ways.append((pd.to_numeric(own[name]) * scale).tolist())
        across, down = ways
        plot.line(across, down, _colour(int(str(label))), width=1.4)
    drawn = f" The {MOST} longest are drawn." if len(lengths) > MOST else ""
    words = count(len(lengths), "track")
    alt = f"Tracks of {context.image} drawn on {image}: {words}."
    note = f" Below them {below.note}." if below.note else ""
    return plotted(plot, below, alt, "Tracks", f"{words}.{note}{drawn}")


def _colour(label: int) -> str:
    red, green, blue = label_colours(np.array([label]))[0]
    return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"
