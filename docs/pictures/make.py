"""Make the pictures of the README from the demo's run folders.

Run as ``python docs/pictures/make.py graticule-demo``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#1f77b4", "#d95f02", "#9aa0a6"


def main(demo: Path) -> None:
    """Draw coins and a sunquake side by side."""
    figure = Figure(figsize=(11, 6.2), layout="constrained", dpi=110)
    axes = figure.subplots(2, 3, width_ratios=[1.15, 1.15, 1])
    _coins(axes[0], demo / "coins")
    _sunquake(axes[1], demo / "sunquake")
    FigureCanvasAgg(figure).print_png(Path(__file__).with_name("demo.png"))


def _coins(axes: Any, folder: Path) -> None:
    with np.load(folder / "previews" / "coins.npz") as pictures:
        photograph, labels = pictures["step/image"], pictures["step/kept"]
    objects = pd.read_parquet(folder / "objects.parquet")
    for ax, title in zip(axes, ["photograph", f"{len(objects)} coins", "areas"], strict=True):
        ax.set_title(title, fontsize=10, loc="left")
    for ax in axes[:2]:
        ax.imshow(photograph, cmap="gray")
        ax.set_axis_off()
    axes[1].contour(labels > 0, [0.5], colors=[ORANGE], linewidths=1.2)
    for _, row in objects.iterrows():
        axes[1].text(row["centroid_x"], row["centroid_y"], str(int(row["label"])), color="w",
                     ha="center", va="center", fontsize=7)  # fmt: skip
    axes[2].hist(objects["area"], bins=12, color=BLUE, rwidth=0.92)
    axes[2].set_xlabel("area / pixels")
    axes[2].set_ylabel("coins")


def _sunquake(axes: Any, folder: Path) -> None:
    image = "ripple-0"
    rows = pd.read_parquet(folder / "images.parquet").set_index("image")
    with np.load(folder / "previews" / f"{image}.npz") as pictures:
        meta = json.loads(pictures["meta"].tobytes())["step/scaled"]["coords"]
        scaled, null = pictures["step/scaled"], pictures["check/chance/null"]
    t, d = meta["time"], meta["distance"]
    extent = [0, scaled.shape[1] * d["step"], 0, scaled.shape[0] * t["step"]]
    row = rows.loc[image]
    distance = np.linspace(row["d0"], extent[1], 200)
    arc = row["t0"] + row["a"] * np.sqrt((distance - row["d0"]) / d["step"]) * t["step"]
    for ax in axes[:2]:
        ax.imshow(
            scaled, origin="lower", aspect="auto", extent=extent, cmap="RdBu_r", vmax=3, vmin=-3
        )
        ax.set_xlabel("distance / Mm")
        ax.set_ylabel("time / min")
    for shift in (-3, 3):
        axes[1].plot(distance, arc + shift, color="k", linewidth=1.2)
    axes[2].hist(null, bins=40, color=GREY)
    axes[2].axvline(row["statistic"], color=ORANGE, linewidth=2)
    axes[2].set_xlabel("statistic")
    axes[2].set_ylabel("surrogates")
    titles = ["simulated wave field", "the ripple found in it", f"chance: p = {row['p']:.3g}"]
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize=10, loc="left")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "graticule-demo"))
