"""How a measured column is distributed over the study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError
from graticule.report import wording
from graticule.report.figures import View
from graticule.report.style import BLUE, ORANGE, Drawing, drawn, legend, new_figure

PER = "study"
MOST = 1_000_000


def histogram(view: View, *, column: str, table: str = "objects") -> Drawing:
    """Draw the distribution of a column, with its median.

    Parameters
    ----------
    view : View
        The study.
    column : str
        A column of numbers.
    table : {"objects", "images"}
        The table it is in.
    """
    source = view.table(table)
    frame = source.head(MOST, [column])
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise ImageError(f"the column {column} of {table} holds no number")
    unit = wording.unit(view.record.unit(table, column))
    median = float(np.median(values))
    low, high = np.quantile(values, [0.25, 0.75])
    figure, ax = new_figure()
    ax.hist(values, bins=_bins(values), color=BLUE, alpha=0.85, edgecolor="white", lw=0.6)
    ax.axvline(
        median, color=ORANGE, lw=1.8, label=f"median {wording.number(median)} {unit}".strip()
    )
    ax.xaxis.set_major_formatter(lambda value, _: wording.number(round(float(value), 12)))
    ax.set_xlabel(f"{column} / {unit}" if unit else column)
    ax.set_ylabel(table)
    ax.yaxis.get_major_locator().set_params(integer=True)
    legend(ax, loc="upper right")
    middle, first, last = (wording.number(float(value)) for value in (median, low, high))
    words = f"{values.size:,} values, median {middle}, half between {first} and {last}"
    words = f"{words} {unit}".strip()
    part = f" The first {MOST:,} of {source.rows:,} rows." if source.rows > MOST else ""
    alt = f"Histogram of {column} over the {table}: {words}."
    return drawn(figure, alt, f"Distribution of {column}", f"{words}.{part}")


def _bins(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """Return the number of bins by Freedman and Diaconis, between 8 and 60."""
    low, high = np.quantile(values, [0.25, 0.75])
    width = 2 * (high - low) / np.cbrt(values.size)
    count = np.ptp(values) / width if width > 0 else 8
    return int(np.clip(count, 8, 60))
