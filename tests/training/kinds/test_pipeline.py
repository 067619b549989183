"""training.kinds.pipeline: fixed pipelines give masks, classes, or scores with a threshold."""

from typing import ClassVar

import numpy as np
import pytest
import xarray as xr
from learning_scenes import scene
from scipy import ndimage
from sklearn.metrics import f1_score

from graticule.core import as_image
from graticule.core.errors import CheckError, RequestError
from graticule.learn.crossval.crossval import compare
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import SplitSpec, build_methods, load
from graticule.pipeline import Pipeline
from graticule.training.kinds.pipeline import PipelineMethod, PipelineSpec, run_pipeline

SPLIT = SplitSpec()


class Computed:
    """A pipeline of one output, computed by a function; it notes its calls."""

    source = "p.yaml"
    steps: ClassVar[dict] = {}

    def __init__(self, output):
        self.output, self.calls = output, 0

    def apply(self, image):
        self.calls += 1
        return {"out": self.output(image)}


def fixed(output):
    return PipelineMethod("fixed", PipelineSpec(pipeline="p.yaml"), Computed(output))


def compared(data, method, **options):
    return compare(data, [method], make_split(SPLIT, data, [method]).folds, **options)


def test_a_score_gets_its_threshold_where_it_may_learn():
    image, labels = scene()
    data = LabelledImages.of(image, labels)

    def smooth(image):
        return image.copy(data=ndimage.gaussian_filter(image.values, 3))

    method = fixed(smooth)
    folds = make_split(SPLIT, data, [method]).folds
    found = compare(data, [method], folds)
    assert method.pipeline.calls == 1
    measures = found.results["fixed"].scores.measures
    score = smooth(image).values
    wanted = np.zeros(labels.shape, bool)
    for fold in folds:
        use = fold.train[0].values
        candidates = np.unique(score[use])[::25]
        dice = [f1_score(labels.values[use], score[use] >= t) for t in candidates]
        own = fold.test[0].values
        wanted[own] = score[own] >= candidates[int(np.argmax(dice))]
    expected = f1_score(labels.values.ravel(), wanted.ravel())
    assert measures["dice"].estimate == pytest.approx(expected, abs=0.005)
    assert measures["auc"].estimate > 0.85
    assert measures["calibration_error"].estimate < 0.1


def test_a_mask_has_no_curves():
    data = LabelledImages.of(*scene())
    method = fixed(lambda image: image > 0.5)
    found = compared(data, method)
    measures = found.results["fixed"].scores.measures
    dice = f1_score(data.labels[0].values.ravel(), (data.images[0] > 0.5).values.ravel())
    assert measures["dice"].estimate == pytest.approx(dice)
    assert np.isnan(measures["auc"].estimate)


def test_a_pipeline_of_another_size_is_named():
    data = LabelledImages.of(*scene())
    method = fixed(lambda image: image[::2] > 0)
    found = compared(data, method)
    assert "of the size" in found.failed["fixed"]


def test_a_missing_pipeline_is_named(tmp_path):
    path = tmp_path / "training.yaml"
    path.write_text("{graticule: 1, methods: {fixed: {pipeline: p.yaml}}}")
    with pytest.raises(RequestError, match=r"p\.yaml"):
        build_methods(load(path))


def test_a_score_for_three_classes_is_refused():
    image, _ = scene()
    labels = xr.DataArray(np.arange(image.size).reshape(image.shape) % 3 + 1, dims=("y", "x"))
    data = LabelledImages.of(image, labels)
    method = fixed(lambda image: image)
    found = compared(data, method)
    assert "two classes apart" in found.failed["fixed"]
    assert issubclass(CheckError, ValueError)


def test_no_answer_of_a_pipeline_is_not_the_first_class():
    image, labels = scene()
    data = LabelledImages.of(image, as_image(labels.values + 1), kind="classes")
    method = fixed(lambda image: as_image(np.zeros(image.shape, np.int32)))
    found = compared(data, method, intervals=False)
    assert found.results["fixed"].scores.measures["recall"].estimate == 0


def test_a_pipeline_with_several_outputs_needs_a_name():
    pipeline = Pipeline.loads(
        "{graticule: 1, steps: {smooth: {op: filters.gaussian}, bright: {op: threshold.otsu}}, "
        "outputs: [smooth, bright]}"
    )
    image = as_image(np.eye(16, dtype=np.float32))
    with pytest.raises(RequestError, match="smooth, bright"):
        run_pipeline(pipeline, image)
    assert run_pipeline(pipeline, image, "bright").dtype == bool
    with pytest.raises(RequestError, match="no output"):
        run_pipeline(pipeline, image, "birght")
