"""Figures of a clustering: indices against nulls, sweeps, merges, effects, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.clustering.analysis import Analysis, MethodResult
from graticule.core.palette import FAINT, INK
from graticule.core.typing import Array
from graticule.report import wording
from graticule.report.clustering.maps import colours
from graticule.report.clustering.words import NULLS
from graticule.report.style import Drawing, as_drawing, new_figure

if TYPE_CHECKING:
    import pandas as pd

    from graticule.learn.clustering.surrogates import Kind
    from graticule.learn.clustering.sweep import SweepResult

_LEAVES = 60
_GROUPS, _FEATURES = 16, 16


def evidence(analysis: Analysis) -> list[Drawing]:
    """Draw what the main method's groups are held against."""
    main = analysis.main
    drawn = [null(main), stability(main), confusion(main)]
    return [each for each in drawn if each is not None]


_GAP = "gap between groups (0.33: one normal cloud; 1: two points)"


def null(result: MethodResult) -> Drawing | None:
    """Draw what a method finds in tables without groups, and in this one."""
    found = result.null
    if found is None or result.groups < 2:
        return None
    by_statistic: dict[str, list[Kind]] = {}
    for kind, each in found.kinds.items():
        by_statistic.setdefault(each.statistic, []).append(kind)
    figure, _ = new_figure(8.6 if len(by_statistic) > 1 else 5.6, 3.2)
    figure.clear()
    axes = np.atleast_1d(figure.subplots(1, len(by_statistic)))
    for ax, (statistic, kinds) in zip(axes, by_statistic.items(), strict=True):
        every = np.concatenate([[found.kinds[k].value, *found.kinds[k].surrogates] for k in kinds])
        room = max(0.02 * float(np.ptp(every)), 1e-3)
        edges = np.linspace(every.min() - room, every.max() + room, 45)
        for kind, colour in zip(kinds, ("#56b4e9", FAINT, "#cc79a7"), strict=False):
            draws = found.kinds[kind].surrogates
            ax.hist(draws, edges, color=colour, alpha=0.7, label=NULLS[kind], lw=0)
        value = found.kinds[kinds[0]].value
        ax.axvline(value, color="#d55e00", lw=2, label="this table")
        ax.set_xlabel(_GAP if statistic == "gap" else "mean silhouette")
        ax.set_ylim(0, ax.get_ylim()[1] * 1.5)
        _small_axes(ax, ax.get_xlabel())
        ax.legend(frameon=False, fontsize=6.8, labelcolor=INK, loc="upper left")
    axes[0].set_ylabel("tables without groups", fontsize=8, color=INK)
    figure.subplots_adjust(left=0.08, right=0.985, bottom=0.17, top=0.96, wspace=0.15)
    tested = ", ".join(f"p = {each.p.p:.2g} against {NULLS[k]}" for k, each in found.kinds.items())
    rows = f" {found.rows:,} rows were drawn for it." if found.rows < len(result.labels) else ""
    caption = (
        f"What {result.name} finds in tables without groups, and in this one (line): {tested}. "
        "A single cloud of either shape must be ruled out; shuffled columns only say whether "
        f"columns belong together at all.{rows}"
    )
    return as_drawing(figure, caption, "Against tables without groups", caption, wide=True)


def stability(result: MethodResult) -> Drawing | None:
    """Draw how well each group is found again."""
    found = result.stability
    if found is None or result.groups < 2:
        return None
    shown = min(result.groups, 30)
    figure, ax = new_figure(5.6, 3.4)
    ax.bar(range(shown), found.by_group[:shown], color=colours(range(shown)), width=0.75)
    ax.axhline(0.5, color=FAINT, lw=0.8, ls=(0, (4, 3)))
    ax.set_ylim(0, 1.02)
    ax.set_xticks(range(shown), [str(n) for n in range(shown)], fontsize=8 if shown < 16 else 6)
    ax.set_xlabel("group")
    ax.set_ylabel("overlap with itself, made again")
    ends = np.percentile(found.ari, (5, 50, 95))
    caption = (
        f"Groups made again {len(found.ari)} times from {found.share:.0%} of the rows: the mean "
        "overlap (Jaccard) of each with the group most like it; below one half it dissolves. All "
        f"together: adjusted Rand index {ends[1]:.2f} (5 to 95 %: {ends[0]:.2f} to {ends[2]:.2f})."
    )
    return as_drawing(figure, caption, "Made again from parts of the rows", caption)


def confusion(result: MethodResult) -> Drawing | None:
    """Draw how many of each label are in each group."""
    found = result.agreement
    if found is None or found.confusion.size > 2500:
        return None
    counts = found.confusion.to_numpy().T
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wide = float(np.clip(1.9 + 0.42 * counts.shape[1], 4.2, 8.6))
    figure, ax = new_figure(wide, float(np.clip(1.1 + 0.3 * counts.shape[0], 2.2, 7)))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    names = [str(name) for name in found.confusion.columns]
    ax.set_yticks(range(len(names)), names, fontsize=8)
    groups = ["none" if group < 0 else str(group) for group in found.confusion.index]
    ax.set_xticks(range(len(groups)), groups, fontsize=8)
    ax.set_xlabel("group")
    if counts.size <= 400:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                ax.text(column, row, f"{count}", ha="center", va="center", fontsize=7,
                        color="white" if shares[row, column] > 0.55 else INK)  # fmt: skip
    longest = max(map(len, names))
    figure.subplots_adjust(left=min(0.4, (0.35 + 0.07 * longest) / wide))
    caption = "How many of each label (rows) are in each group; the darker, the larger the part."
    return as_drawing(figure, caption, "Labels and groups", caption)


