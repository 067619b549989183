"""learn.document: what a training document says, and every fault in it at once."""

import re

import pytest

from graticule.core.errors import FormatError, PipelineError
from graticule.learn.document.document import load, parse

WHOLE = """
graticule: 1
name: mitochondria
description: Mitochondria in electron micrographs.
inputs: {image: {dims: [y, x], spacing: {y: 5 nm, x: 5 nm}}}
labels: classes
classes: {1: inside, 2: membrane}
split: {by: blocks, folds: 3, size: 64, buffer: 12, naive: halves, seed: 4}
extra:
  simulated: {simulate: cells, count: 2, seed: 1, parameters: {shape: [64, 64]}}
  others: {images: more, labels: more_labels}
methods:
  tree: {estimator: tree, description: The lecture's.}
  mixed:
    features: {sigmas: [1, 2]}
    estimator: {name: boosting, max_iter: 50}
    on: [real, simulated]
  fixed: {pipeline: fixed.yaml, output: mask}
train: mixed
"""


def test_everything_is_read():
    found = parse(WHOLE)
    assert (found.name, found.labels, found.train) == ("mitochondria", "classes", "mixed")
    assert found.inputs.image.dims == ("y", "x")
    assert found.classes == {1: "inside", 2: "membrane"}
    split = found.split
    assert (split.by, split.folds, split.size, split.buffer) == ("blocks", 3, 64, 12)
    assert found.extra["simulated"].parameters == {"shape": [64, 64]}
    assert found.extra["others"].labels == "more_labels"
    mixed = found.methods["mixed"]
    assert (mixed.kind, mixed.on) == ("pixels", ("real", "simulated"))
    assert mixed.options["estimator"] == {"name": "boosting", "max_iter": 50}
    assert found.methods["fixed"].kind == "pipeline"


def test_the_first_method_is_trained_where_none_is_named():
    found = parse("{graticule: 1, methods: {b: {estimator: tree}, a: {estimator: tree}}}")
    assert found.train == "b"


FAULTS = {
    "graticule: 2": ("graticule: 1", "graticule", "must be 1"),
    "lables: mask": ("labels: classes", "lables", "did you mean labels"),
    "labels: masks": ("labels: classes", "labels", "auto, classes or mask"),
    "by: block": ("by: blocks", "split.by", "not 'block'"),
    "folds: 1": ("folds: 3", "split.folds", "2 or more"),
    "buffer: wide": ("buffer: 12", "split.buffer", "or auto"),
    "naive: yes": ("naive: halves", "split.naive", "halves"),
    "sigma: [1, 2]": ("sigmas: [1, 2]", "methods.mixed.features.sigma", "did you mean sigmas"),
    "name: bosting": ("name: boosting", "methods.mixed.estimator", "did you mean boosting"),
    "max_items: 50": ("max_iter: 50", "methods.mixed.estimator", "max_items"),
    "estimator: tree, balance: often": (
        "estimator: tree",
        "methods.tree.balance",
        "true or false",
    ),
    "estimator: tree, max_samples: none": (
        "estimator: tree",
        "methods.tree.max_samples",
        "or null",
    ),
    "on: [real, simulation]": ("on: [real, simulated]", "methods.mixed.on", "simulated"),
    "train: none": ("train: mixed", "train", "there is no 'none'"),
    "simulate: cell": ("simulate: cells", "extra.simulated.simulate", "not 'cell'"),
    "y: fast": ("y: 5 nm", "inputs.image.spacing.y", ""),
    "{one: inside": ("{1: inside", "classes.one", "a value of the labels"),
}


@pytest.mark.parametrize("wrong", FAULTS)
def test_a_fault_has_its_line_and_path(wrong):
    right, path, what = FAULTS[wrong]
    text = WHOLE.replace(right, wrong, 1)
    with pytest.raises(PipelineError) as caught:
        parse(text, source="training.yaml")
    (fault,) = caught.value.faults
    assert fault.path == path
    assert what in str(fault)
    assert wrong.strip("{") in text.splitlines()[fault.line - 1]


def test_all_faults_come_at_once():
    text = WHOLE
    held = set()
    for wrong, (right, path, _) in FAULTS.items():
        if right in text and path not in held:
            text = text.replace(right, wrong, 1)
            held.add(path)
    with pytest.raises(PipelineError) as caught:
        parse(text)
    assert len(held) > 12
    assert {fault.path for fault in caught.value.faults} >= held


