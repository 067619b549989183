"""Model files of before: one of each kind opens, and predicts what was stored beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from graticule.learn import open_model
from graticule.learn.model_file.kinds import KINDS

BEFORE = Path(__file__).parent / "before"
_RENAMED = {"learning_rate": 0.01, "weight_decay": 0.002, "ema_decay": 0.9,
            "class_balanced_fraction": 0.5, "tta": True}  # fmt: skip


def _answer(kind: str, model: Any) -> Any:
    """Return what a model says of the data that the stored answers are of."""
    rng = np.random.default_rng(0)
    values = rng.normal(10, 4, (48, 48)).astype(np.float32)
    along = {dim: xr.Variable(dim, np.arange(48) * 0.5, {"units": "um"}) for dim in "yx"}
    image = xr.DataArray(values, dims=("y", "x"), coords=along)
    if kind == "pixel-regressor":
        return model.predict(image).values
    if kind in ("pixel-classifier", "unet"):
        return model.predict_proba(image).values
    area, eccentricity = rng.lognormal(3, 1, 30), rng.random(30)
    if kind == "object-classifier":
        table = pd.DataFrame({"label": range(1, 31), "area": area, "eccentricity": eccentricity})
        table.attrs["units"] = {"area": "um2"}
        return np.asarray(model.predict(table)).astype("U9")
    if kind == "clustering":
        return model.predict(pd.DataFrame({"area": area, "eccentricity": eccentricity}))
    if kind == "embedding":
        return model.predict(image)
    noise = [rng.normal(k % 2 * 3, 1, (48, 48)).astype(np.float32) for k in range(8)]
    return np.asarray([model.predict(image.copy(data=each)) for each in noise])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unet"])
def test_a_file_of_before_predicts_what_it_did(kind: str) -> None:
    stored = np.load(BEFORE / f"{kind}.npy")
    found = _answer(kind, open_model(BEFORE / f"{kind}.model"))
    if stored.dtype.kind == "U":
        np.testing.assert_array_equal(found, stored)
    else:
        np.testing.assert_allclose(found, stored, rtol=1e-5, atol=1e-6)


def test_a_network_of_before_says_how_its_parameters_are_called_now() -> None:
    pytest.importorskip("torch")
    with pytest.warns(FutureWarning, match="learning_rate for rate") as shown:
        model = open_model(BEFORE / "unet.model")
    assert len(shown) == 1
    assert shown[0].filename.endswith("unet.model")
    assert {name: getattr(model, name) for name in _RENAMED} == _RENAMED
    assert _RENAMED.items() <= model.state().card["settings"].items()
    stored = np.load(BEFORE / "unet.npy")
    np.testing.assert_allclose(_answer("unet", model), stored, atol=1e-5)
