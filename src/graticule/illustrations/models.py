"""The small models that ops of ``learn`` are shown with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from graticule.illustrations.samples import sample


@cache
def model_file(on: str) -> Path:
    """Return the file of a model that has learned the truth of a sample from strokes through it.

    It is fitted once in this process, and lies in the folder of temporary files.
    """
    from graticule.learn import Features, PixelClassifier, save_model

    inputs = sample(on)
    truth = inputs["truth"]
    strokes = np.zeros(truth.shape, np.uint8)
    strokes[::40] = 1 + (truth.values[::40] > 0)
    labels = truth.copy(data=strokes)
    forest = PixelClassifier(Features(sigmas=(1, 2, 4)), {"name": "forest", "n_estimators": 30})
    file = Path(mkdtemp(prefix="graticule-illustration-")) / f"{on}.model"
    save_model(forest.fit(inputs["image"], labels), file)
    return file
