"""What suits an op, where it does not follow from the kinds of its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import xarray as xr

Dims: TypeAlias = tuple[str, ...]
"""The dims of an image, in order."""

ANY_DIMS: tuple[Dims, ...] = (("x",), ("y", "x"), ("z", "y", "x"), ("t", "y", "x"))
"""For what takes images of any dims."""
PLANE: tuple[Dims, ...] = (("y", "x"),)
"""For what takes planes alone."""
WAVES: tuple[Dims, ...] = (("time", "distance"),)


@dataclass(frozen=True)
class Case:
    """What suits an op, where it does not follow from the kinds of its data.

    Attributes
    ----------
    dims : sequence of tuple of str
        Dims its images may have; the first is that of the standard input.
    params : mapping
        Values of parameters that have no default, or whose default suits no small image.
    params_for : callable, optional
        From an image (None if there is none) to parameters that follow from its dims, or that
        cost something to make.
    data : mapping
        What makes a table, record or model, by the name of the input: from the first image
        (None if there is none) to the value. Of an image, from one that has nothing special.
    size : int
        Samples along a dim of the standard input.

    Examples
    --------
    >>> Case(dims=PLANE, params={"radius": 2}, size=16).dims
    (('y', 'x'),)
    """

    dims: Sequence[Dims] = ANY_DIMS
    params: Mapping[str, Any] = field(default_factory=dict)
    params_for: Callable[[Any], Mapping[str, Any]] | None = None
    data: Mapping[str, Callable[[xr.DataArray | None], Any]] = field(default_factory=dict)
    size: int = 12

    def parameters(self, image: xr.DataArray | None) -> dict[str, Any]:
        """Return the parameters to be given for an image."""
        following = self.params_for(image) if self.params_for else {}
        return {**self.params, **following}
