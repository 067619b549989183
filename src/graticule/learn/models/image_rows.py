"""Images as rows of a table: their values, or what an embedding makes of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from graticule.core import Image
from graticule.core.document import validate
from graticule.core.errors import (
    Fault,
    FormatError,
    ImageError,
    ParameterError,
    PipelineError,
    suggest,
)
from graticule.core.image import SPATIAL
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.embedding.embedding import (
    KINDS,
    LEARNED,
    FittedEmbedding,
    FixedEmbedding,
    LearnedParameters,
)

VALUES = "values"
_NOTHING: Mapping[str, Array] = {}
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
    fitted : FittedEmbedding or None
        What was learned of a collection, where the embedding is one that is.

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
    fitted: FittedEmbedding | None = field(default=None, compare=False)

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
        parameters = {key: value for key, value in given.items() if key != "name"}
        if name in LEARNED:
            return cls(name, _learned(name, parameters).model_dump(mode="json"))
        if name in KINDS:
            plain = FixedEmbedding.of(name, **parameters).plain()
            return cls(name, {key: value for key, value in plain.items() if key != "name"})
        if name != VALUES:
            hint = suggest(name, names())
            raise ParameterError(f"there is no embedding {name!r}", hint=hint)
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
        """Return all that it is but for `arrays`, as JSON values."""
        known = {**self.plain(), "shape": list(self.shape), "image_channels": self.channels}
        return known if self.fitted is None else {**known, "fitted": self.fitted.arrays()[1]}

    @property
    def arrays(self) -> Mapping[str, Array]:
        """What was learned, as arrays by name; none where nothing is."""
        return {} if self.fitted is None else self.fitted.arrays()[0]

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array] = _NOTHING) -> Self:
        """Return what `state` and `arrays` wrote.

        Raises
        ------
        FormatError
            If they do not fit together.
        """
        own = ("shape", "image_channels", "fitted")
        made = cls.of({key: value for key, value in state.items() if key not in own})
        shape = tuple(int(size) for size in state["shape"])
        channels = int(state["image_channels"])
        if not made.is_learned:
            return cls(made.name, made.parameters, shape, channels)
        if not isinstance(state.get("fitted"), Mapping):
            raise FormatError(f"holds no fitted {made.name}")
        fitted = LEARNED.get(made.name).from_arrays(arrays, state["fitted"])
        if fitted.shape != (*shape, max(channels, 1)):
            raise FormatError(f"is of images of {shape}, and its {made.name} of {fitted.shape}")
        return cls(made.name, made.parameters, shape, channels, fitted)

    def seen(self, image: Image) -> Self:
        """Return it for images like one."""
        flat = _flat(image)
        shape = tuple(int(flat.sizes[dim]) for dim in flat.dims if dim != CHANNEL)
        channels = int(flat.sizes.get(CHANNEL, 0)) if self._keeps else 0
        made = type(self)(self.name, self.parameters, shape, channels)
        if made.is_learned:
            return made
        if made._fixed is not None:
            made._fixed.columns(shape)
            return made
        if int(np.prod(shape)) * max(1, channels) > _MOST:
            raise ImageError(
                f"has {int(np.prod(shape)):,} samples, and each would be a column",
                hint="have a pipeline bring it to a smaller size, as by transform.canonical",
            )
        return made

    def fit(self, batches: Iterator[Array], seed: int = 0) -> Self:
        """Return it fitted to stacks of images as `sample` gives them."""
        kind = LEARNED.get(self.name)
        parameters = _learned(self.name, self.parameters)
        return replace(self, fitted=kind.fit(batches, parameters, seed))

    @property
    def is_learned(self) -> bool:
        """Whether it must be fitted to a collection before it tells anything."""
        return self.name in LEARNED

    @property
    def label(self) -> str:
        """What the numbers are, for people."""
        if self.name == VALUES:
            return VALUES
        return LEARNED.get(self.name).label if self.is_learned else KINDS.get(self.name).label

    @cached_property
    def _fixed(self) -> FixedEmbedding | None:
        return FixedEmbedding.of(self.name, **self.parameters) if self.name in KINDS else None

    @property
    def _keeps(self) -> bool:
        return bool(self.parameters.get("channels", "mean") == "keep")

    @property
    def columns(self) -> list[str]:
        """Names of the numbers of a row."""
        if self.fitted is not None:
            return self.fitted.columns
        if self.is_learned:
            raise ParameterError(f"{self.name} must be fitted to images first")
        if self._fixed is not None:
            return self._fixed.columns(self.shape, [f"c{n}" for n in range(self.channels)])
        count = int(np.prod(self.shape)) * max(1, self.channels)
        return [f"value_{number}" for number in range(count)]

    def row(self, image: Image) -> Array:
        """Return the numbers of an image, float32.

        Raises
        ------
        ImageError
            If it is of another size than the first, has other channels, or a sample is missing.
        ParameterError
            If it must be fitted first.
        """
        return np.asarray(self.rows(self.sample(image)[None])[0])

    def rows(self, samples: Array) -> Array:
        """Return the numbers of a stack of images as `sample` gives them, float32 of ``(n, k)``."""
        if self.name == VALUES:
            return samples.reshape(len(samples), -1)
        embedding = self._fixed or self.fitted
        if embedding is None:
            raise ParameterError(f"{self.name} must be fitted to images first")
        return embedding.transform(samples)

    def sample(self, image: Image) -> Array:
        """Return an image as it is looked at: float32 of ``(y, x)`` or ``(y, x, c)``.

        But for ``values``, unsigned integers are parts of their largest.

        Raises
        ------
        ImageError
            As `row`.
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
        values = np.asarray(flat.values, np.float32)
        if not np.isfinite(values).all():
            raise ImageError(
                f"has {int((~np.isfinite(values)).sum()):,} samples without a number",
                hint="fill them in, or refuse the image by a column",
            )
        if self.name == VALUES or image.dtype.kind != "u":
            return values
        return values / np.float32(np.iinfo(image.dtype).max)


def names() -> list[str]:
    """Return the names that there are."""
    return [VALUES, *KINDS.names(), *LEARNED.names()]


def _learned(name: str, parameters: Mapping[str, Any]) -> LearnedParameters:
    checked, faults = validate(LEARNED.get(name).parameters, dict(parameters))
    if checked is None or faults:
        raise PipelineError(faults, source=name)
    return checked


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
