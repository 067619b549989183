"""Which class opens which kind of model."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

from graticule.core.errors import FormatError, suggest

KINDS = {
    "clustering": "graticule.learn.models.clustering:ClusteringModel",
    "embedding": "graticule.learn.models.embedding:EmbeddingModel",
    "image-classifier": "graticule.learn.models.images:ImageClassifier",
    "image-regressor": "graticule.learn.models.images:ImageRegressor",
    "object-classifier": "graticule.learn.models.objects:ObjectClassifier",
    "pixel-classifier": "graticule.learn.models.pixels:PixelClassifier",
    "pixel-regressor": "graticule.learn.models.pixels:PixelRegressor",
    "unet": "graticule.learn.unet:UNet",
}
"""Class of each kind; one of a package of your own comes in by `register_model`."""

_registered: dict[str, type[Any]] = {}


def register_model(kind: type[Any]) -> type[Any]:
    """Make a class known, in this process, as what opens the files of its ``kind``.

    May be used as a decorator. Workers in other processes come to know it with the first model
    they are handed.

    Parameters
    ----------
    kind : type
        A class of models: with ``kind`` (its name in model files), ``predict``, ``state`` and the
        class method ``from_state``.

    Returns
    -------
    type
        The same.

    Raises
    ------
    ValueError
        If one of Graticule's own is called so.

    Examples
    --------
    >>> @register_model
    ... class BrighterThan:
    ...     kind = "example-brighter-than"
    ...     def predict(self, image):
    ...         return image > self.threshold
    >>> class_of("example-brighter-than").__name__
    'BrighterThan'
    """
    if kind.kind in KINDS:
        raise ValueError(f"{kind.kind!r} is a kind of Graticule's own; choose another name")
    _registered[kind.kind] = kind
    return kind


def is_known(kind: type[Any]) -> bool:
    """Whether a class opens the files of its kind."""
    name = getattr(kind, "kind", None)
    return name in KINDS or _registered.get(str(name)) is kind


def class_of(kind: object) -> type[Any]:
    """Return the class of a kind; raise `FormatError` where nobody knows it."""
    if kind in _registered:
        return _registered[str(kind)]
    if kind not in KINDS:
        known = [*KINDS, *_registered]
        raise FormatError(
            f"is a model of the kind {str(kind)[:40]!r}, which is not known here",
            hint=f"{suggest(str(kind)[:40], known)}; import the package that made it first",
        )
    try:
        found: type[Any] = resolve_name(KINDS[str(kind)])
    except ImportError as error:
        raise FormatError(
            f"needs the package {error.name}", hint="pip install 'graticule[deep]'"
        ) from None
    return found
