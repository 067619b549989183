"""The method contract: what every kind of method must keep to, ours and yours.

To hold your own kind to it, subclass the suite in a test module::

    from graticule.testing.methods import MethodContract

    class TestMine(MethodContract):
        sections = ("{mine: {radius: 3}}",)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import xarray as xr

from graticule.core import as_image, filtered_dims
from graticule.core.errors import PipelineError
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.learn.crossval.method_run import training_set_of
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import TrainingDocument, build_methods, parse
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.learn.methods.method import FittedMethod, Method
from graticule.learn.splits.splits import Fold


def scene(seed: int = 0) -> tuple[xr.DataArray, xr.DataArray]:
    """Return a noisy image and the mask that is to be found in it."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.normal(size=(96, 112)), 4) > 0.03
    return as_image((mask + rng.normal(size=mask.shape)).astype(np.float32)), as_image(mask)


class MethodContract:
    """The suite; every test is one promise, tried on every section.

    Attributes
    ----------
    sections : sequence of str
        Sections of ``methods:`` as YAML; those of networks small and short.
    folder : Path or None
        What paths in them are relative to.
    """

    sections: ClassVar[Sequence[str]] = ()
    folder: ClassVar[Path | None] = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrise over the sections."""
        if "section" in metafunc.fixturenames:
            metafunc.parametrize("section", self.sections)

    def document(self, section: str) -> TrainingDocument:
        """Return a training document with one method."""
        source = "<text>" if self.folder is None else str(self.folder / "training.yaml")
        return parse(f"{{graticule: 1, methods: {{it: {section}}}}}", source=source)

    def method(self, section: str) -> Method:
        """Return the method of a section."""
        (method,) = build_methods(self.document(section))
        return method

    def fold(self, section: str, data: LabelledImages) -> Fold:
        """Return a fold of blocks with the reach of the method as the buffer."""
        return make_split(self.document(section).split, data, [self.method(section)]).folds[1]

    def fitted(self, section: str, data: LabelledImages) -> FittedMethod:
        """Return the method after what it may learn from in that fold."""
        method = self.method(section)
        return method.fit(training_set_of(data, self.fold(section, data), method))

    def test_the_kind_is_described(self, section: str) -> None:
        """People can read what it is, and what it learns from."""
        spec = self.document(section).methods["it"]
        kind = METHOD_KINDS.get(spec.kind)
        assert kind.label
        assert kind.describe(spec)

    def test_an_unknown_key_is_a_fault(self, section: str) -> None:
        """A misspelt key has its line and path."""
        with pytest.raises(PipelineError, match=r"methods\.it\.no_such_key"):
            self.document(section.rstrip()[:-1] + ", no_such_key: 1}")

    def test_the_same_training_set_gives_the_same_predictions(self, section: str) -> None:
        """Whatever is drawn at random has a seed."""
        data, (elsewhere, _) = LabelledImages.of(*scene()), scene(9)
        first, second = (_whole(self.fitted(section, data), elsewhere) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_nothing_held_out_reaches_it(self, section: str) -> None:
        """With its reach as the buffer, no value and no label held out changes what it learns."""
        image, labels = scene()
        elsewhere, _ = scene(9)
        fold, method = self.fold(section, LabelledImages.of(image, labels)), self.method(section)
        held = fold.test[0]
        assert held is not None
        changed = LabelledImages.of(image.where(~held, np.float32(50)), labels ^ held)
        before, after = (
            _whole(self.method(section).fit(training_set_of(data, fold, method)), elsewhere)
            for data in (LabelledImages.of(image, labels), changed)
        )
        np.testing.assert_array_equal(before, after)

    def test_a_box_is_that_of_the_whole(self, section: str) -> None:
        """A prediction for a part of an image is that part of the prediction for all of it."""
        data = LabelledImages.of(*scene())
        fitted = self.fitted(section, data)
        box = Region({"y": (13, 40), "x": (50, 90)})
        part = fitted.predict(data.images[0], box).codes
        np.testing.assert_array_equal(part, _whole(fitted, data.images[0])[13:40, 50:90])

    def test_no_value_beyond_its_reach_counts(self, section: str) -> None:
        """What is farther from a sample than the reach does not change its prediction."""
        data = LabelledImages.of(*scene())
        fitted, image = self.fitted(section, data), data.images[0]
        reach, dims = self.method(section).reach(image), filtered_dims(image)
        box = Region({dim: (image.sizes[dim] // 2, image.sizes[dim] // 2 + 2) for dim in dims})
        near = box.grown(reach, {dim: image.sizes[dim] for dim in dims})
        changed = image.copy(deep=True)
        changed[{dim: slice(None) for dim in dims}] = 50
        changed[near.slices()] = image[near.slices()]
        before, after = (fitted.predict(each, box).codes for each in (image, changed))
        np.testing.assert_array_equal(before, after)


def _whole(fitted: FittedMethod, image: xr.DataArray) -> Array:
    return fitted.predict(image, Region.full(image.sizes)).codes
