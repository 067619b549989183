"""The picture of an op, drawn from what its illustration gives."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.image import Kind
from graticule.core.palette import BLUE, ORANGE
from graticule.illustrations.illustration import Illustration
from graticule.illustrations.models import model_file
from graticule.illustrations.samples import sample
from graticule.report.draw import as_rgb, edges_of, show
from graticule.report.preview import Picture, picture_of
from graticule.report.wording import number, unit
from graticule.version import __version__

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _DPI = 2.7, 110
_ROWS, _COLUMNS = 8, 3
_LETTERS = 34
_SPARSE, _CROWDED = 0.01, 0.12
"""Shares of samples up to which they are drawn as dots, and from which on outlines hide all."""


def picture_key(illustration: Illustration) -> str:
    """Return what changes when the picture may be another: of the op's version and what is said.

    Parameters
    ----------
    illustration : Illustration
        Of any op.

    Returns
    -------
    str
        12 hexadecimal digits.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from graticule.illustrations import illustration_of
    >>> shown = illustration_of("filters.gaussian")
    >>> picture_key(shown) == picture_key(replace(shown, vary={"sigma": [9]}))
    False
    """
    said = {
        "op": illustration.op.name,
        "version": illustration.op.version,
        "graticule": __version__,
        **{key: value for key, value in vars(illustration).items() if key != "op"},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def draw(illustration: Illustration) -> tuple[bytes, str]:
    r"""Return the picture of an op as a PNG, and what it shows in words.

    Parameters
    ----------
    illustration : Illustration
        Of any op.

    Returns
    -------
    tuple of bytes and str
        The PNG, and a sentence for those who do not see it.

    Raises
    ------
    GraticuleError
        If a step cannot be done on the sample.

    Examples
    --------
    >>> from graticule.illustrations import illustration_of
    >>> png, words = draw(illustration_of("threshold.otsu"))
    >>> png[:4], words
    (b'\x89PNG', 'threshold.otsu: image; then otsu')
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = list(_panels(illustration))
    height = _height(panels)
    figure = Figure(figsize=(_WIDTH * len(panels), height), dpi=_DPI, facecolor="white",
                    layout="constrained")  # fmt: skip
    canvas = FigureCanvasAgg(figure)
    ground = _ground(illustration)
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        axes.set_title(panel.title, fontsize=9, loc="left")
        if panel.picture is not None:
            _show(axes, panel.picture, ground if panel.is_result else None)
        elif panel.is_result and illustration.places and ground is not None:
            _mark(axes, panel.value, illustration.places, ground)
        else:
            _write(axes, panel.value, illustration)
    stream = io.BytesIO()
    canvas.print_png(stream)
    first, *results = (panel.title.replace("\n", " ") for panel in panels)
    return stream.getvalue(), f"{illustration.op.name}: {first}; then {'; '.join(results)}"


@dataclass(frozen=True)
class _Panel:
    """A part of the picture: a value with its title, and its picture if it is an image."""

    title: str
    value: Any
    picture: Picture | None
    is_result: bool


def _panels(illustration: Illustration) -> Iterator[_Panel]:
    """Give what is shown: what goes in, and every result, each with its title."""
    from graticule.pipeline.evaluate import Evaluation
    from graticule.pipeline.pipeline import Pipeline

    inputs = dict(sample(illustration.on))
    pipeline = Pipeline.loads(_whole_document(illustration, inputs))
    data = {
        name: pipeline.inputs[name].prepare(value) if isinstance(value, xr.DataArray) else value
        for name, value in inputs.items()
    }
    evaluation = Evaluation(pipeline, data)
    first = pipeline.steps[next(iter(illustration.variants))]
    wires = [str(wire) for wire in first.inputs if wire is not None]
    for text in [illustration.before] if illustration.before else wires[:2]:
        yield _panel(text, *_value(evaluation, text), is_result=False)
    short = illustration.op.name.partition(".")[2].replace("_", " ")
    for name, said in illustration.variants.items():
        op = pipeline.steps[name].op
        names = [output.name for output in op.outputs]
        position = names.index(illustration.part or names[0])
        title = ", ".join(f"{key} = {_short(said[key])}" for key in illustration.vary) or short
        value = evaluation.outputs_of(name)[position]
        yield _panel(title, value, op.outputs[position].kind, is_result=True)


def _value(evaluation: Any, text: str) -> tuple[Any, Kind]:
    """Return an input, or a result of a step, with its kind."""
    name, _, part = text.partition(".")
    if name in evaluation.pipeline.inputs:
        image = evaluation.inputs[name]
        if not isinstance(image, xr.DataArray):
            return image, Kind.TABLE
        kinds = {"b": Kind.MASK, "i": Kind.LABELS if name == "truth" else Kind.IMAGE}
        return image, kinds.get(image.dtype.kind, Kind.IMAGE)
    op = evaluation.pipeline.steps[name].op
    names = [output.name for output in op.outputs]
    position = names.index(part) if part in names else 0
    return evaluation.outputs_of(name)[position], op.outputs[position].kind


def _panel(title: str, value: Any, kind: Kind, *, is_result: bool) -> _Panel:
    from graticule.pipeline.preview import to_picture

    if not isinstance(value, xr.DataArray):
        return _Panel(title, value, None, is_result)
    picture = picture_of(*to_picture(value, kind)).flat()
    note = f"\n{picture.note}" if picture.note else ""
    return _Panel(f"{title}{note}", value, picture, is_result)


