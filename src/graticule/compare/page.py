"""The page of a comparison: a table, views that move together, agreement, and the best."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.compare.comparison import Comparison, ImageTrials
from graticule.compare.scoring import MEASURES
from graticule.compare.trial import Trial
from graticule.core.image import Kind
from graticule.evaluate.pixels import hit_map
from graticule.pipeline.preview import to_picture
from graticule.report import wording
from graticule.report.draw import (
    ColourScale,
    Paint,
    colour_scale_of,
    downsample,
    is_upward,
    paint,
)
from graticule.report.figures.hits import hit_legend, hits_as_rgb
from graticule.report.grid import grid_of, plain
from graticule.report.html import render
from graticule.report.preview import Picture, picture_of

SIDE = 420
SHOWN = 4
LITTLE = 0.7
"""Mean agreement below which there is no majority to speak of."""


def page(
    title: str,
    comparison: Comparison,
    images: Sequence[ImageTrials],
    *,
    text: str,
    command: Sequence[str] = (),
) -> str:
    """Return the page as HTML, with the first few images.

    ``text`` is the best variant as a pipeline, ``command`` how to repeat the comparison.
    """
    shown = [image for image in images if any(t.value is not None for t in image.trials)][:SHOWN]
    pictures = [[_picture(t.value, t.kind) for t in image.trials] for image in shown]
    scale = _common_scale([p for row in pictures for p in row if p is not None])
    first = images[0].trials
    content = {
        "title": title,
        "variants": [trial.variant.name for trial in first],
        "summary": _summarise(comparison, len(images)),
        "failed": list(comparison.faults.items()),
        "grid": grid_of(comparison.summary, comparison.summary.attrs.get("units", {})),
        "scale": f"{scale.low:.4g} to {scale.high:.4g}" if scale else "",
        "images": [
            _image(image, row, scale, comparison, str(number))
            for number, (image, row) in enumerate(zip(shown, pictures, strict=True))
        ],
        "hit_legend": hit_legend() if comparison.by_truth else [],
        "matrix": _matrix(comparison.agreement),
        "agreement_words": _agreement_words(first),
        "text": text,
        "command": shlex.join(command),
    }
    package = "graticule.compare"
    return render(
        "template.html", content, package=package, styles=["compare.css"], scripts=["compare.js"]
    )


def _summarise(comparison: Comparison, images: int) -> list[str]:
    """Return in words which variant is best, by what, and what that is worth."""
    top = comparison.summary.iloc[0]
    words = MEASURES[comparison.measure]
    over = f", the mean over {images} images" if images > 1 else ""
    first = wording.number(float(top[comparison.measure]))
    if comparison.is_alone:
        return [f"Only {comparison.best} gave a result, so there is nothing to compare it with."]
    sentences = [f"{comparison.best} comes first: {words} = {first}{over}."]
    if len(comparison.summary) > 1:
        second = comparison.summary.iloc[1]
        value = wording.number(float(second[comparison.measure]))
        sentences.append(f"Next comes {second['way']} with {value}.")
    if comparison.by_truth:
        sentences.append(
            "It was chosen on these images: its score here is too good for new ones. Measure it "
            "on images that had no part in the choice, with graticule evaluate."
        )
    else:
        sentences.append(
            "There is no truth to score against: first is what agrees most with the others. That "
            "is the opinion of the majority and no proof. Give --truth to measure."
        )
        if float(top[comparison.measure]) < LITTLE:
            sentences.append("They agree so little that this order says nothing: look at them.")
    return sentences


def _matrix(agreement: pd.DataFrame) -> list[list[tuple[str, int]]]:
    """Return text and shade of each cell; the shades run from the least agreement to 1."""
    values = agreement.to_numpy(float)
    known = values[np.isfinite(values)]
    least = min(0.9, float(known.min())) if known.size else 0.0

    def cell(value: float) -> tuple[str, int]:
        if not np.isfinite(value):
            return "", 0
        return f"{value:.3f}", round(70 * (value - least) / (1 - least))

    return [[cell(float(value)) for value in row] for row in values]


def _agreement_words(trials: Sequence[Trial]) -> str:
    kind = next((trial.kind for trial in trials if trial.value is not None), Kind.IMAGE)
    measure = {
        Kind.MASK: "the Dice coefficient of each pair of masks",
        Kind.LABELS: "the adjusted Rand index of each pair of labellings",
    }.get(kind, "the correlation of each pair of images")
    return f"The table gives {measure}; 1 is the same result."


def _picture(image: object, kind: Kind) -> Picture | None:
    """Return the picture of a result or an image; None where there is nothing to show."""
    if not isinstance(image, xr.DataArray):
        return None
    picture = picture_of(*to_picture(image, kind)).flat()
    return downsample(picture, SIDE) if len(picture.axes) >= 2 else None


def _common_scale(pictures: Sequence[Picture]) -> ColourScale | None:
    """Return one scale for all results, if they are images."""
    grey = [p for p in pictures if p.kind in (Kind.IMAGE, Kind.PROBABILITY) and not p.is_colour]
    if not grey:
        return None
    values = np.concatenate([p.values.astype(float).ravel() for p in grey])
    whole = Picture(values.reshape(1, -1), grey[0].axes, grey[0].kind)
    return colour_scale_of(whole)


def _image(
    image: ImageTrials,
    pictures: Sequence[Picture | None],
    scale: ColourScale | None,
    comparison: Comparison,
    key: str,
) -> dict[str, Any]:
    ground, truth = (
        _picture(each, Kind.MASK if getattr(each, "dtype", None) == np.bool_ else kind)
        for each, kind in ((image.source, Kind.IMAGE), (image.truth, Kind.LABELS))
    )
    panes = []
    layers: list[str] = []
    aspect = 1.0
    rows = comparison.rows[comparison.rows["image"] == image.image].set_index("way")
    for trial, picture in zip(image.trials, pictures, strict=True):
        shown = [] if picture is None else _layers(picture, scale, ground, truth)
        layers = layers or [name for name, _ in shown]
        if picture is not None:
            down, along = (abs(axis.step) * axis.size for axis in picture.axes[:2])
            aspect = along / down if picture.axes[0].is_spatial else 4 / 3
        name = trial.variant.name
        note = trial.fault or _note(rows.loc[name].to_dict(), comparison.measure, trial.units)
        panes.append({"name": name, "layers": shown, "note": note, "best": name == comparison.best})
    return {"name": image.image, "key": key, "layers": layers, "panes": panes, "aspect": aspect}


def _note(row: Mapping[Any, Any], measure: str, units: Mapping[str, str]) -> str:
    words = []
    if plain(row.get(measure)) is not None:
        words.append(f"{MEASURES[measure]} = {wording.number(plain(row[measure]))}")
    words += [
        f"{name.replace('_', ' ')} = {wording.number(plain(value))} "
        f"{wording.unit(units.get(name, ''))}".strip()
        for name, value in row.items()
        if str(name).endswith(("_count", "_median")) and plain(value) is not None
    ]
    if plain(row.get("seconds")) is not None:
        words.append(wording.seconds(float(row["seconds"])))
    return " · ".join(words)


def _layers(
    picture: Picture, scale: ColourScale | None, ground: Picture | None, truth: Picture | None
) -> list[tuple[str, str]]:
    """Return what can be shown of a result, as data URIs by name."""
    upward = is_upward(picture)
    layers = [("result", paint(picture, scale))]
    same = ground is not None and ground.values.shape[:2] == picture.values.shape[:2]
    if ground is not None and same:
        if picture.kind in (Kind.MASK, Kind.LABELS):
            outlined = Picture(picture.values != 0, picture.axes, Kind.MASK)
            layers.append(("on the image", paint(outlined, None, ground)))
        layers.append(("image", paint(ground)))
    flat = picture.kind in (Kind.MASK, Kind.LABELS)
    if flat and truth is not None and truth.values.shape == picture.values.shape:
        layers.append(
            ("against truth", Paint(hits_as_rgb(hit_map(picture.values != 0, truth.values != 0))))
        )
    return [(name, colours.uri(upward=upward)) for name, colours in layers]
