"""Principal components of images, fitted batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graticule.core.errors import FormatError, ImageError
from graticule.core.typing import Array
from graticule.learn.embedding.embedding import (
    LearnedKind,
    LearnedParameters,
    as_stack,
    shape_of_card,
)

_CARD = "graticule-pca-1"


@dataclass(frozen=True)
class PCA:
    """Principal components of a collection of images.

    Attributes
    ----------
    shape : tuple of int
        ``(y, x, c)`` of the images.
    mean : ndarray
        ``(y * x * c,)``: the mean image.
    components : ndarray
        ``(k, y * x * c)``: rows of length 1, by decreasing variance; the largest loading of each
        is positive.
    explained_variance, explained_variance_ratio : ndarray
        Of each component, and as a part of that of all samples.
    images : int
        How many it was fitted to.

    Examples
    --------
    >>> images = np.random.default_rng(0).random((40, 8, 8), dtype=np.float32)
    >>> pca = PCA.fit([images[:20], images[20:]], n_components=5)
    >>> pca.transform(images).shape, pca.columns[:2]
    ((40, 5), ['component_0', 'component_1'])
    >>> again = PCA.from_arrays(*pca.arrays())
    >>> bool((again.transform(images) == pca.transform(images)).all())
    True
    """

    shape: tuple[int, int, int]
    mean: Array
    components: Array
    explained_variance: Array
    explained_variance_ratio: Array
    images: int

    @classmethod
    def fit(
        cls,
        batches: Iterable[Array] | Callable[[], Iterator[Array]],
        *,
        n_components: int = 25,
    ) -> Self:
        """Return the components of images that come in batches, in memory of a batch.

        A singular value decomposition is kept up to date [1]_: that of the components so far
        times their singular values, the next batch and the way of the mean. It is exact where
        ``n_components`` holds all variance, and else as good as the components kept at a time.

        Parameters
        ----------
        batches : iterable of ndarray, or callable that gives one
            Stacks ``(n, y, x)`` or ``(n, y, x, c)``, each of any size.
        n_components : int
            At most the number of samples of an image, and of all images less one.

        Raises
        ------
        ImageError
            If there are too few images, of several sizes, or a sample is no number.

        References
        ----------
        .. [1] Ross, D. A., Lim, J., Lin, R.-S. and Yang, M.-H., "Incremental learning for robust
           visual tracking", International Journal of Computer Vision 77, 125-141, 2008.
        """
        state = _Running(n_components)
        for batch in batches() if callable(batches) else batches:
            for part in state.parts(as_stack(batch)):
                state.add(part)
        return cls(*state.finish())

    @property
    def columns(self) -> list[str]:
        """Names of the numbers of a row."""
        return [f"component_{number}" for number in range(len(self.components))]

    @property
    def facts(self) -> dict[str, float]:
        """The part of the variance that is kept."""
        return {"explained_variance": float(self.explained_variance_ratio.sum())}

    def transform(self, images: Array) -> Array:
        """Return the components of images, float32 of ``(n, k)``."""
        rows = _rows(as_stack(images), self.shape)
        return np.asarray((rows - self.mean) @ self.components.T, np.float32)

    def inverse_transform(self, scores: Array) -> Array:
        """Return what images with these components look like, float32 of ``(n, y, x, c)``."""
        scores = np.asarray(scores)
        if scores.ndim != 2 or scores.shape[1] > len(self.components):
            raise ImageError(
                f"must be of (n, {len(self.components)}) components or less, not {scores.shape}"
            )
        rows = scores @ self.components[: scores.shape[1]] + self.mean
        return np.asarray(rows.reshape(len(scores), *self.shape), np.float32)

    def reconstruct(self, images: Array, counts: Iterable[int]) -> Array:
        """Return images from their first components alone, for a panel.

        Parameters
        ----------
        images : ndarray
            ``(n, y, x)`` or ``(n, y, x, c)``.
        counts : iterable of int
            How many components, for each row of the panel.

        Returns
        -------
        ndarray
            float32 of ``(counts, n, y, x, c)``.
        """
        scores = self.transform(images)
        return np.stack([self.inverse_transform(scores[:, : max(0, n)]) for n in counts])

    def arrays(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what it holds as arrays by name, and the rest as JSON values."""
        arrays = {
            "mean": self.mean,
            "components": self.components,
            "explained_variance": self.explained_variance,
            "explained_variance_ratio": self.explained_variance_ratio,
        }
        return arrays, {"format": _CARD, "shape": list(self.shape), "images": self.images}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], card: Mapping[str, Any]) -> Self:
        """Return what `arrays` gave.

        Raises
        ------
        FormatError
            If they do not fit together.
        """
        try:
            y, x, c = shape_of_card(card, _CARD)
            mean = np.asarray(arrays["mean"], np.float64)
            components = np.asarray(arrays["components"], np.float64)
            variance = np.asarray(arrays["explained_variance"], np.float64)
            share = np.asarray(arrays["explained_variance_ratio"], np.float64)
            images = int(card["images"])
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"is no fitted PCA: {error}") from None
        size, count = y * x * c, len(components)
        fits = mean.shape == (size,) and components.shape == (count, size)
        if not fits or variance.shape != (count,) or share.shape != (count,):
            raise FormatError("is no fitted PCA: its arrays are of sizes that do not fit")
        return cls((y, x, c), mean, components, variance, share, images)


