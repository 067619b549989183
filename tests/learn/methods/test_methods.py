"""learn.methods: what a document names learns from its training set alone."""

import numpy as np
import pytest
from learning_scenes import scene
from scipy import ndimage

from graticule.core import as_image
from graticule.core.errors import ImageError, RequestError
from graticule.learn.crossval.crossval import compare
from graticule.learn.crossval.method_run import training_set_of
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import build_methods, parse


def document(methods, **more):
    lines = ["graticule: 1", *(f"{key}: {value}" for key, value in more.items()), "methods:"]
    return parse("\n".join([*lines, *(f"  {name}: {body}" for name, body in methods.items())]))


LEARNED = {
    "tree": "{features: {sigmas: [1, 2]}, estimator: tree, max_samples: 2000}",
    "logistic": "{features: {sigmas: [1, 2]}, estimator: logistic, max_samples: 2000}",
    "network": "{unet: {base: 4, depth: 2, patch: 32, batch: 2}, fit: {steps: 4}}",
    "watched": "{unet: {base: 4, depth: 2, patch: 32, batch: 2}, "
    "fit: {steps: 4, every: 2}, validation: 0.2}",
}


@pytest.mark.parametrize("name", LEARNED)
def test_what_is_held_out_changes_nothing_of_what_is_learned(name):
    if "unet" in LEARNED[name]:
        pytest.importorskip("torch")
    image, labels = scene()
    data = LabelledImages.of(image, labels)
    training = document({name: LEARNED[name]})
    (method,) = build_methods(training)
    fold = make_split(training.split, data, [method]).folds[1]
    held = fold.test[0].values
    changed = image.copy(data=np.where(held, np.float32(50), image))
    swapped = labels.copy(data=np.where(held, ~labels.values, labels))
    elsewhere, _ = scene(9)
    answers = []
    for own in (data, LabelledImages.of(changed, swapped)):
        model = method.fit_model(training_set_of(own, fold, method))
        answers.append(model.predict_proba(elsewhere).values)
    np.testing.assert_array_equal(*answers)


def test_methods_are_compared():
    data = LabelledImages.of(*scene())
    training = document({name: LEARNED[name] for name in ("tree", "logistic")})
    methods = build_methods(training)
    split = make_split(training.split, data, methods)
    assert min(split.buffer.values()) >= 2
    found = compare(data, methods, split.folds)
    table = found.table().set_index("method")
    assert not found.failed
    assert (table["dice"] > 0.6).all()
    assert (table["auc"] > 0.6).all()
    assert (table["dice_low"] < table["dice"]).all()


def test_an_answer_in_a_box_is_that_of_the_whole():
    from graticule.core.scope import Region

    data = LabelledImages.of(*scene())
    training = document({"tree": LEARNED["logistic"]})
    (method,) = build_methods(training)
    fold = make_split(training.split, data, [method]).folds[0]
    fitted = method.fit(training_set_of(data, fold, method))
    image = data.images[0]
    box = Region({"y": (13, 40), "x": (50, 90)})
    part = fitted.predict(image, box).probability
    whole = fitted.predict(image, Region.full(image.sizes)).probability
    np.testing.assert_array_equal(part, whole[:, 13:40, 50:90])


def test_classes_that_a_fold_lacks_have_no_probability():
    rng = np.random.default_rng(0)
    images, labels = [], []
    for number in range(3):
        values = np.repeat([1, 2, 3 if number == 0 else 1], 12)[None].repeat(20, axis=0)
        labels.append(as_image(values))
        images.append(as_image((values + 0.1 * rng.normal(size=values.shape)).astype(np.float32)))
    data = LabelledImages.of(images, labels)
    training = document({"tree": "{features: {sigmas: [1]}, estimator: tree}"},
                        split="{by: image, folds: 3}")  # fmt: skip
    methods = build_methods(training)
    found = compare(data, methods, make_split(training.split, data, methods).folds)
    classes = found.class_table().set_index("class")
    assert classes.loc["3", "recall"] == 0
    assert classes.loc["2", "recall"] > 0.9


def test_labels_of_another_size_are_named():
    image, labels = scene()
    with pytest.raises(ImageError, match="labels are 50 x 112, the image 96 x 112"):
        LabelledImages.of(image, labels[:50])
    with pytest.raises(ImageError, match="2 images and 1 labels"):
        LabelledImages.of([image, image], [labels])


def test_continuous_targets_are_learned():
    image, _ = scene(shape=(64, 80))
    target = image.copy(data=ndimage.uniform_filter(image.values, 3))
    target[:3] = np.nan
    data = LabelledImages.of(image, target, regression=True)
    training = document(
        {"linear": "{features: {sigmas: [1, 2]}, estimator: linear}",
         "tree": "{features: {sigmas: [1, 2]}, estimator: {name: tree, max_depth: 3}}"},
        task="regression",
    )  # fmt: skip
    methods = build_methods(training)
    found = compare(data, methods, make_split(training.split, data, methods).folds)
    assert not found.failed
    assert found.ranked[0] == "linear"
    measures = found.results["linear"].scores.measures
    assert measures["r2"].estimate > 0.9
    assert measures["mean_absolute_error"].estimate < measures["root_mean_squared_error"].estimate


