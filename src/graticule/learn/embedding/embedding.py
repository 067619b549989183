"""What an embedding of images is: a kind with parameters, and what they make of a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, Self

import numpy as np
from pydantic import Field

from graticule.core.document import Section, validate
from graticule.core.errors import FormatError, ImageError, ParameterError, PipelineError
from graticule.core.registry import Registry
from graticule.core.typing import Array

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 2**22
"""Numbers of images that are worked on at once."""


class EmbeddingParameters(Section):
    """Parameters as they are written in a document; those of a kind add their own.

    Attributes
    ----------
    channels : {"mean", "keep"}
        Whether channels are averaged, or each has columns of its own.

    Examples
    --------
    >>> KINDS.get("moments").parameters(degree=3, channels="keep").model_dump()
    {'channels': 'keep', 'degree': 3}
    """

    channels: Literal["mean", "keep"] = "mean"


@dataclass(frozen=True)
class EmbeddingKind:
    """A kind of fixed embedding, which needs no fitting.

    Attributes
    ----------
    name : str
        As its module.
    label : str
        For people.
    parameters : type of EmbeddingParameters
        Its keys, validated.
    columns : callable
        ``columns(shape, parameters)``: the names of its numbers, for images of ``(y, x)`` samples.
        Raises an `ImageError` where they are too small.
    transform : callable
        ``transform(planes, parameters)``: from ``(n, y, x)`` float32 to ``(n, k)``.
    rotations : str
        Which turns of an image do not change it, in words.

    Examples
    --------
    >>> hog = KINDS.get("hog")
    >>> hog.label, len(hog.columns((32, 32), hog.parameters()))
    ('oriented gradients', 36)
    """

    name: str
    label: str
    parameters: type[EmbeddingParameters]
    columns: Callable[[tuple[int, int], Any], list[str]]
    transform: Callable[[Array, Any], Array]
    rotations: str = ""


KINDS: Registry[EmbeddingKind] = Registry(
    "embedding", "graticule.embeddings", package="graticule.learn.embedding.kinds"
)
"""All fixed embeddings, built in or plugged in."""


class FittedEmbedding(Protocol):
    """An embedding that was fitted to a collection.

    Examples
    --------
    >>> from graticule.learn.embedding import PCA
    >>> images = np.random.default_rng(0).random((20, 8, 8), dtype=np.float32)
    >>> fitted: FittedEmbedding = PCA.fit([images], n_components=3)
    >>> fitted.shape, fitted.columns, fitted.transform(images).shape
    ((8, 8, 1), ['component_0', 'component_1', 'component_2'], (20, 3))
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(y, x, c)`` of the images it takes."""
        ...

    @property
    def columns(self) -> list[str]:
        """Names of the numbers of a row."""
        ...

    @property
    def facts(self) -> dict[str, float]:
        """What is known of the fit, by name."""
        ...

    def transform(self, images: Array) -> Array:
        """Return the numbers of a stack of images, float32 of ``(n, k)``."""
        ...

    def arrays(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what it holds as arrays by name, and the rest as JSON values."""
        ...


class LearnedParameters(EmbeddingParameters):
    """Parameters of an embedding that is fitted.

    Attributes
    ----------
    n_components : int
        How many numbers describe an image.
    fit_images : int or None
        To how many images it is fitted at most, taken evenly; to all, if None.

    Examples
    --------
    >>> LearnedParameters(n_components=8).model_dump()
    {'channels': 'mean', 'n_components': 8, 'fit_images': None}
    """

    n_components: Annotated[int, Field(ge=1, le=4096, strict=True)] = 25
    fit_images: Annotated[int, Field(ge=8, strict=True)] | None = None


@dataclass(frozen=True)
class LearnedKind:
    """A kind of embedding that is fitted to a collection.

    Attributes
    ----------
    name : str
        As its module.
    label : str
        For people.
    parameters : type of LearnedParameters
        Its keys, validated.
    fit : callable
        ``fit(batches, parameters, seed)``: from stacks ``(n, y, x)`` or ``(n, y, x, c)``.
    from_arrays : callable
        Makes again what its ``arrays`` gave.

    Examples
    --------
    >>> pca = LEARNED.get("pca")
    >>> images = np.random.default_rng(0).random((20, 8, 8), dtype=np.float32)
    >>> fitted = pca.fit(iter([images]), pca.parameters(n_components=2), 0)
    >>> again = pca.from_arrays(*fitted.arrays())
    >>> bool((again.transform(images) == fitted.transform(images)).all())
    True
    """

    name: str
    label: str
    parameters: type[LearnedParameters]
    fit: Callable[[Iterator[Array], Any, int], FittedEmbedding]
    from_arrays: Callable[[Mapping[str, Array], Mapping[str, Any]], FittedEmbedding]


LEARNED: Registry[LearnedKind] = Registry(
    "embedding", "graticule.learned_embeddings", package="graticule.learn.embedding.learned"
)
"""All embeddings that are fitted, built in or plugged in."""