_PANELS = {
    "silhouette": "silhouette (higher is better)",
    "davies_bouldin": "Davies-Bouldin (lower is better)",
    "calinski_harabasz": "Calinski-Harabasz (higher)",
    "bic": "BIC (lower is better)",
}


def sweeps(analysis: Analysis) -> list[Drawing]:
    """Draw every sweep: the groups, what is in none, and the indices."""
    found = analysis.methods.values()
    return [_sweep(result, result.sweep) for result in found if result.sweep is not None]


def _sweep(result: MethodResult, sweep: SweepResult) -> Drawing:
    """Draw a sweep as panels side by side, a line for each value of a second parameter."""
    rows, names = sweep.table, list(result.spec.sweep)
    panels = [key for key in _PANELS if key in rows and rows[key].notna().any()]
    figure, _ = new_figure(8.6, 2.8)
    figure.clear()
    axes = np.atleast_1d(figure.subplots(1, len(panels) + 1))
    name, values = names[-1], list(result.spec.sweep[names[-1]])
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    xs = [float(v) for v in values] if numeric else [float(n) for n in range(len(values))]
    firsts = list(result.spec.sweep[names[0]]) if len(names) > 1 else [None]
    taken = _taken(result, name)
    for ax, key in zip(axes, ["groups", *panels], strict=True):
        for number, first in enumerate(firsts):
            own = rows if first is None else rows[rows[names[0]] == first]
            ax.plot(xs, own[key], color=_LINES[number % len(_LINES)], marker="o", ms=3.2, lw=1.2,
                    label=str(first))  # fmt: skip
        ax.set_title(_PANELS.get(key, "groups"), fontsize=8, color=INK)
        if key == "groups":
            ax.set_ylim(bottom=0)
            _noise_axis(ax, xs, rows if firsts == [None] else rows[rows[names[0]] == firsts[0]])
        if taken in values:
            ax.axvline(xs[values.index(taken)], color="#0072b2", lw=1, ls=(0, (4, 3)))
        if not numeric:
            ax.set_xticks(xs, [str(value) for value in values], fontsize=6, rotation=30)
        _small_axes(ax, name)
    if len(names) > 1:
        axes[-1].legend(title=names[0], fontsize=6, title_fontsize=6, frameon=False)
    figure.subplots_adjust(left=0.05, right=0.985, bottom=0.2, top=0.86, wspace=0.4)
    noise = rows["noise_share"].max() > 0
    caption = (
        f"{result.name}: what other values of {' and '.join(names)} give; the dashed blue line is "
        "the one taken."
        + (" The dashed red line is the part of the rows in no group, which no index counts."
           if noise else "")
        + (f" Taken by {sweep.rule}." if result.chosen else "")
    )  # fmt: skip
    title = f"{result.name}: {' and '.join(names)}"
    return as_drawing(figure, f"Sweep of {' and '.join(names)}", title, caption, wide=True)


_LINES = (INK, "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def _noise_axis(ax: Any, xs: Sequence[float], rows: pd.DataFrame) -> None:
    """Draw the part of the rows in no group, where there is one, on an axis of its own."""
    if not rows["noise_share"].max() > 0:
        return
    other = ax.twinx()
    other.plot(xs, rows["noise_share"], color="#d55e00", lw=1.2, ls=(0, (3, 2)))
    other.set_ylim(0, 1.02)
    other.tick_params(labelsize=6.5, colors="#d55e00", length=2)


def _small_axes(ax: Any, name: str) -> None:
    ax.tick_params(labelsize=6.5, colors=INK, length=2, color=FAINT)
    ax.set_xlabel(name, fontsize=7.5, color=INK)
    for spine in ax.spines.values():
        spine.set_color(FAINT)
        spine.set_linewidth(0.7)
    ax.spines["top"].set_visible(False)
    ax.spines["right"].set_visible(False)


def _taken(result: MethodResult, name: str) -> Any:
    """Return the value of a parameter with which a method was fitted."""
    owner, _, key = name.rpartition(".")
    steps = result.clustering.chain.plain()
    step = next((each for each in steps if each["step"] == owner), steps[-1])
    return step.get(key)


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
        f"Merges by {linkage} linkage. Cut at the dashed line, there are {groups} "
        f"groups; the longer the lines it crosses, the more they are apart "
        f"({wording.number(float(below))} to {wording.number(float(above))})."
    )
    figure.subplots_adjust(left=0.09)
    title = f"{result.name}: how groups merge"
    return as_drawing(figure, f"Dendrogram of {result.name}", title, caption, wide=True)


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
    most = np.abs(np.where(np.isfinite(values), values, 0)).max(axis=0)
    order = np.argsort(-most, kind="stable")[:_FEATURES]
    shown = values[:, order].T
    figure, ax = new_figure(8.6, 1.3 + 0.27 * len(order))
    reach = float(np.clip(np.abs(shown[np.isfinite(shown)]).max(initial=0), 0.5, 3))
    picture = ax.imshow(shown, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto")
    ax.set_yticks(range(len(order)), [names[kept[n]] for n in order], fontsize=8)
    ax.set_xticks(range(groups), [f"group {n}" if groups < 9 else str(n) for n in range(groups)])
    for tick, colour in zip(ax.get_xticklabels(), colours(range(groups)), strict=True):
        tick.set_color(colour)
        tick.set_weight("bold")
    _numbers(ax, shown, reach)
    longest = max((len(names[kept[n]]) for n in order), default=6)
    figure.subplots_adjust(left=(0.3 + 0.075 * min(longest, 40)) / 8.6, right=0.94)
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
