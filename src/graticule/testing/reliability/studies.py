"""Small studies with their pipelines, for runs that are disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graticule.testing.reliability.commands import Command

_OBJECTS = """
graticule: 1
name: objects
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
checks:
  plausible: {check: plausibility, of: labels, at: smooth}
outputs: [table, labels, smooth]
"""
_LEARNED = """
graticule: 1
name: learned
steps:
  cells:  {op: learn.classify, model: cells.model}
  bright: {op: threshold.otsu, input: image}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table, cells, labels]
"""
_SMALL_ARRAYS = 42_000_000


@dataclass(frozen=True)
class DisturbedStudy:
    """A study and how it is run.

    Attributes
    ----------
    name : str
        Of what it stands for.
    words : tuple of str
        Pipeline, images and options of ``graticule run``.
    arrays : int
        As of `Command`.
    """

    name: str
    words: tuple[str, ...]
    arrays: int = 0

    def command(self, out: Path, environment: Mapping[str, str]) -> Command:
        """Return the command that runs it into a folder."""
        return Command(("run", *self.words, "-o", str(out)), environment, self.arrays)


def _discs(seed: int, side: int = 48, count: int = 6) -> np.ndarray:
    """Return an image of bright discs under noise."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    image = draw.normal(100, 4, (side, side))
    for _ in range(count):
        across, down = draw.uniform(4, side - 4, 2)
        image[(y - down) ** 2 + (x - across) ** 2 < draw.uniform(3, 6) ** 2] += 60
    return image.clip(0, 255).astype(np.uint8)


def _write_images(folder: Path, count: int, side: int = 48, discs: int = 6) -> None:
    from graticule.io import write

    folder.mkdir()
    for number in range(count):
        write(folder / f"image-{number}.png", _discs(number, side, discs))


def objects(folder: Path) -> DisturbedStudy:
    """Return three images with a table, arrays, pictures and a check."""
    _write_images(folder / "images", 3)
    (folder / "objects.yaml").write_text(_OBJECTS, encoding="utf-8")
    return DisturbedStudy("objects", (str(folder / "objects.yaml"), str(folder / "images")))


def coins(folder: Path) -> DisturbedStudy:
    """Return five photographs for the recipe ``coins``."""
    _write_images(folder / "images", 5, side=96, discs=8)
    return DisturbedStudy("coins", ("coins", str(folder / "images"), "--workers", "2"))


def nuclei(folder: Path) -> DisturbedStudy:
    """Return three micrographs for the recipe ``nuclei``."""
    _write_images(folder / "images", 3, side=96, discs=10)
    return DisturbedStudy("nuclei", ("nuclei", str(folder / "images"), "--workers", "2"))


def tiled(folder: Path) -> DisturbedStudy:
    """Return an image that is classified by a model tile by tile, and written block by block."""
    from graticule.learn import Features, PixelClassifier
    from graticule.learn.model_file import save_model

    _write_images(folder / "images", 1, side=1300, discs=600)
    image = _discs(0)
    strokes = np.where(image > 140, 2, 1).astype(np.uint8)
    model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image.astype(np.float32), strokes)
    save_model(model, folder / "cells.model")
    (folder / "learned.yaml").write_text(_LEARNED, encoding="utf-8")
    words = (str(folder / "learned.yaml"), str(folder / "images"), "--workers", "2")
    return DisturbedStudy("tiled, learned", words, _SMALL_ARRAYS)


def many(folder: Path) -> DisturbedStudy:
    """Return as many small images as are worked on in processes."""
    _write_images(folder / "images", 60, side=32, discs=2)
    (folder / "objects.yaml").write_text(_OBJECTS, encoding="utf-8")
    words = (str(folder / "objects.yaml"), str(folder / "images"), "--workers", "2")
    return DisturbedStudy("many, in processes", words)