@dataclass(frozen=True)
class FixedEmbedding:
    """A kind with its parameters.

    Attributes
    ----------
    kind : EmbeddingKind
        What it is.
    parameters : EmbeddingParameters
        Of the kind.

    Examples
    --------
    >>> embedding = FixedEmbedding.of("radial_profile", rings=4)
    >>> embedding.columns((16, 16))
    ['ring_mean_0', 'ring_mean_1', 'ring_mean_2', 'ring_mean_3']
    >>> embedding.transform(np.ones((2, 16, 16), np.float32)).shape
    (2, 4)
    """

    kind: EmbeddingKind
    parameters: Any

    @classmethod
    def of(cls, name: str, **parameters: Any) -> Self:
        """Return the embedding of a name.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        PipelineError
            With a fault for each parameter that is unknown or out of range.
        """
        kind = KINDS.get(name)
        checked, faults = validate(kind.parameters, parameters)
        if checked is None or faults:
            raise PipelineError(faults, source=name)
        return cls(kind, checked)

    def plain(self) -> dict[str, Any]:
        """Return name and parameters as JSON values."""
        return {"name": self.kind.name, **self.parameters.model_dump(mode="json")}

    def columns(self, shape: Sequence[int], channels: Sequence[str] = ()) -> list[str]:
        """Return the names of the numbers, for images of so many samples.

        Parameters
        ----------
        shape : sequence of int
            Samples along ``y x``.
        channels : sequence of str
            Names of the channels, where there are any.
        """
        names = self.kind.columns((int(shape[0]), int(shape[1])), self.parameters)
        if self.parameters.channels == "keep" and channels:
            return [f"{name}_{channel}" for channel in channels for name in names]
        return names

    def transform(self, images: Array) -> Array:
        """Return the numbers of images, float32 of ``(n, k)``, worked on in batches.

        Parameters
        ----------
        images : ndarray
            ``(n, y, x)`` or ``(n, y, x, c)``, as from 0 to 1.

        Raises
        ------
        ImageError
            If they have other dims, are too small, or a sample is no number.
        """
        stack = as_stack(images)
        size = int(np.prod(stack.shape[1:]))
        step = max(1, _BATCH // max(1, size))
        parts = [self._batch(stack[at : at + step]) for at in range(0, len(stack), step)]
        if not parts:
            names = [str(number) for number in range(stack.shape[3])]
            wide = len(self.columns(stack.shape[1:3], names if names[1:] else ()))
            return np.empty((0, wide), np.float32)
        return np.concatenate(parts)

    def _batch(self, stack: Array) -> Array:
        if not np.isfinite(stack).all():
            raise ImageError(
                "has samples without a number", hint="fill them in, or set such images aside"
            )
        self.kind.columns(stack.shape[1:3], self.parameters)
        values = np.ascontiguousarray(stack, np.float32)
        if self.parameters.channels == "mean":
            planes = [np.ascontiguousarray(values.mean(axis=3, dtype=np.float32))]
        else:
            planes = [np.ascontiguousarray(values[..., c]) for c in range(values.shape[3])]
        parts = [self.kind.transform(plane, self.parameters) for plane in planes]
        return np.concatenate(parts, axis=1).astype(np.float32, copy=False)

    def table(self, batches: Iterator[Array] | Sequence[Array]) -> pd.DataFrame:
        """Return the numbers of stacks that come one after another, with named columns."""
        import pandas as pd

        rows: list[Array] = []
        names: list[str] = []
        for batch in batches:
            stack = as_stack(batch)
            channels = [f"c{n}" for n in range(stack.shape[3])] if stack.shape[3] > 1 else []
            found = self.columns(stack.shape[1:3], channels)
            if names and found != names:
                raise ImageError("images of all batches must be of one size")
            names = found
            rows.append(self.transform(stack))
        return pd.DataFrame(np.concatenate(rows) if rows else None, columns=names or None)


def as_stack(images: Array) -> Array:
    """Return images as ``(n, y, x, c)``.

    Raises
    ------
    ImageError
        If there are other dims.
    """
    values = np.asarray(images)
    if values.ndim == 3:
        values = values[..., None]
    if values.ndim != 4 or 0 in values.shape[1:]:
        raise ImageError(f"must be a stack (n, y, x) or (n, y, x, c), not {values.shape}")
    if values.dtype.kind not in "buif":
        raise ImageError(f"must hold real numbers, not {values.dtype}")
    return values


def from_plain(values: Mapping[str, Any] | str) -> FixedEmbedding:
    """Return an embedding from a name, or from ``name`` and its parameters."""
    given = {"name": values} if isinstance(values, str) else dict(values)
    if not isinstance(given.get("name"), str):
        raise ParameterError("must be a name, or a mapping with name", hint="as moments")
    return FixedEmbedding.of(given.pop("name"), **given)


def shape_of_card(card: Mapping[str, Any], form: str) -> tuple[int, int, int]:
    """Return ``(y, x, c)`` of the images that a stored embedding is of.

    Raises
    ------
    FormatError
        If it is stored in another format.
    """
    if card["format"] != form:
        raise FormatError(f"must be of the format {form}, not {card['format']!r}")
    y, x, c = (int(size) for size in card["shape"])
    return y, x, c