def test_a_regression_has_no_classes_to_balance():
    with pytest.raises(PipelineError) as caught:
        parse("{graticule: 1, task: regression, methods: {a: {estimator: tree, balance: true}, "
              "b: {estimator: logistic}, c: {pipeline: p.yaml}}}")  # fmt: skip
    said = str(caught.value)
    assert "methods.a.balance: is for classes only" in said
    assert "logistic tells classes apart" in said
    assert "methods.c: a fixed pipeline" in said


def test_a_network_has_the_loss_of_its_task():
    pytest.importorskip("torch")
    with pytest.raises(PipelineError, match="must be mae or mse"):
        parse("{graticule: 1, task: regression, methods: {a: {unet: {loss: dice}}}}")


def test_no_methods():
    with pytest.raises(PipelineError, match="at least one method"):
        parse("graticule: 1")


def test_groups_need_their_pattern():
    with pytest.raises(PipelineError, match=r"split\.group: is needed"):
        parse("{graticule: 1, split: {by: group}, methods: {a: {estimator: tree}}}")
    with pytest.raises(PipelineError, match="parentheses"):
        parse("{graticule: 1, split: {by: group, group: a}, methods: {a: {estimator: tree}}}")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"none\.yaml"):
        load(tmp_path / "none.yaml")


TREE = "methods: {a: {estimator: tree}}"
ODD = {
    "train is a list": (f"{TREE}\ntrain: [a]", "train: must be text"),
    "train is a mapping": (f"{TREE}\ntrain: {{a: b}}", "train: must be text"),
    "a number as a name": ("methods: {1: {estimator: tree}}", "methods.1: must be a name"),
    "labels are true": (f"{TREE}\nlabels: true", "labels: must be auto, classes or mask"),
    "objects": (f"{TREE}\ntask: objects", "graticule.learn.ObjectClassifier"),
    "images": (f"{TREE}\ntask: images", "graticule.learn.ImageClassifier"),
    "a list as a class": (f"{TREE}\nclasses: {{1: [x]}}", "classes.1: must be a name"),
    "the same twice": ("methods: {a: {estimator: tree, on: [real, real]}}", "names the same"),
    "a threshold in words": ("methods: {a: {pipeline: p, threshold: high}}", "threshold: must be"),
    "a rate in words": (
        "methods: {a: {unet: {learning_rate: fast}}}", "a.unet.learning_rate: must be positive"
    ),
    "a share in words": (
        "methods: {a: {unet: {overlap: all}}}", "a.unet.overlap: must be from 0"
    ),
    "augment": ("methods: {a: {unet: {augment: true}}}", "a.unet.augment: must be"),
    "zoom": ("methods: {a: {unet: {augment: {zoom: x}}}}", "zoom: must be from 0"),
    "device": ("methods: {a: {unet: {device: 3}}}", "a.unet.device: must be text"),
    "labels of one network": ("methods: {a: {unet: {labels: mask}}}", "same for all methods"),
    "steps": ("methods: {a: {unet: {}, fit: {steps: many}}}", "a.fit.steps: must be a whole"),
    "patience": ("methods: {a: {unet: {}, fit: {patience: 2}}}", "validation alone"),
    "freeze": ("methods: {a: {unet: {}, fit: {freeze: encoder}}}", "no weights"),
    "checkpoint": ("methods: {a: {unet: {}, fit: {checkpoint: x}}}", "checkpoint: is not known"),
    "validation": ("methods: {a: {unet: {}, validation: 1}}", "a.validation: must be a share"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_values_of_the_wrong_kind_are_faults(name):
    text, said = ODD[name]
    with pytest.raises(PipelineError, match=r"1 fault\b") as caught:
        parse(f"graticule: 1\n{text}")
    assert said in str(caught.value)
    assert re.search(r"line [123]:", str(caught.value))


def test_the_version_is_a_number():
    with pytest.raises(PipelineError, match="must be 1"):
        parse(f"graticule: true\n{TREE}")


@pytest.mark.parametrize(
    ("estimator", "what"),
    [
        ("{name: forest, n_estimators: ten}", "must be a whole number from 1, not 'ten'"),
        ("{name: boosting, max_iter: many}", "max_iter"),
        ("{name: logistic, max_iter: many}", "max_iter"),
    ],
)
def test_a_parameter_of_a_wrong_kind_is_a_fault_with_its_line(estimator, what):
    with pytest.raises(PipelineError) as caught:
        parse(f"graticule: 1\nmethods:\n  a: {{estimator: {estimator}}}\n")
    assert what in str(caught.value)
    assert "line 3" in str(caught.value)