class _Running:
    """The decomposition of all images so far."""

    def __init__(self, n_components: int) -> None:
        if n_components < 1:
            raise ImageError(f"n_components must be 1 or more, not {n_components}")
        self.wanted = n_components
        self.shape: tuple[int, int, int] | None = None
        self.count = 0
        self.mean = self.square = np.empty(0)
        self.axes = np.empty((0, 0))

    def parts(self, stack: Array) -> Iterator[Array]:
        """Yield the rows of a stack, not more of them at a time than are worked on well."""
        if self.shape is None:
            self.shape = (stack.shape[1], stack.shape[2], stack.shape[3])
            size = int(np.prod(self.shape))
            self.mean, self.square = np.zeros(size), np.zeros(size)
            self.axes = np.empty((0, size))
        most = max(4 * self.wanted, 64)
        for start in range(0, len(stack), most):
            yield _rows(stack[start : start + most], self.shape)

    def add(self, rows: Array) -> None:
        """Take more images in."""
        from scipy.linalg import svd

        count = len(rows)
        mean = rows.mean(axis=0)
        way = mean - self.mean
        pull = np.sqrt(self.count * count / (self.count + count)) * way
        self.square += ((rows - mean) ** 2).sum(axis=0) + pull**2
        parts = [self.axes, rows - mean] + ([pull[None]] if self.count else [])
        self.count += count
        self.mean = self.mean + way * count / self.count
        _, sizes, axes = svd(np.concatenate(parts), full_matrices=False, check_finite=False)
        kept = min(len(sizes), self.wanted + 10)
        self.axes = sizes[:kept, None] * axes[:kept]

    def finish(self) -> tuple[Any, ...]:
        """Return the shape, mean, components, their variances and shares, and how many images."""
        size = self.mean.size
        most = min(self.count - 1, size)
        if self.shape is None or self.wanted > most:
            raise ImageError(
                f"{self.wanted} components need as many samples and one more image, not {size} "
                f"samples and {self.count} images",
                hint=f"set n_components to {max(most, 1)} or less",
            )
        sizes = np.linalg.norm(self.axes, axis=1)[: self.wanted]
        axes = self.axes[: self.wanted] / np.where(sizes > 0, sizes, 1)[:, None]
        largest = np.abs(axes).argmax(axis=1)
        axes *= np.where(axes[np.arange(len(axes)), largest] < 0, -1.0, 1.0)[:, None]
        variance = sizes**2 / (self.count - 1)
        total = float(self.square.sum()) / (self.count - 1)
        share = variance / total if total > 0 else np.zeros_like(variance)
        return self.shape, self.mean, axes, variance, share, self.count


def _rows(stack: Array, shape: tuple[int, int, int]) -> Array:
    if stack.shape[1:] != shape:
        raise ImageError(f"must be images of {shape} (y, x, c) samples, not {stack.shape[1:]}")
    rows = np.ascontiguousarray(stack, np.float64).reshape(len(stack), -1)
    if not np.isfinite(rows).all():
        raise ImageError("has samples without a number")
    return rows


def _fit(batches: Iterator[Array], parameters: LearnedParameters, seed: int) -> PCA:
    return PCA.fit(batches, n_components=parameters.n_components)


pca = LearnedKind("pca", "principal components", LearnedParameters, _fit, PCA.from_arrays)
