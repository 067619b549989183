"""Images as rows of a table: their values, or what an embedding makes of each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from graticule.core import Image
from graticule.core.errors import Fault, ImageError, ParameterError, PipelineError, suggest
from graticule.core.image import SPATIAL
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.embedding.embedding import KINDS, FixedEmbedding

VALUES = "values"
_MOST = 262_144
"""Numbers of a row, beyond which a table of them is no table of features."""


@dataclass(frozen=True)
class ImageRows:
    """How an image becomes a row.

    Attributes
    ----------
    name : str
        ``values``: its samples; or an embedding of `graticule.learn.embedding`, as ``moments``.
    parameters : mapping
        ``channels``: ``mean``, or ``keep`` for a row of all channels; those of an embedding.
    shape : tuple of int
        Samples along ``y x`` of the images; empty before the first is seen.
    channels : int
        Of the images; 0 for grey ones.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> rows = ImageRows.of({"name": "values"}).seen(as_image(np.eye(2)))
    >>> rows.columns, rows.row(as_image(np.eye(2))).tolist()
    (['value_0', 'value_1', 'value_2', 'value_3'], [1.0, 0.0, 0.0, 1.0])
    """

    name: str = VALUES
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    channels: int = 0

    @classmethod
    def of(cls, values: Any) -> Self:
        """Return it from plain values: ``name`` and parameters, or the bare name.

        Raises
        ------
        ParameterError, PipelineError
            If there is no such embedding or parameter.
        """
        given = {"name": values} if isinstance(values, str) else values
        if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
            raise ParameterError("must be a name, or a mapping with name", hint="as values")
        name = given["name"]
        if name != VALUES and name not in KINDS:
            hint = suggest(name, [VALUES, *KINDS.names()])
            raise ParameterError(f"there is no embedding {name!r}", hint=hint)
        parameters = {key: value for key, value in given.items() if key != "name"}
        if name != VALUES:
            plain = FixedEmbedding.of(name, **parameters).plain()
            return cls(name, {key: value for key, value in plain.items() if key != "name"})
        unknown = [key for key in parameters if key != "channels"]
        faults = [Fault(key, "is not known here", hint="channels") for key in unknown]
        if parameters.get("channels", "mean") not in ("mean", "keep"):
            faults.append(
                Fault("channels", f"must be mean or keep, not {parameters['channels']!r}")
            )
        if faults:
            raise PipelineError(faults)
        return cls(VALUES, parameters)

    def plain(self) -> dict[str, Any]:
        """Return what it is made of, as JSON values."""
        return {"name": self.name, **self.parameters}

    def state(self) -> dict[str, Any]:
        """Return all that it is, as JSON values."""
        return {**self.plain(), "shape": list(self.shape), "image_channels": self.channels}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return what `state` wrote."""
        plain = {k: v for k, v in state.items() if k not in ("shape", "image_channels")}
        made = cls.of(plain)
        shape = tuple(int(size) for size in state["shape"])
        return cls(made.name, made.parameters, shape, int(state["image_channels"]))

    def seen(self, image: Image) -> Self:
        """Return it for images like one."""
        flat = _flat(image)
        shape = tuple(int(flat.sizes[dim]) for dim in flat.dims if dim != CHANNEL)
        channels = int(flat.sizes.get(CHANNEL, 0)) if self._keeps else 0
        made = type(self)(self.name, self.parameters, shape, channels)
        if made.embedding is not None:
            made.embedding.columns(shape)
            return made
        if int(np.prod(shape)) * max(1, channels) > _MOST:
            raise ImageError(
                f"has {int(np.prod(shape)):,} samples, and each would be a column",
                hint="have a pipeline bring it to a smaller size, as by transform.canonical",
            )
        return made

    @cached_property
    def embedding(self) -> FixedEmbedding | None:
        """What makes numbers of an image; None where they are its samples."""
        return None if self.name == VALUES else FixedEmbedding.of(self.name, **self.parameters)

    @property
    def _keeps(self) -> bool:
        return bool(self.parameters.get("channels", "mean") == "keep")

    @property
    def columns(self) -> list[str]:
        """Names of the numbers of a row."""
        if self.embedding is not None:
            return self.embedding.columns(self.shape, [f"c{n}" for n in range(self.channels)])
        count = int(np.prod(self.shape)) * max(1, self.channels)
        return [f"value_{number}" for number in range(count)]

    def row(self, image: Image) -> Array:
        """Return the numbers of an image, float32.

        Raises
        ------
        ImageError
            If it is of another size than the first, has other channels, or a sample is missing.
        """
        flat = _flat(image)
        if CHANNEL in flat.dims and not self.channels:
            flat = flat.mean(CHANNEL)
        shape = tuple(int(flat.sizes[dim]) for dim in flat.dims if dim != CHANNEL)
        there = int(flat.sizes.get(CHANNEL, 0))
        if shape != self.shape or there != self.channels:
            raise ImageError(
                f"is {_spoken(shape, there)}, and others are {_spoken(self.shape, self.channels)}",
                hint="have a pipeline bring all to one size, as by transform.canonical",
            )
        values = np.asarray(flat.values, np.float32).ravel()
        if not np.isfinite(values).all():
            raise ImageError(
                f"has {int((~np.isfinite(values)).sum()):,} samples without a number",
                hint="fill them in, or refuse the image by a column",
            )
        if self.embedding is None:
            return values
        scale = float(np.iinfo(image.dtype).max) if image.dtype.kind == "u" else 1.0
        stack = values.reshape(1, *shape, *([there] if there else [])) / np.float32(scale)
        return np.asarray(self.embedding.transform(stack)[0])


def _flat(image: Image) -> Image:
    """Return an image with the dims ``y x`` and maybe ``c``; more of them are refused."""
    spare = [d for d in image.dims if image.sizes[d] == 1 and d not in ("y", "x")]
    image = image.squeeze(spare, drop=True) if image.ndim > 2 else image
    if image.dtype.kind not in "buif":
        raise ImageError(f"must hold real numbers, not {image.dtype}")
    if image.sizes.get(CHANNEL) == 4 and image.dtype.kind == "u":
        image = image.isel({CHANNEL: slice(0, 3)})  # opacity is no colour
    worked = [dim for dim in image.dims if dim != CHANNEL]
    if len(worked) != 2 or image.size == 0:
        raise ImageError(
            f"must have two dims beside channels, not {', '.join(map(str, image.dims))}",
            hint="select along the others in a pipeline",
        )
    if set(worked) <= set(SPATIAL):
        worked = sorted(worked, key=SPATIAL.index)
    return image.transpose(*worked, *([CHANNEL] if CHANNEL in image.dims else []))


def _spoken(shape: tuple[int, ...], channels: int) -> str:
    return f"{' x '.join(map(str, shape))}{f' of {channels} channels' if channels else ''}"
