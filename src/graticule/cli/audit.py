"""``graticule audit``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from graticule.core.errors import FormatError, UnknownNameError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from graticule.evaluate.audit import Audit
    from graticule.report.style import Drawing

_MAX_ANNOTATED = 12  # images whose heat map has its numbers written in
_MAX_TICKS = 40  # names of images along an axis


def audit(
    images: Annotated[list[str], Parameter(negative=())],
    /,
    *,
    method: str = "otsu",
    keep: Literal["bright", "dark"] = "bright",
    truth: Path | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("audit"),
) -> int:
    """Apply every image's threshold to every image of a study, and show what a fixed one would do.

    Writes thresholds.csv, fractions.csv (a row for each image a threshold comes from, a column
    for each it is applied to), with a truth dice.csv, and audit.html. Exit status: 0 all done, 1
    some images have no threshold, 2 wrong request.

    Examples: graticule audit "series/*.tif" --method otsu -o audit;
    graticule audit images/ --truth masks/ --method triangle

    Try: graticule simulate nuclei -n 3 -o fields; graticule audit fields/images

    Parameters
    ----------
    images
        Files, folders or patterns; images in colour are made grey.
    method
        A histogram threshold: otsu, isodata, li, yen, triangle, mean, minimum, intermodes,
        kittler_illingworth, max_entropy or moments.
    keep
        Whether objects are bright or dark.
    truth
        A folder of masks with the names of the images.
    out
        Folder for the tables and the page.
    """
    from graticule.cli.console import (
        announce_compilation,
        print_skipped,
        print_table,
        progress_bar,
    )
    from graticule.core.registry import get_op
    from graticule.evaluate.audit import audit as run
    from graticule.io import study

    values = get_op("threshold.values")
    known = values.parameters.schema()["properties"]["methods"]["default"]
    if method not in known:
        raise UnknownNameError(
            f"--method {method} is no threshold of the histogram", hint=suggest(method, known)
        )
    found = study(images)
    sources = {source.name: partial(_read_grey, source.path) for source in found}
    masks = None if truth is None else _masks_of_truth(truth, list(sources))
    announce_compilation()
    with progress_bar("audit") as progress:
        result = run(
            sources,
            lambda image: float(values(image, methods=[method])[method].iloc[0]),
            keep=keep,
            truth=masks,
            progress=progress,
        )
    _write(result, method, out)
    print_table(result.images)
    print(*_sentences(result, method), sep="\n")
    for name, why in result.failed.items():
        print(f"no threshold: {name}: {why}")
    print_skipped(found.skipped)
    print(f"-> {out / 'audit.html'}")
    return 1 if result.failed else 0


def _read_grey(path: Path) -> Any:
    from graticule.core.registry import get_op
    from graticule.io import read

    image = read(path)
    return get_op("transform.grey")(image) if "c" in image.dims else image.compute()


def _masks_of_truth(folder: Path, names: list[str]) -> dict[str, Callable[[], Any]]:
    from graticule.io.pairing import files_by_name, partners
    from graticule.io.reading import read_single_channel

    masks = partners(names, folder)
    if not masks:
        raise FormatError(
            "holds no mask with the name of an image",
            where=str(folder),
            hint=f"as {names[0]}; it has {', '.join(list(files_by_name(folder))[:5])}",
        )
    return {name: partial(read_single_channel, path) for name, path in masks.items()}


def _write(result: Audit, method: str, out: Path) -> None:
    """Write tables and page."""
    from graticule.cli._training import make_folder
    from graticule.core.csv import csv_text
    from graticule.report.html import save

    make_folder(out)
    tables = {"thresholds": result.images.set_index("image"), "fractions": result.fractions}
    if result.dice is not None:
        tables["dice"] = result.dice
    for name, table in tables.items():
        index = "image" if name == "thresholds" else "threshold of"
        save(csv_text(table.reset_index(names=index, allow_duplicates=True)), out / f"{name}.csv")
    save(_page(result, method), out / "audit.html")


def _sentences(result: Audit, method: str) -> list[str]:
    """Return in words what the audit shows."""
    row = result.spread.iloc[0]
    own, fixed = row["own_variation"], row["fixed_variation"]
    sentences = [
        f"The {method} threshold goes from {row['threshold_lowest']:.4g} to "
        f"{row['threshold_highest']:.4g} over {row['images']} images.",
        f"The fraction it picks varies by {own:.1%} (standard deviation over mean) where each "
        f"image has its own, and by {fixed:.1%} where all have that of {row['fixed_from']}.",
    ]
    if "own_dice" in row and not math.isnan(row["own_dice"]):
        sentences.append(
            f"Against the truth, Dice is {row['own_dice']:.3f} with own thresholds and "
            f"{row['fixed_dice']:.3f} with the fixed one (at worst {row['fixed_dice_lowest']:.3f})."
        )
    return sentences


def _page(result: Audit, method: str) -> str:
    from graticule.report import wording
    from graticule.report.grid import grid_of
    from graticule.report.html import render

    table = result.images
    figures = [_heat_map(result.fractions, "Fraction picked by the threshold", "fraction")]
    if result.dice is not None:
        figures.append(_heat_map(result.dice, "Agreement with the truth", "Dice"))
    content = {
        "title": f"Threshold {method} over a study",
        "count": len(table),
        "summary": _sentences(result, method),
        "failed": list(result.failed.items()),
        "figures": figures,
        "grid": grid_of(
            table.rename(columns=lambda name: str(name).replace("_", " ")),
            {},
            texts=lambda values: list(map(wording.number, values)),
        ),
    }
    return render("audit.html", content, package="graticule.cli")


def _heat_map(table: pd.DataFrame, title: str, what: str) -> Drawing:
    """Return the heat map of a table of every threshold on every image."""
    import numpy as np

    from graticule.core.palette import INK
    from graticule.report.style import as_drawing, new_figure

    count = len(table)
    side = min(10.0, max(4.5, 1.6 + 0.55 * count))
    figure, ax = new_figure(side + 1.2, side)
    values = table.to_numpy()
    shown = ax.imshow(values, cmap="cividis", vmin=0, vmax=max(float(np.nanmax(values)), 1e-12))
    names = [str(name) for name in table.columns]
    every = range(0, count, max(1, math.ceil(count / _MAX_TICKS)))
    ax.set_xticks(every, [_shorten(names[k]) for k in every], rotation=60, ha="right", fontsize=7)
    ax.set_yticks(every, [_shorten(names[k]) for k in every], fontsize=7)
    ax.set_xlabel("applied to")
    ax.set_ylabel("threshold of")
    if count <= _MAX_ANNOTATED:
        half = float(np.nanmax(values)) * 0.55
        for y, x in np.ndindex(values.shape):
            colour = INK if values[y, x] > half else "white"
            weight = "bold" if x == y else "normal"
            text = f"{values[y, x]:.2f}"
            ax.text(x, y, text, ha="center", va="center", size=7, color=colour, weight=weight)
    bar = figure.colorbar(shown, ax=ax, shrink=0.8)
    bar.ax.tick_params(labelsize=7)
    bar.set_label(what, size=8)
    figure.tight_layout()
    caption = (
        "Down a column, one image under every threshold: even where the choice does not matter."
    )
    alt = f"Heat map of {what} for {count} thresholds on {count} images"
    return as_drawing(figure, alt, title, caption)


def _shorten(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:8]}…{name[-9:]}"
