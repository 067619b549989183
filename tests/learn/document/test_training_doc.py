"""docs/training.md is true: its example is parsed, its keys and defaults are those of the code."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from graticule.learn.document.document import (
    ExtraSpec,
    SplitSpec,
    TrainingDocument,
    build_method,
    parse,
)
from graticule.learn.features import Features
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.learn.models.pixels import PixelClassifier

TEXT = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1]


def rows(section):
    """Keys and defaults of the tables of a section."""
    part = TEXT.split(f"\n{section}\n")[1].split("\n## ")[0]
    part = part.split("\n### ")[0] if section.startswith("###") else part
    found = re.findall(r"^\| `([\w.]+)` \| ([^|]*) \|", part, re.MULTILINE)
    return {key: default.strip().strip("`") for key, default in found}


def test_the_example_is_parsed_and_its_methods_are_made():
    pytest.importorskip("torch")
    found = parse(EXAMPLE)
    assert found.train == "forest"
    assert list(found.methods) == ["forest", "mixed", "network", "bright"]
    for name, spec in found.methods.items():
        if METHOD_KINDS.get(spec.kind).fits_model:
            build_method(found, name).new_model("classes", ())


def test_every_key_is_described():
    assert {key.partition(".")[0] for key in rows("## At the top")} == set(
        TrainingDocument.model_fields
    )
    assert set(rows("## `split`")) == set(SplitSpec.model_fields)
    assert set(rows("## `extra`")) == set(ExtraSpec.model_fields)
    keys = {key.partition(".")[0] for key in rows("## `methods`")}
    assert keys == {key for kind in METHOD_KINDS.values() for key in kind.spec.model_fields}
    bank = re.search(r"`graticule.learn.Features`: (.*?) \|", TEXT)[1]
    assert re.findall(r"`(\w+)`", bank) == [each.name for each in fields(Features)]


def test_the_defaults_are_those_of_the_code():
    plain = parse("{graticule: 1, methods: {a: {estimator: tree}}}")
    for key, default in rows("## `split`").items():
        if key not in ("size", "group", "test"):
            assert default == str(getattr(plain.split, key))
    assert plain.split == SplitSpec()
    top = rows("## At the top")
    assert (top["labels"], top["task"]) == (plain.labels, plain.task)
    extra = rows("## `extra`")
    for key in ("count", "seed"):
        assert int(extra[key]) == ExtraSpec.model_fields[key].default
    pixels = inspect.signature(PixelClassifier).parameters
    own = rows("### Features and an estimator")
    for key in ("estimator", "balance", "seed"):
        assert own[key] == str(pixels[key].default)


def test_the_defaults_of_networks_are_those_of_the_code():
    pytest.importorskip("torch")
    from graticule.learn.unet import UNet

    said = re.search(r"`graticule.learn.unet.UNet`: (.*?) \|\n", TEXT)[1]
    taken = inspect.signature(UNet).parameters
    names = re.findall(r"`(\w+)(?:: [^`]*)?`", re.sub(r"\(.*?\)", "", said))
    assert set(names) == set(taken) - {"labels", "names"}
    for name, value in re.findall(r"`(\w+): ([^`]*)`", said):
        default = taken[name].default
        if isinstance(default, bool):
            assert value == str(default).lower()
        else:
            assert value == str(default) or float(str(default).split()[0]) == float(value)
    fit = inspect.signature(UNet.fit).parameters
    for key, default in rows("### A network").items():
        name = key.removeprefix("fit.")
        if key != name and default.isdigit():
            assert int(default) == fit[name].default
