"""A printed page under a lamp: rendered text, so that it is known where the ink is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

_HEIGHT, _WIDTH = 320, 480
_LINES = (
    "The reading of an image is",
    "a claim. Write down what you",
    "looked for, what you left out",
    "and how often chance alone",
    "would have shown the same:",
    "then others can look again.",
    "Measure 24 coins, 60 cells,",
    "127 spots; say how sure.",
)


def example(folder: Path) -> None:
    """Write the page as a grey picture, and the ink into ``truth``."""
    grey, ink = simulated_page()
    (folder / "truth").mkdir(exist_ok=True)
    Image.fromarray(grey).save(folder / "page.png")
    Image.fromarray(np.uint8(255) * ink.astype(np.uint8)).save(folder / "truth" / "page.png")


def simulated_page(seed: int = 0) -> tuple[Any, Any]:
    """Return the grey values of a page (uint8) and where its ink is (bool).

    Light falls from one side and is lost in a corner, so that paper in the shade is darker than
    ink in the light; the lens blurs the ink, the paper has fibres, and the detector has noise.
    """
    rng = np.random.default_rng(seed)
    cover = _printed()
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH] / _HEIGHT
    light = 70 + 150 * np.exp(-((x - 0.35) ** 2 + (y - 0.3) ** 2) / 0.7)
    light -= 45 * np.exp(-((x - 1.5) ** 2 + (y - 1.0) ** 2) / 0.08)
    fibres = 1 + 0.04 * ndimage.gaussian_filter(rng.normal(size=cover.shape), 1.5) / 0.19
    blurred = ndimage.gaussian_filter(cover, 0.7)
    values = light * fibres * (1 - 0.45 * blurred) + rng.normal(0, 4, cover.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8), cover > 0.5


def _printed() -> Any:
    """Return how much of each sample the ink covers, from 0 to 1."""
    page = Image.new("L", (_WIDTH, _HEIGHT), 0)
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(_LINES):
        draw.text((24, 16 + 37 * number), line, 255, ImageFont.truetype(str(font), 25))
    return np.asarray(page, dtype=float) / 255