def test_volumes_are_cut_and_judged():
    rng = np.random.default_rng(0)
    truth = ndimage.gaussian_filter(rng.normal(size=(20, 40, 48)), 2) > 0.05
    image = as_image((truth + 0.5 * rng.normal(size=truth.shape)).astype(np.float32))
    data = LabelledImages.of(image, as_image(truth))
    training = document({"tree": "{features: {sigmas: [1]}, estimator: {name: tree, "
                                 "max_depth: 4}, max_samples: 2000}"})  # fmt: skip
    methods = build_methods(training)
    split = make_split(training.split, data, methods)
    found = compare(data, methods, split.folds)
    assert not found.failed
    result = found.results["tree"]
    assert result.scores.measures["dice"].estimate > 0.7
    assert result.pictures["image 1"].shape == (40, 48)
    assert (result.pictures["image 1"] >= 0).all()


HARD = {
    "place": ("{features: {sigmas: [1], position: 1}, estimator: tree}", "float32"),
    "boxes": ("{features: {sigmas: [1], rank: [median], radii: [5]}, estimator: tree}", "float32"),
    "window": ("{features: {kinds: [value], window: 7}, estimator: logistic}", "uint8"),
    "nearest": ("{features: {sigmas: [1]}, estimator: neighbours}", "float32"),
    "bools": ("{unet: {base: 2, depth: 2, patch: 32, batch: 2}, fit: {steps: 2}}", "bool"),
    "local": ("{unet: {base: 2, depth: 2, patch: 32, batch: 2, normalise: local, "
              "local_width: 4}, fit: {steps: 2}}", "uint8"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_nothing_leaks_by_places_boxes_windows_scales_or_dtypes(name):
    body, dtype = HARD[name]
    if "unet" in body:
        pytest.importorskip("torch")

    def picture(seed):
        image, labels = scene(seed)
        values = np.clip(image.values * 20 + 100, 0, 255)
        return image.copy(data=(values > 110 if dtype == "bool" else values).astype(dtype)), labels

    image, labels = picture(0)
    data = LabelledImages.of(image, labels)
    training = document({name: body})
    (method,) = build_methods(training)
    fold = make_split(training.split, data, [method]).folds[1]
    held = fold.test[0].values
    changed = image.copy(data=np.where(held, np.ones((), dtype), image))
    swapped = labels.copy(data=np.where(held, ~labels.values, labels))
    answers = []
    for own in (data, LabelledImages.of(changed, swapped)):
        model = method.fit_model(training_set_of(own, fold, method))
        answers.append(model.predict_proba(picture(9)[0]).values)
    np.testing.assert_array_equal(*answers)
    assert not compare(data, [method], [fold], intervals=False).failed


def test_a_network_starts_from_one_that_learned_elsewhere_and_that_one_learns_once():
    pytest.importorskip("torch")
    net = {"base": 2, "depth": 2, "patch": 16, "batch": 2}
    training = document({
        "source": {"unet": net, "fit": {"steps": 3}, "on": "other"},
        "scratch": {"unet": net, "fit": {"steps": 2}},
        "tuned": {"unet": net, "fit": {"steps": 2, "init": "source"}},
    }, extra={"other": {"simulate": "roots", "count": 1}})  # fmt: skip
    data, other = LabelledImages.of(*scene()), LabelledImages.of(*scene(3))
    methods = build_methods(training)
    folds = make_split(training.split, data, methods, {"other": other}).folds
    source, scratch, tuned = (
        method.fit_model(training_set_of(data, folds[0], method, {"other": other}))
        for method in methods
    )
    again = methods[2].fit_model(training_set_of(data, folds[1], methods[2], {"other": other}))
    assert len(methods[2].first._fitted_once) == 1
    elsewhere, _ = scene(9)
    answers = [model.predict_proba(elsewhere).values for model in (source, scratch, tuned, again)]
    assert not any(np.array_equal(answers[2], answers[n]) for n in (0, 1, 3))
    fold = training_set_of(data, folds[0], methods[1])
    by_hand = methods[1].new_model("mask", ()).fit(
        [fold.images[0].where(~folds[0].test[0])], fold.labels, where=fold.where,
        init=source, steps=2,
    )  # fmt: skip
    np.testing.assert_array_equal(by_hand.predict_proba(elsewhere).values, answers[2])


def test_a_network_starts_from_none_that_stands_below_it():
    pytest.importorskip("torch")
    training = document({
        "tuned": {"unet": {"base": 2}, "fit": {"init": "source"}},
        "source": {"unet": {"base": 2}},
    })  # fmt: skip
    with pytest.raises(RequestError, match="above it"):
        build_methods(training)