def _ground(illustration: Illustration) -> Picture | None:
    """Return the sample as a picture on which masks and places are drawn, unless it is a mask."""
    image = sample(illustration.on)["image"]
    if not isinstance(image, xr.DataArray) or image.dtype.kind == "b":
        return None
    return _panel("", image, Kind.IMAGE, is_result=False).picture


def _whole_document(illustration: Illustration, inputs: dict[str, Any]) -> str:
    """Return the pipeline of all results, as JSON, which is YAML."""
    before = next(reversed(list(illustration.steps)), "image")
    fitted = {"model": str(model_file(illustration.on))} if illustration.model else {}
    results = {k: {"input": before, **v, **fitted} for k, v in illustration.variants.items()}
    steps = {**illustration.steps, **results}
    paths = {name: {} if name == "image" else {"path": f"{{stem}}_{name}.tif"} for name in inputs}
    return json.dumps({"graticule": 1, "inputs": paths, "steps": steps})


def _height(panels: list[_Panel]) -> float:
    """Return the height of the row: that of its first picture in space."""
    for picture in (panel.picture for panel in panels):
        if picture is not None and len(picture.axes) > 1 and picture.axes[0].is_spatial:
            down, along = picture.axes[:2]
            ratio = abs(down.step) * down.size / (abs(along.step) * along.size)
            return float(min(4.5, max(1.6, _WIDTH * ratio)) + 0.45)
    return 2.4


def _show(axes: Axes, picture: Picture, ground: Picture | None) -> None:
    """Draw a picture; a mask on the ground, and single samples as dots."""
    axes.tick_params(labelsize=7)
    if len(picture.axes) < 2:
        axes.plot(picture.axes[0].positions, picture.values, color=BLUE, lw=1.2)
        axes.set_xlabel(picture.axes[0].label, fontsize=8)
        return
    if ground is not None and ground.values.shape[:2] != picture.values.shape[:2]:
        ground = None
    if picture.kind in (Kind.MASK, Kind.LABELS) and 0 < np.mean(picture.values != 0) < _SPARSE:
        show(axes, ground or replace(picture, values=np.zeros_like(picture.values)))
        y, x = np.nonzero(picture.values)
        axes.plot(
            picture.axes[1].positions[x], picture.axes[0].positions[y], ".", color=ORANGE, ms=4
        )
    else:
        crowded = picture.kind == Kind.MASK and np.mean(edges_of(picture.values)) > _CROWDED
        show(axes, picture, as_rgb(picture, under=None if crowded else ground))
    if picture.axes[0].is_spatial and picture.axes[1].is_spatial:
        axes.set_axis_off()


def _mark(axes: Axes, table: pd.DataFrame, places: tuple[str, ...], ground: Picture) -> None:
    """Draw the places of a table on an image: circles where there is a radius."""
    from matplotlib.collections import EllipseCollection

    show(axes, ground)
    axes.set_axis_off()
    y, x, *radius = (table[column].to_numpy() for column in places)
    if not radius:
        axes.plot(x, y, "+", color=ORANGE, ms=5)
        return
    sizes = 2 * radius[0]
    axes.add_collection(
        EllipseCollection(sizes, sizes, np.zeros(len(sizes)), units="xy", facecolors="none",
                          offsets=np.column_stack([x, y]), offset_transform=axes.transData,
                          edgecolors=ORANGE)
    )  # fmt: skip


def _write(axes: Axes, value: Any, illustration: Illustration) -> None:
    """Draw columns of a table, or write its first rows."""
    if not isinstance(value, pd.DataFrame) or not {*illustration.plot} & {*value.columns}:
        axes.set_axis_off()
        axes.text(0, 0.98, _words(value), family="monospace", fontsize=7, va="top",
                  transform=axes.transAxes)  # fmt: skip
        return
    across, *others = illustration.plot
    lines = value.groupby(illustration.by) if illustration.by else [("", value)]
    for name, rows in lines:
        for column in others:
            axes.plot(
                rows[across], rows[column], ".-", ms=3, lw=1, label=f"{column} {name}".strip()
            )
    units = value.attrs.get("units", {})
    axes.set_xlabel(f"{across} {unit(units.get(across, ''))}".strip(), fontsize=8)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7, frameon=False)


def _words(value: Any) -> str:
    """Return a table, a record or a model as text."""
    if not isinstance(value, pd.DataFrame):
        return "\n".join(
            f"{key}: {_short(item)}" for key, item in list(dict(value).items())[:_ROWS]
        )
    units = value.attrs.get("units", {})
    if len(value) == 1:
        cells = [(name, value[name].iloc[0]) for name in value.columns[: _ROWS + 4]]
        return "\n".join(
            f"{n:16.16} {_short(v)} {unit(units.get(n, ''))}".rstrip() for n, v in cells
        )
    columns = list(value.columns[:_COLUMNS])
    rows = [[_short(item) for item in row] for row in value[columns].head(_ROWS).to_numpy()]
    widths = [max(len(c[:12]), *(len(r[i]) for r in rows), 1) for i, c in enumerate(columns)]
    lines = [" ".join(c[:12].rjust(w) for c, w in zip(columns, widths, strict=True))]
    lines += [" ".join(item.rjust(w) for item, w in zip(row, widths, strict=True)) for row in rows]
    more = [f"{len(value):,} rows, {len(value.columns)} columns"]
    return "\n".join(line[:_LETTERS] for line in lines + more)


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray | xr.DataArray):
        return f"{' x '.join(map(str, value.shape))} {value.dtype}"
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | float | np.number):
        return number(value)
    return str(value)[:_LETTERS]
