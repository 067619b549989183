"""Ops of models: in pipelines, in tiles and from files they say what the model says."""

import numpy as np
import pandas as pd
import pytest

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import GraticuleError, ImageError, ParameterError, PipelineError
from graticule.learn import (
    Features,
    ObjectClassifier,
    PixelClassifier,
    PixelRegressor,
    save_model,
)
from graticule.pipeline import Pipeline
from graticule.pipeline.tiles import run_tiled

SMALL = Features(sigmas=(1,), kinds=("gaussian", "gradient", "hessian"))
FEW = {"name": "extra_trees", "n_estimators": 5}
OPS = ("classify", "probability", "uncertainty")


@pytest.fixture(scope="module")
def image():
    values = np.random.default_rng(0).normal(size=(50, 40)).astype(np.float32)
    return as_image(values + (np.arange(40) >= 20))


@pytest.fixture(scope="module")
def model(image):
    return PixelClassifier(SMALL, FEW).fit(image, image > 0.5)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("tile", [{"y": 7, "x": 40}, {"y": 1, "x": 13}])
def test_tiles_change_nothing(image, model, name, tile):
    op = gt.op(f"learn.{name}")
    tiled = run_tiled(op, [image], {"model": model}, tile=tile)
    np.testing.assert_array_equal(tiled, op(image, model=model))


def test_ops_say_what_the_model_says(image, model):
    np.testing.assert_array_equal(gt.learn.classify(image, model=model), model.predict(image))
    proba = model.predict_proba(image)
    np.testing.assert_array_equal(gt.learn.probability(image, model=model), proba)
    one = gt.learn.probability(image, model=model, of="object")
    assert one.dims == ("y", "x")
    np.testing.assert_array_equal(one, proba.sel({"class": "object"}))
    unsure = gt.learn.uncertainty(image, model=model)
    np.testing.assert_array_equal(unsure, model.uncertainty(image))
    values = PixelRegressor(SMALL, FEW).fit(image, image**2)
    np.testing.assert_array_equal(gt.learn.regress(image, model=values), values.predict(image))


def test_a_model_is_a_step_of_a_pipeline(image, model, tmp_path):
    save_model(model, tmp_path / "cells.model")
    path = tmp_path / "pipeline.yaml"
    path.write_text(
        "graticule: 1\nname: cells\nsteps:\n"
        "  found: {op: learn.classify, model: cells.model}\n"
        "  bright: {op: threshold.fixed, input: found, value: 0.5}\n"
        "  cells: {op: segment.label}\n"
        "outputs: [found, cells]\n",
        encoding="utf-8",
    )
    result = Pipeline.load(path).apply(image)
    np.testing.assert_array_equal(result["found"], model.predict(image))
    assert result["cells"].max() > 0


def test_channels_go_and_classes_come(image):
    coloured = as_image(np.stack([image, -image], axis=-1), dims=("y", "x", "c"))
    model = PixelClassifier(SMALL, FEW).fit(coloured, image > 0.5)
    for name in OPS:
        op = gt.op(f"learn.{name}")
        whole = op(coloured, model=model)
        assert "c" not in whole.dims
        tiled = run_tiled(op, [coloured], {"model": model}, tile={"y": 11, "x": 9, "c": 1})
        np.testing.assert_array_equal(tiled, whole)


def test_other_kinds_of_models_are_refused(image, model):
    with pytest.raises(ParameterError, match="continuous values"):
        gt.learn.regress(image, model=model)
    values = PixelRegressor(SMALL, FEW).fit(image, image)
    for name in OPS:
        with pytest.raises(ParameterError, match="tells classes apart"):
            gt.op(f"learn.{name}")(image, model=values)
    with pytest.raises(ParameterError, match="model of objects"):
        gt.learn.classify_objects(pd.DataFrame({"area": [1]}), model=model)
    with pytest.raises(ParameterError, match="no class 'cell'"):
        gt.learn.probability(image, model=model, of="cell")
    with pytest.raises(ImageError, match=r"learn.classify.*dims"):
        gt.learn.classify(np.zeros((3, 4, 5)), model=model)
    with pytest.raises(GraticuleError, match=r"no/such.model"):
        gt.learn.classify(image, model="no/such.model")


def test_a_pipeline_with_another_kind_of_model_is_not_sound(image, model, tmp_path):
    save_model(PixelRegressor(SMALL, FEW).fit(image, image), tmp_path / "values.model")
    save_model(model, tmp_path / "classes.model")
    text = "graticule: 1\nname: a\nsteps:\n  found:\n    op: learn.{}\n    model: {}.model\n"
    for op, kind in (
        ("classify", "values"),
        ("regress", "classes"),
        ("classify_objects", "values"),
    ):
        (tmp_path / "a.yaml").write_text(text.format(op, kind))
        with pytest.raises(PipelineError, match=r"line 6: .*model: must be a model"):
            Pipeline.load(tmp_path / "a.yaml")


def test_tables_of_objects():
    table = pd.DataFrame({"area": np.arange(1.0, 21.0)})
    kind = np.where(table["area"] > 10, "large", "small")
    model = ObjectClassifier(estimator="tree").fit(table, kind)
    found = gt.learn.classify_objects(table, model=model)
    assert found["class"].tolist() == kind.tolist()
    assert "class" not in table
