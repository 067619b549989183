"""learn.crossval: a fold's model has seen nothing of what it is judged on."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from learning_scenes import Smoothed, scene
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from graticule.core.errors import CheckError
from graticule.evaluate.curves import reliability
from graticule.learn.crossval.crossval import compare
from graticule.learn.crossval.method_run import training_set_of
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import SplitSpec
from graticule.learn.methods.method import Prediction


def test_what_is_held_out_changes_nothing_of_what_is_learned():
    image, labels = scene()
    data = LabelledImages.of(image, labels)
    method = Smoothed()
    for fold in make_split(SplitSpec(), data, [method]).folds:
        changed = image.copy(data=np.where(fold.test[0], np.float32(1e6), image))
        swapped = labels.copy(data=np.where(fold.test[0], ~labels.values, labels))
        seen = []
        for own in (data, LabelledImages.of(changed, swapped)):
            method.fit(training_set_of(own, fold, method))
            seen.append((method.seen, method.model.coef_))
        np.testing.assert_array_equal(seen[0][0], seen[1][0])
        np.testing.assert_array_equal(seen[0][1], seen[1][1])


def test_that_test_can_fail():
    image, labels = scene()
    data = LabelledImages.of(image, labels)
    near, wide = Smoothed(radius=3), Smoothed(radius=6)
    fold = make_split(SplitSpec(), data, [near]).folds[0]
    changed = image.copy(data=np.where(fold.test[0], np.float32(1e6), image))
    wide.fit(training_set_of(data, fold, wide))
    before = wide.seen
    wide.fit(training_set_of(LabelledImages.of(changed, labels), fold, wide))
    assert (before != wide.seen).any()


def test_the_buffer_is_that_of_the_widest_method():
    image, labels = scene()
    found = make_split(
        SplitSpec(), LabelledImages.of(image, labels), [Smoothed(), Smoothed("wide", 7)]
    )
    assert dict(found.buffer) == {"y": 7, "x": 7}
    assert found.widest == "wide"
    with pytest.raises(CheckError, match="narrower than wide reaches"):
        make_split(SplitSpec(buffer=5), LabelledImages.of(image, labels), [Smoothed("wide", 7)])


def test_all_methods_get_the_same_folds():
    image, labels = scene()
    data, methods = LabelledImages.of(image, labels), [Smoothed(), Smoothed("wide", 7)]
    compare(data, methods, make_split(SplitSpec(folds=3), data, methods).folds)
    for one, other in zip(methods[0].training_sets, methods[1].training_sets, strict=True):
        np.testing.assert_array_equal(one.where[0], other.where[0])


def test_numbers_are_those_of_all_held_out_samples():
    image, labels = scene()
    data, method = LabelledImages.of(image, labels), Smoothed()
    folds = make_split(SplitSpec(), data, [method]).folds
    scores = compare(data, [method], folds).results["smoothed"].scores
    p = np.zeros(labels.shape)
    for fold in folds:
        method.fit(training_set_of(data, fold, method))
        own = method.model.predict_proba(method.features(image).reshape(-1, 1))[:, 1]
        p[fold.test[0].values] = own.reshape(p.shape)[fold.test[0].values]
    truth, flat = labels.values.ravel(), p.ravel()
    values = {name: found.estimate for name, found in scores.measures.items()}
    assert values["dice"] == pytest.approx(f1_score(truth, flat >= 0.5))
    assert values["auc"] == pytest.approx(roc_auc_score(truth, flat))
    assert values["average_precision"] == pytest.approx(average_precision_score(truth, flat))
    gap = reliability(flat, truth).expected_error
    assert values["calibration_error"] == pytest.approx(gap, abs=1e-9)
    for found in scores.measures.values():
        assert found.low <= found.estimate <= found.high


def test_pictures_hold_every_held_out_answer():
    image, labels = scene()
    data, method = LabelledImages.of(image, labels), Smoothed()
    found = compare(data, [method], make_split(SplitSpec(), data, [method]).folds)
    picture = found.results["smoothed"].pictures["image 1"]
    assert picture.shape == labels.shape
    dice = f1_score(labels.values.ravel(), picture.ravel())
    assert dice == pytest.approx(found.results["smoothed"].scores.measures["dice"].estimate)


def test_a_method_against_itself_has_no_difference():
    image, labels = scene()
    data, methods = LabelledImages.of(image, labels), [Smoothed(), Smoothed("same")]
    found = compare(data, methods, make_split(SplitSpec(), data, methods).folds)
    gap = found.against_best(found.ranked[1])
    assert (gap.estimate, gap.low, gap.high) == (0, 0, 0)


def test_images_are_the_units_where_images_are_held_out():
    pairs = [scene(seed, (40, 48)) for seed in range(6)]
    data, method = LabelledImages.of([i for i, _ in pairs], [t for _, t in pairs]), Smoothed()
    found = compare(data, [method], make_split(SplitSpec(folds=3), data, [method]).folds)
    assert found.units == "images"
    assert found.results["smoothed"].scores.measures["dice"].units == 6
    assert all(len(training_set.images) == 4 for training_set in method.training_sets)


def test_equal_images_are_refused():
    image, labels = scene()
    data = LabelledImages.of([image, image.copy()], [labels, labels], names=["a", "b"])
    with pytest.raises(CheckError, match=r"b.*equal to a"):
        make_split(SplitSpec(), data, [Smoothed()])
    same = LabelledImages.of(
        [image, image.copy()], [labels, labels], names=["a", "b"], groups=["x", "x"]
    )
    with pytest.raises(CheckError, match="2 or more of them"):
        make_split(SplitSpec(by="group", group="(.)"), same, [Smoothed()])


def test_extra_images_are_only_learned_from():
    data = LabelledImages.of(*scene())
    extra = {"simulated": LabelledImages.of(*scene(5))}
    method = Smoothed(on=("simulated",))
    folds = make_split(SplitSpec(), data, [method], extra).folds
    found = compare(data, [method], folds, extra=extra)
    assert all(each.all() for training_set in method.training_sets for each in training_set.where)
    assert found.results["smoothed"].scores.measures["dice"].estimate > 0.5
    with pytest.raises(CheckError, match=r"simulated/image 1"):
        make_split(SplitSpec(), data, [method], {"simulated": data})


def test_a_method_that_fails_does_not_stop_the_others():
    data = LabelledImages.of(*scene())
    methods = [Smoothed("broken", fail="error"), Smoothed("odd", fail="crash"), Smoothed()]
    found = compare(data, methods, make_split(SplitSpec(), data, methods).folds)
    assert list(found.results) == ["smoothed"]
    assert "cannot be fitted" in found.failed["broken"]
    assert found.failed["odd"] == "RuntimeError: of a library"


def test_stopped_it_gives_what_is_done():
    data = LabelledImages.of(*scene())
    methods = [Smoothed(), Smoothed("stopped", fail="stop"), Smoothed("later")]
    found = compare(data, methods, make_split(SplitSpec(), data, methods).folds)
    assert list(found.results) == ["smoothed"]
    assert found.unfinished == {"stopped": 1, "later": 0}


def test_sparse_labels_are_judged_where_they_are():
    image, truth = scene()
    strokes = xr.DataArray(np.where(truth, 2, 1), dims=("y", "x"))
    strokes = strokes.where(np.random.default_rng(0).random(truth.shape) < 0.3, 0)
    data = LabelledImages.of(image, strokes)
    assert (data.kind, data.scored_classes) == ("classes", (0, 1))
    method = Smoothed()
    found = compare(data, [method], make_split(SplitSpec(), data, [method]).folds)
    classes = found.class_table()
    assert classes["class"].tolist() == ["1", "2"]


def test_values_are_judged_by_their_gaps():
    @dataclass
    class Mean(Smoothed):
        def fit(self, training_set):
            use = training_set.where[0].values
            return Constant(float(training_set.labels[0].values[use].mean()))

    @dataclass
    class Constant:
        value: float

        def predict(self, image, box):
            shape = image[tuple(box.slices().values())].shape
            return Prediction(None, np.full(shape, self.value))

    image, _ = scene()
    data = LabelledImages.of(image, image * 2, regression=True)
    found = compare(data, [Mean()], make_split(SplitSpec(), data, [Mean()]).folds)
    values = found.results["smoothed"].scores.measures
    assert values["r2"].estimate < 0.01
    assert values["root_mean_squared_error"].estimate == pytest.approx(
        float((image * 2).std()), rel=0.05
    )


def test_a_fold_has_no_score_of_a_class_that_does_not_occur_in_it():
    from graticule.learn.crossval.counts import HeldOutCounts, scored
    from graticule.learn.methods.method import Prediction

    held_out = HeldOutCounts(3, (0, 1, 2), 3, 12)
    truths = {0: [0, 0, 1, 1], 2: [0, 1, 2, 2]}
    for fold, truth in truths.items():
        codes = np.array(truth)
        codes[0] = 2 if fold == 0 else 0  # one sample taken for a class that is not there
        held_out.add((fold, fold, fold), Prediction(None, codes), np.array(truth), np.ones(4, bool))
    scores = scored(held_out, 3)
    assert list(scores.by_fold) == list(scores.by_image) == [0, 2]  # the second held no labels
    assert scores.by_fold[0]["dice"] == pytest.approx((2 / 3 + 1) / 2)
    assert scores.by_fold[2]["dice"] == 1
