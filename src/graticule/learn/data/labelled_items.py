"""Things with one target each, as they are learned from and judged on: images, or their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.typing import Array
from graticule.learn.data.labels import Classes


@dataclass(frozen=True)
class LabelledItems:
    """Whole images, or the objects in them, with one target each.

    Attributes
    ----------
    things : str
        What has a target: ``images`` or ``objects``.
    names : tuple of str
        One for each image.
    content : tuple of DataArray or DataFrame
        Of each image the image itself, or the table of those of its objects that have a target.
    targets : tuple of ndarray
        Of each image the number of the class of each thing in it; or its value.
    classes : tuple of Class
        Empty for continuous targets.
    groups : tuple
        One for each image; images of one group are never on both sides of a split.
    grouped_by : str
        What groups are called, as ``images`` or ``patient``.

    Examples
    --------
    >>> from graticule.learn.data.labels import Class
    >>> classes = (Class(1, "cat"), Class(2, "dog"))
    >>> one = LabelledItems("images", ("a", "b"), (None, None), (np.array([0]), np.array([1])),
    ...                     classes, ("a", "b"))
    >>> one.meaning
    '2 images of the classes cat (1), dog (1)'
    """

    things: str
    names: tuple[str, ...]
    content: tuple[Any, ...]
    targets: tuple[Array, ...]
    classes: Classes
    groups: tuple[Any, ...]
    grouped_by: str = "images"

    @property
    def images(self) -> tuple[str, ...]:
        """What stands for each image in counts of them: its name."""
        return self.names

    @property
    def scored_classes(self) -> tuple[int, ...]:
        """Numbers of the classes that count: all."""
        return tuple(range(len(self.classes)))

    @property
    def samples(self) -> int:
        """How many things have a target."""
        return sum(len(own) for own in self.targets)

    @property
    def meaning(self) -> str:
        """What targets were taken for, in words."""
        what = f"{self.samples} {self.things}"
        if self.things == "objects":
            what += f" in {len(self.names)} image{'' if len(self.names) == 1 else 's'}"
        every = np.concatenate(self.targets)
        if not self.classes:
            return f"{what} with values from {every.min():.4g} to {every.max():.4g}"
        counts = np.bincount(every, minlength=len(self.classes))
        listed = [f"{own.name} ({n})" for own, n in zip(self.classes, counts, strict=True)]
        shown = ", ".join(listed[:8]) + (f" ... {listed[-1]}" if len(listed) > 8 else "")
        return f"{what} of the classes {shown}"

    def marks(self) -> list[xr.DataArray]:
        """Return for each image one sample a thing: the number of its class, or its value."""
        return [xr.DataArray(own, dims=("x",)) for own in self.targets]

    def named(self, which: Sequence[int]) -> list[Any]:
        """Return the targets of some images in one list: classes by name or number, or values."""
        every = [target for number in which for target in self.targets[number].tolist()]
        if not self.classes:
            return every
        numbers = all(each.name == str(each.value) for each in self.classes)
        return [self.classes[code].value if numbers else self.classes[code].name for code in every]
