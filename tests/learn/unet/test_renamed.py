"""Old names of parameters in training documents: read, with a warning, for one release."""

from __future__ import annotations

import pytest

from graticule.core.errors import PipelineError
from graticule.learn.document.document import parse
from graticule.learn.unet.renamed import with_new_names, with_old_names

DOCUMENT = """graticule: 1
methods:
  one: {unet: {base: 8, rate: 0.01, flips: true}}
  two: {unet: {rate: 0.02}}
"""


def test_a_document_of_before_is_read_with_one_warning() -> None:
    with pytest.warns(FutureWarning, match="learning_rate for rate, tta for flips;") as shown:
        found = parse(DOCUMENT, source="cells.yaml")
    assert [(each.filename, each.lineno) for each in shown] == [("cells.yaml", 3)]
    assert found.methods["one"].options["unet"] == {"base": 8, "learning_rate": 0.01, "tta": True}
    assert found.methods["two"].options["unet"] == {"learning_rate": 0.02}


def test_a_fault_in_an_old_name_is_found_in_its_line() -> None:
    with (
        pytest.warns(FutureWarning, match="learning_rate"),
        pytest.raises(PipelineError, match=r"two\.unet\.learning_rate: must be positive"),
    ):
        parse(DOCUMENT.replace("0.02", "fast"), source="cells.yaml")


def test_a_name_beside_its_old_one_is_a_fault() -> None:
    with pytest.raises(PipelineError, match=r"a\.unet\.rate: there is no such parameter"):
        parse("{graticule: 1, methods: {a: {unet: {rate: 1, learning_rate: 1}}}}")


def test_new_names_are_the_inverse_of_old_ones() -> None:
    new = {"learning_rate": 0.01, "tta": True, "base": 8}
    assert with_new_names(new, "cells.model") == new
    with pytest.warns(FutureWarning, match="tta for flips"):
        assert with_new_names(with_old_names(new), "cells.model") == new
