"""The page of an evaluation: means with intervals, every image's numbers, hits and misses."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from graticule.core.errors import GraticuleError
from graticule.core.image import Kind
from graticule.evaluate.checks.roc import ROC_FIGURE
from graticule.evaluate.curves import ranking
from graticule.evaluate.judged import IGNORED, OUTSIDE, VALUELESS
from graticule.pipeline.preview import to_picture
from graticule.report import wording
from graticule.report.evaluation.scoring import ScoredStudy, read_pair
from graticule.report.figures import Missing, draw_evidence
from graticule.report.figures.hits import draw_hits, hit_codes
from graticule.report.grid import Grid, grid_of
from graticule.report.html import render
from graticule.report.preview import Picture, picture_of
from graticule.report.style import Drawing

SHOWN, LISTED = 12, 500
_WORDS = {
    "mask": "Dice's coefficient",
    "labels": "Average precision at an overlap of one half, TP / (TP + FP + FN),",
    "scores": "The area under the ROC curve",
}


def page(study: ScoredStudy, title: str, *, command: Sequence[str] = (), missing: Any = ()) -> str:
    """Return the page as HTML; ``missing`` is what had no partner, in words."""
    shown = study.rows.sort_values(study.main, na_position="first")["image"].head(SHOWN)
    summary, rows = study.summary, study.shown.head(LISTED)
    content = {
        "title": title,
        "kind": study.kind,
        "summary": summarise(study),
        "failed": [*study.failed.items()],
        "missing": list(missing),
        "tables": [
            ("Over the images", _grid(summary, study), "summary.csv"),
            ("Image by image", _grid(rows, study), "evaluation.csv"),
        ],
        "total": len(study.rows),
        "images": [_figure(study, str(name)) for name in shown],
        "command": shlex.join(command),
    }
    return render("template.html", content, package="graticule.report.evaluation")


def summarise(study: ScoredStudy) -> list[str]:
    """Return in words how good the results are, and what to beware of."""
    count = len(study.rows)
    sentences = []
    words = _WORDS[study.kind]
    mean = study.means.get(study.main)
    if mean is None:
        sentences.append(f"{words} has no value in any image.")
    elif count == 1:
        row = study.rows.iloc[0]
        low, high = (float(row[f"{study.main}_{end}"]) for end in ("low", "high"))
        over = (
            f"; between {low:.4g} and {high:.4g} by resampling {row['blocks']} blocks of the image"
            if not math.isnan(low)
            else "; the image holds too few independent blocks for an interval"
        )
        sentences.append(f"{words} is {mean.estimate:.4g}{over}.")
    else:
        over = f"between {mean.low:.4g} and {mean.high:.4g} by resampling the images"
        sentences.append(
            f"{words} is {mean.estimate:.4g} in the mean over {mean.units} images; {over}."
        )
        if mean.left_out:
            sentences.append(f"It has no value in {wording.count(mean.left_out, 'image')}.")
    if study.kind == "labels":
        found, true = (int(study.rows[f"objects_{name}"].sum()) for name in ("found", "true"))
        sentences.append(f"{wording.count(found, 'object')} found of {true:,} true ones.")
    sentences += _left_out(study)
    sentences += _empty(study)
    sentences += _warned(study)
    return sentences


def _left_out(study: ScoredStudy) -> list[str]:
    """Say how many samples were not judged, and why."""
    left_out = study.left_out
    if not left_out:
        return []
    why = {
        OUTSIDE: "outside the region of interest",
        IGNORED: f"with the ignore label {study.leaving_out.ignore_label} in the truth",
        VALUELESS: "without a value (NaN)",
    }
    parts = [f"{left_out[name]:,} {words}" for name, words in why.items() if name in left_out]
    return [f"{wording.count(sum(left_out.values()), 'sample')} left out: {', '.join(parts)}."]


def _empty(study: ScoredStudy) -> list[str]:
    """Say where there was nothing to find, so that a rule made the number."""
    if study.kind == "scores":
        return []
    rows = study.rows
    true = rows["objects_true"] if study.kind == "labels" else rows["tp"] + rows["fn"]
    empty = rows["image"][true == 0]
    if empty.empty:
        return []
    where = (
        "" if len(rows) == 1 else f" of {len(empty)} of {len(rows)} images, as of {empty.iloc[0]},"
    )
    return [f"The truth{where} is empty: an answer that is empty too counts as 1, any other as 0."]


def _warned(study: ScoredStudy) -> list[str]:
    if "accuracy_warning" not in study.rows:
        return []
    warned = study.rows["accuracy_warning"][study.rows["accuracy_warning"] != ""]
    if warned.empty:
        return []
    if len(study.rows) == 1:
        return [f"The accuracy says nothing: {warned.iloc[0]}."]
    return [
        f"The accuracy says nothing on {len(warned)} of {len(study.rows)} images, as on "
        f"{study.rows['image'][warned.index[0]]}: {warned.iloc[0]}."
    ]


def _grid(table: pd.DataFrame, study: ScoredStudy) -> Grid:
    units = study.rows.attrs.get("units", {})
    return grid_of(table, units, texts=lambda values: list(map(wording.number, values)))


def _figure(study: ScoredStudy, name: str) -> Drawing | Missing:
    try:
        return replace(_drawing(study, name), title=name)
    except GraticuleError as error:
        return Missing(name, str(error))


def _drawing(study: ScoredStudy, name: str) -> Drawing:
    read = read_pair(study.pairs[name], study.leaving_out)
    if study.kind == "scores":
        curve = ranking(read.result.values[read.where], read.truth.values[read.where] != 0)
        curve = curve.thinned()
        rates = {"false_positive_rate": curve.false_positive_rate, "recall": curve.recall}
        return draw_evidence(ROC_FIGURE, {"result": rates}, name)
    kind = Kind.LABELS if study.kind == "labels" else Kind.MASK
    pictures = [_picture(image, kind) for image in (read.result, read.truth)]
    return draw_hits(hit_codes(*pictures), pictures[0], name)


def _picture(image: Any, kind: Kind) -> Picture:
    if kind is Kind.MASK:
        image = image.copy(data=image.values != 0)
    return picture_of(*to_picture(image, kind)).flat()
