"""Figures of a clustering: indices against nulls, sweeps, merges, effects, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graticule.clustering.analysis import Analysis, MethodResult
from graticule.core.palette import FAINT, INK
from graticule.core.typing import Array
from graticule.report.clustering.maps import colours
from graticule.report.style import Drawing, as_drawing, new_figure

_LEAVES = 60
_GROUPS, _FEATURES = 16, 16


def evidence(analysis: Analysis) -> list[Drawing]:
    """Draw what the main method's groups are held against."""
    return []


def sweeps(analysis: Analysis) -> list[Drawing]:
    """Draw every sweep."""
    return []


def trees(analysis: Analysis) -> list[Drawing]:
    """Draw the merges of every agglomerative method."""
    drawn = [tree(result) for result in analysis.methods.values()]
    return [each for each in drawn if each is not None]


def tree(result: MethodResult) -> Drawing | None:
    """Draw the last merges of an agglomerative method as a dendrogram, and where it was cut."""
    merges = result.clustering.method.content.get("linkage")
    if result.clustering.method.step.name != "agglomerative" or merges is None:
        return None
    from scipy.cluster.hierarchy import dendrogram

    figure, ax = new_figure(8.6, 3.6)
    shown = min(_LEAVES, len(merges) + 1)
    groups = result.groups
    above = merges[-(groups - 1), 2] if groups > 1 else merges[-1, 2] * 1.05
    below = merges[-groups, 2] if groups <= len(merges) else 0.0
    cut = float(above + below) / 2
    drawn = dendrogram(
        merges, p=shown, truncate_mode="lastp", no_plot=True, color_threshold=0,
        show_leaf_counts=True,
    )  # fmt: skip
    for xs, ys in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(xs, ys, color=INK if max(ys) > cut else FAINT, lw=1)
    ax.axhline(cut, color="#d55e00", lw=1.2, ls=(0, (5, 3)))
    ax.set_xticks([])
    ax.set_xlabel(f"the last {shown} of {len(merges) + 1:,} branches")
    ax.set_ylabel("distance of what is merged")
    ax.set_ylim(bottom=0)
    linkage = result.clustering.method.parameters.linkage
    caption = (
        f"{result.name}: merges by {linkage} linkage. Cut at the dashed line, there are {groups} "
        f"groups; the longer the lines it crosses, the more they are apart ({below:.3g} to "
        f"{above:.3g})."
    )
    return as_drawing(
        figure, f"Dendrogram of {result.name}", "How groups merge", caption, wide=True
    )


def effects(analysis: Analysis) -> Drawing | None:
    """Draw which feature sets which group apart, by how much."""
    made = analysis.features.image_rows
    own = set(analysis.features.image_columns) if made and made.name == "values" else set()
    names = list(analysis.features.table.columns)
    kept = [n for n, name in enumerate(names) if name not in own]
    groups = min(analysis.main.groups, _GROUPS)
    if not kept or groups < 2:
        return None
    values = analysis.effects[:groups][:, kept]
    most = np.nanmax(np.abs(np.where(np.isfinite(values), values, 0)), axis=0)
    order = np.argsort(-most, kind="stable")[:_FEATURES]
    shown = values[:, order].T
    figure, ax = new_figure(8.6, 1.3 + 0.27 * len(order))
    reach = float(np.clip(np.nanmax(np.abs(shown)), 0.5, 3))
    picture = ax.imshow(shown, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto")
    ax.set_yticks(range(len(order)), [names[kept[n]] for n in order], fontsize=8)
    ax.set_xticks(range(groups), [f"group {n}" if groups < 9 else str(n) for n in range(groups)])
    for tick, colour in zip(ax.get_xticklabels(), colours(range(groups)), strict=True):
        tick.set_color(colour)
        tick.set_weight("bold")
    _numbers(ax, shown, reach)
    longest = max((len(names[kept[n]]) for n in order), default=6)
    figure.subplots_adjust(left=(0.3 + 0.075 * min(longest, 40)) / 8.6, right=0.99)
    bar = figure.colorbar(picture, ax=ax, fraction=0.03, pad=0.02)
    bar.ax.tick_params(labelsize=7.5)
    bar.outline.set_visible(False)
    caption = (
        "Cohen's d: the mean of a group less that of all others, over their standard deviation. "
        "0.2 is small, 0.5 medium, 0.8 large. The features that differ most."
    )
    alt = "Effect sizes of features by group"
    return as_drawing(figure, alt, "What sets a group apart", caption, wide=True)


def _numbers(ax: Any, values: Array, reach: float) -> None:
    """Write numbers into a picture of few cells."""
    if values.size > 200:
        return
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = abs(value) > 0.6 * reach
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7,
                    color="white" if dark else INK)  # fmt: skip


def lines(labels: Sequence[str]) -> int:
    """Return how many lines a key of some labels takes."""
    return -(-len(labels) // 4)
