"""L7: mitochondria of an electron micrograph, by every method of the recipe, on blocked folds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from graticule.bench._learned import OBJECT, binned, learned, refused, scored
from graticule.bench.row import Row, absent, data_folder, row
from graticule.io import read
from graticule.learn.crossval.crossval import Comparison, compare
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import load
from graticule.learn.methods.method import Method
from graticule.recipes import trainings

_BARS = {"boosted": ">= 0.75", "unet": ">= 0.80"}
_FOLDS = 8
_NETWORK = {
    "unet": {"base": 16, "depth": 4, "batch": 8, "precision": "bfloat16"},
    "fit": {"steps": 160},
}
"""Instead of the few steps of the recipe's demonstration."""


@row("L7", deep=True)
def mitochondria() -> list[Row]:
    """Judge every method on blocks with a buffer, and on halves without one."""
    folder = data_folder("qbi")
    if folder is None:
        what = "mitochondria, {}, Dice on blocks"
        return [absent("L7", what.format(name), bar) for name, bar in _BARS.items()]
    found, words = _compared(_data(folder))
    return [*_rows(found, words), *refused("L7", found, _BARS)]


def _data(folder: Path) -> LabelledImages:
    """Return the micrograph and its mitochondria, in squares of 2 x 2 samples."""
    image, mask = read(folder / "em_image.png"), read(folder / "em_image_seg.png") > 0
    return LabelledImages.of(binned(image.compute()), binned(mask.compute()) >= 0.5)


def _methods() -> list[Method]:
    """Return the methods of the recipe, the network with as many steps as it needs."""
    found: list[Method] = []
    for name, spec in load(trainings()["mitochondria"]).methods.items():
        options = {**spec.options, **(_NETWORK if name == "unet" else {})}
        if name == "boosted":
            estimator = {**options["estimator"], "class_weight": {"object": OBJECT}}
            options["estimator"] = estimator
        found.append(learned(name, spec.kind, **options))
    return found


def _compared(data: LabelledImages) -> tuple[Comparison, str]:
    spec = load(trainings()["mitochondria"]).split.model_copy(update={"folds": _FOLDS})
    methods = _methods()
    split = make_split(spec, data, methods)
    comparison = compare(data, methods, split.folds)
    return replace(comparison, naive=compare(data, methods, split.naive)), split.words


def _rows(found: Comparison, words: str) -> list[Row]:
    """Return the rows of the methods that have a bar, and then of the others, the best first."""
    assert found.naive is not None
    rows = []
    for name in sorted(found.ranked, key=lambda name: [*_BARS, name].index(name)):
        what = f"Dice of mitochondria (em_image in squares of 2 x 2), {name}, {words}"
        if name in found.naive.results:
            flattered = found.naive.results[name].scores.measures["dice"].estimate
            what += f"; by naive halves {flattered:.3f}"
        dice = found.results[name].scores.measures["dice"]
        rows.append(scored("L7", what, dice, _BARS.get(name, "")))
    return rows
