"""The page of the study: the trap in one figure, and the images that were misread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.palette import BLUE, GREY, INK, ORANGE
from graticule.core.typing import Array
from graticule.report.html import render, save
from graticule.report.style import Drawing, as_drawing, legend, new_figure

SHOWN = 24


def write_page(
    path: Path,
    table: pd.DataFrame,
    stack: Sequence[xr.DataArray],
    truth: Array,
    predictions: Mapping[str, Array],
) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
        Where to.
    table : DataFrame
        A row for each method of each task.
    stack : sequence of DataArray
        The images.
    truth : array
        The digit of each.
    predictions : mapping
        The digit that each classifier read in images of people it had not seen, by method.
    """
    tasks = list(dict.fromkeys(table["task"]))
    figures = [_scores(table[table["task"] == task]) for task in tasks]
    held = table[table["task"] == "classification"].sort_values("held_out").iloc[-1]
    method = str(held["method"])
    figures.append(_misread(stack, truth, predictions[method], method))
    known, low, high = (f"{100 * held[name]:.1f}" for name in ("held_out", "low", "high"))
    summary = (
        "A score on the images that were learned from says nothing: a tree and the nearest "
        f"neighbour know every one of them by heart. Of people it has not seen, {method} reads "
        f"{known} % of the digits ({low} to {high}, 95 % over people)."
    )
    content = {
        "title": "digits",
        "summary": [summary],
        "figures": figures,
        "rows": table.to_dict("records"),
        "count": len(stack),
    }
    save(render("page.html", content, package="graticule.recipes.digits"), path.absolute())


def _scores(rows: pd.DataFrame) -> Drawing:
    """Draw each method's score on its training data beside that on people it has not seen."""
    measure = str(rows["measure"].iloc[0])
    figure, ax = new_figure(5.6, 0.9 + 0.42 * len(rows))
    figure.subplots_adjust(left=0.2, bottom=0.5 / figure.get_figheight())
    for row, (_, one) in enumerate(rows.iterrows()):
        ax.plot([one["low"], one["high"]], [row] * 2, color=BLUE, lw=5, alpha=0.35)
        ax.plot(one["held_out"], row, "o", color=BLUE, ms=7, label="people not seen" * (row == 0))
        ax.plot(one["shuffled"], row, "|", color=GREY, ms=13, mew=2, label="shuffled" * (row == 0))
        ax.plot(
            one["on_training_data"], row, "D", mfc="none", color=ORANGE, ms=7, mew=1.6,
            label="training data" * (row == 0),
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), list(rows["method"]), color=INK)
    ax.set_ylim(len(rows) - 0.5, -0.6)
    ax.set_xlabel(measure)
    legend(ax, loc="lower left" if measure == "accuracy" else "upper right")
    words = ", ".join(
        f"{one['method']} {one['on_training_data']:.3f} and {one['held_out']:.3f}"
        for _, one in rows.iterrows()
    )
    return as_drawing(
        figure,
        alt=f"{measure} on the training data and on people not seen: {words}",
        title=f"The {rows['task'].iloc[0]}: {measure}",
        caption="Diamonds: on the images that were learned from. Dots: on people who were not, "
        "with the interval over people. Strokes: images drawn one by one.",
    )


def _misread(
    stack: Sequence[xr.DataArray],
    truth: Array,
    predicted: Array,
    method: str,
) -> Drawing:
    """Draw images that the best method misread."""
    wrong = np.flatnonzero(predicted != truth)
    figure, axes = new_figure(7.2, 3.0, columns=1)
    axes.remove()
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.93, hspace=0.3)
    for place, index in enumerate(wrong[:SHOWN]):
        ax = figure.add_subplot(3, SHOWN // 3, place + 1)
        ax.imshow(stack[index].values, cmap="gray_r", interpolation="nearest")
        ax.set_title(f"{truth[index]}, read {predicted[index]}", fontsize=7, color=INK, pad=2)
        ax.set_axis_off()
    return as_drawing(
        figure,
        alt=f"{min(SHOWN, len(wrong))} images that {method} misread",
        title=f"Misread by {method}",
        caption=f"{len(wrong)} of {len(stack)} images of people not seen; the first "
        f"{min(SHOWN, len(wrong))}.",
    )
