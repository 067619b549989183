"""What a fitted model is: an answer for images, and a state that can be written down.

A model knows what images it was made for (`InputSpec`), how far it looks (``halo``), and gives its
whole content as plain data (`State`), from which it can be made again. It is kept in a file by
`graticule.learn.save_model` and applied by the ops of the family ``learn``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np

from graticule.core import Image, Region
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import InputSpec

if TYPE_CHECKING:
    from graticule.learn.data.labels import Classes

RegionLike: TypeAlias = Region | Mapping[str, tuple[int, int]] | None
"""The part of an image that an answer is wanted for; None for all of it."""


def as_region(region: RegionLike, sizes: Mapping[str, int]) -> Region:
    """Return the part of an image of some sizes that an answer is wanted for.

    Raises
    ------
    ImageError
        If it is no start and stop by dim, or leaves the image.

    Examples
    --------
    >>> as_region({"x": (2, 4)}, {"y": 8, "x": 8}).bounds
    {'y': (0, 8), 'x': (2, 4)}
    """
    bounds = region.bounds if isinstance(region, Region) else region or {}
    if not isinstance(bounds, Mapping):
        raise ImageError(
            f"region must be a mapping of dims, not {region!r}",
            hint=f'as {{"{next(iter(sizes), "y")}": (0, 64)}}',
        )
    return Region(bounds).validate(sizes)


def margin_uncertainty(probabilities: Array, axis: int) -> Array:
    """Return 1 less the lead of the largest probability over the next, along the classes.

    Examples
    --------
    >>> margin_uncertainty(np.array([[0.75, 0.25, 0.0], [0.5, 0.5, 0.0]]), axis=1).tolist()
    [0.5, 1.0]
    """
    classes = probabilities.shape[axis]
    two = np.partition(probabilities, -2, axis).take([classes - 2, classes - 1], axis)
    uncertainty: Array = 1 - np.diff(two, axis=axis).squeeze(axis)
    return uncertainty


@dataclass(frozen=True)
class State:
    """A model as plain data.

    Attributes
    ----------
    card : mapping
        JSON values: the feature recipe, classes, normalisation, seed and whatever else the model
        is made again from, but for the following.
    arrays : mapping
        Arrays by name (letters, digits, ``_``, ``-`` and ``.``), of numbers, bools or texts.
    estimator : object, optional
        A scikit-learn estimator.
    weights : mapping, optional
        Weights of a network by name.
    expects : InputSpec, optional
        What images the model was made for; None for one that works on tables.
    source : str
        What it was read from, for messages.
    """

    card: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    estimator: Any = None
    weights: Mapping[str, np.ndarray[Any, Any]] | None = None
    expects: InputSpec | None = None
    source: str = "model"


@runtime_checkable
class Model(Protocol):
    """Anything fitted that can be written down.

    A class also has a class method ``from_state(state)``, and may have ``example``: a small input
    (an image, or a table of features) by whose result the file is verified when it is opened.
    """

    kind: ClassVar[str]
    """Named in the file; tells which class opens it."""

    def state(self) -> State:
        """Return all that the model is."""
        ...

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        ...

    def predict(self, data: Any, /) -> Any:
        """Return its answer."""
        ...


class ImageModel(Model, Protocol):
    """A model that gives an image for an image.

    Asked for a ``region`` (start and stop by spatial dim), an answer is that of the whole image,
    cut to it; the rest is not computed.

    Attributes
    ----------
    classes : tuple of Class
        Empty for regression.
    expects : InputSpec
        What images it was made for; ``predict`` starts with ``self.expects.validate(image)``.
    """

    @property
    def classes(self) -> Classes:
        """Values and names of the classes."""
        ...

    @property
    def expects(self) -> InputSpec:
        """What images it was made for."""
        ...

    def halo(self, image: Image) -> Mapping[str, int]:
        """Return how many samples it looks around, by dim, from dims and coordinates alone."""
        ...

    def align(self, image: Image) -> Mapping[str, int]:
        """Return the step of its lattice in samples, by dim; empty where it has none."""
        ...

    def predict(self, image: Image, /, *, region: RegionLike = None) -> Image:
        """Return the value of the class of each sample, or the predicted value."""
        ...

    def predict_proba(self, image: Image, /, *, region: RegionLike = None) -> Image:
        """Return the probability of each class."""
        ...

    def uncertainty(self, image: Image, /, *, region: RegionLike = None) -> Image:
        """Return how undecided it is at each sample, 0 to 1."""
        ...
