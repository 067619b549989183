"""The U-Net as a model: fit, predict, state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import ALL, Length, as_image
from graticule.core.errors import ParameterError, RequestError
from graticule.learn.expects import CHANNEL, Expects
from graticule.learn.labels import Class, Classes, LabelKind, values_of
from graticule.learn.model import State
from graticule.learn.unet.augment import Augment
from graticule.learn.unet.fitting import Fitting, Init, Validation
from graticule.learn.unet.history import History
from graticule.learn.unet.losses import REGRESSION, terms_of
from graticule.learn.unet.pixels import Normalisation, NormaliseBy, Pixels
from graticule.learn.unet.train import OnStep, Weights
from graticule.learn.unet.windows import Lattice, blended

__all__ = ["UNet", "Validation"]

Array: TypeAlias = np.ndarray[Any, Any]
Images: TypeAlias = Any


@dataclass(kw_only=True, eq=False)
class UNet:
    """A U-Net for images in two or three dims.

    Parameters
    ----------
    dims : {2, 3}
        Spatial dims of the network. One of 2 takes volumes too, plane by plane.
    base : int
        Width of the first level, doubled at each level below.
    depth : int
        Levels.
    variant : {"plain", "attention", "residual"}
        See `graticule.learn.unet.net.Network`.
    loss : str
        Sum of ``ce``, ``dice``, ``tversky``, ``focal``, ``cldice`` and ``branching``, as
        ``"dice+0.5*ce"``; or ``mae`` or ``mse``, for continuous targets.
    patch, batch : int, optional
        Samples of a training patch along each dim (128, or 48 in 3-D), and patches in a step
        (8, or 2).
    rate, decay : float
        Highest learning rate and weight decay of AdamW.
    normalise : {"images", "local", "none"}
        See `graticule.learn.unet.pixels.Normalisation`.
    local_width : Length
        Width of the means of local normalisation.
    augment : Augment or None
        How patches are varied.
    rare : float
        Share of patches drawn for a class, each as often as any other.
    average : float
        Keep a moving average of the weights with this memory (as 0.99); 0: the last ones.
    window : int, optional
        Samples of a window at inference along each dim (256, or 64 in 3-D).
    overlap : float
        Share of a window in which it is blended with the next.
    labels : {"auto", "classes", "mask"}
        How labels are read; see `graticule.learn.labels`.
    names : mapping, optional
        Names of classes by value.
    seed : int
        Of weights, patches and augmentation: the same seed gives the same bytes on a machine.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    """

    kind: ClassVar[str] = "unet"

    dims: Literal[2, 3] = 2
    base: int = 24
    depth: int = 4
    variant: Literal["plain", "attention", "residual"] = "plain"
    loss: str = "dice+ce"
    patch: int | None = None
    batch: int | None = None
    rate: float = 2e-3
    decay: float = 1e-2
    normalise: NormaliseBy = "images"
    local_width: Length = Length(16.0)
    augment: Augment | None = field(default_factory=Augment)
    rare: float = 0.5
    average: float = 0.0
    window: int | None = None
    overlap: float = 0.25
    labels: LabelKind = "auto"
    names: Mapping[int, str] | None = None
    seed: int = 0
    device: str = "auto"

    classes: Classes = field(default=(), init=False)
    history: History = field(default_factory=History, init=False)
    _fitted: Fitted | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.dims not in (2, 3):
            raise ParameterError(f"must be 2 or 3, not {self.dims!r}", where="dims")
        if self.variant not in ("plain", "attention", "residual"):
            raise ParameterError(
                f"must be plain, attention or residual, not {self.variant!r}", where="variant"
            )
        for name, least in (("base", 1), ("depth", 1), ("patch", 1), ("batch", 1), ("window", 1)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < least):
                raise ParameterError(f"must be an integer from {least}, not {value!r}", where=name)
        if not 0 <= self.overlap < 1:
            raise ParameterError(f"must be from 0 to below 1, not {self.overlap}", where="overlap")
        terms_of(self.loss)

    @property
    def regression(self) -> bool:
        """Whether targets are continuous."""
        return all(name in REGRESSION for name in terms_of(self.loss))

    # -- fit

    def fit(
        self,
        images: Images,
        labels: Images,
        where: Images = None,
        *,
        validation: Any = None,
        init: Init = None,
        freeze: Literal["encoder"] | None = None,
        steps: int = 400,
        every: int = 50,
        patience: int | None = None,
        on_step: OnStep | None = None,
    ) -> Self:
        """Train on images and their labels."""
        fitting = Fitting(self, images, labels, where, validation)
        self.classes, network, trainer = fitting.trainer(
            init=init, freeze=freeze, steps=steps, every=every, patience=patience
        )
        from graticule.learn.unet._torch import repeatable

        with repeatable():
            trainer.run(on_step)
        assert trainer.best is not None
        self.history = trainer.history
        self._fitted = Fitted(
            fitting.expects, fitting.normalisation, trainer.best, fitting.shift, fitting.scale
        )
        return self

    # -- shape of things

    @property
    def expects(self) -> Expects:
        """What images it was made for."""
        return self._require().expects

    def _require(self) -> Fitted:
        if self._fitted is None:
            raise RequestError("the U-Net has not been fitted", hint="call fit first")
        return self._fitted

    def extent(self, dims: Sequence[str], size: int) -> tuple[int, ...]:
        """Return a size by dim: 1 along the dim that a 2-D network goes plane by plane."""
        if len(dims) == self.dims:
            return (size,) * self.dims
        apart = "z" if "z" in dims else dims[0]
        return tuple(1 if dim == apart else size for dim in dims)

    def _lattice(self, dims: Sequence[str]) -> Lattice:
        multiple = 1 << (self.depth - 1)
        wide = self.window or (256 if self.dims == 2 else 64)
        wide = -(-wide // multiple) * multiple
        step = max(1, wide - round(self.overlap * wide))
        return Lattice(
            self.extent(dims, wide), self.extent(dims, step), self.extent(dims, multiple)
        )

    def halo(self, image: xr.DataArray) -> dict[str, int]:
        """Return how far it looks, by dim."""
        fitted = self._require()
        dims = fitted.expects.dims
        reach = fitted.normalisation.reach(image, dims)
        lattice = self._lattice(dims)
        found = {
            dim: (size + reach[dim] if size > 1 else 0)
            for dim, size in zip(dims, lattice.window, strict=True)
        }
        return found | ({CHANNEL: ALL} if fitted.expects.channels else {})

    def align(self, image: xr.DataArray) -> dict[str, int]:
        """Return the step of its windows, by dim."""
        dims = self._require().expects.dims
        return dict(zip(dims, self._lattice(dims).step, strict=True))

    # -- predict

    def predict(self, image: Any) -> xr.DataArray:
        """Return the value of the most probable class, int32; or the value, float32."""
        given = as_image(image)
        if self.regression:
            return self._filled(given, np.float32, (), lambda values: values[0], np.nan)
        return self._filled(
            given, np.int32, (), lambda values: values_of(values.argmax(0), self.classes), 0
        )

    def predict_proba(self, image: Any) -> xr.DataArray:
        """Return the probability of each class, float32, along the dim ``class``."""
        self._require_classes()
        names = [each.name for each in self.classes]
        found = self._filled(as_image(image), np.float32, (len(names),), lambda each: each, np.nan)
        return found.assign_coords({"class": names})

    def uncertainty(self, image: Any) -> xr.DataArray:
        """Return one less the margin between the two most probable classes, float32."""
        self._require_classes()

        def margin(values: Array) -> Array:
            two = np.partition(values, -2, 0)[-2:]
            left: Array = 1 - (two[1] - two[0])
            return left

        return self._filled(as_image(image), np.float32, (), margin, np.nan)

    def _require_classes(self) -> None:
        if self.regression:
            raise RequestError("a regression has no classes", hint="use predict")

    def _filled(
        self, image: xr.DataArray, dtype: Any, lead: tuple[int, ...], finish: Any, nothing: float
    ) -> xr.DataArray:
        """Return what ``finish`` makes of the blended output, strip by strip."""
        fitted = self._require()
        given = fitted.expects.checked(image)
        dims = fitted.expects.dims
        pixels = Pixels(given, dims, fitted.normalisation)
        out = np.empty((*lead, *pixels.sizes), dtype)
        for start, stop, values in self._strips(given):
            part = finish(values)
            fine = pixels.fine((start, *(0,) * (len(dims) - 1)), (stop, *pixels.sizes[1:]))
            part[..., ~fine] = nothing
            out[(slice(None),) * len(lead) + (slice(start, stop),)] = part
        bare = given.isel({CHANNEL: 0}, drop=True) if CHANNEL in given.dims else given
        head = ("class",) if lead else ()
        attrs = {key: value for key, value in image.attrs.items() if key != "units"}
        found = xr.DataArray(out, dims=(*head, *dims), coords=bare.coords, attrs=attrs)
        order = [dim for dim in image.dims if dim != CHANNEL]
        return found.transpose(*head, *order)

    def _strips(self, given: xr.DataArray) -> Iterator[tuple[int, int, Array]]:
        from graticule.learn.unet.inference import opener_of, runner

        fitted = self._require()
        dims = fitted.expects.dims
        run = runner(self, fitted)
        opener = opener_of(given, dims, fitted.normalisation)
        sizes = [int(given.sizes[dim]) for dim in dims]
        lattice = self._lattice(dims)
        batch = max(1, (8 << 16) // int(np.prod(lattice.extent(sizes))))
        return blended(opener, sizes, lattice, run, batch)

    # -- state

    def state(self) -> State:
        """Return all that the model is."""
        fitted = self._require()
        card = {
            "settings": self._settings(),
            "classes": [[each.value, each.name] for each in self.classes],
            "normalisation": fitted.normalisation.to_json(),
            "target": [fitted.shift, fitted.scale],
            "history": self.history.to_json(),
        }
        return State(card, weights=fitted.weights, expects=fitted.expects)

    def _settings(self) -> dict[str, Any]:
        plain = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        plain["augment"] = None if self.augment is None else self.augment.to_json()
        plain["local_width"] = str(self.local_width)
        plain["names"] = None if not self.names else [[k, v] for k, v in self.names.items()]
        return plain

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        card = state.card
        plain = dict(card["settings"])
        plain["augment"] = None if plain["augment"] is None else Augment.from_json(plain["augment"])
        plain["local_width"] = Length(plain["local_width"])
        plain["names"] = None if plain["names"] is None else {int(k): v for k, v in plain["names"]}
        model = cls(**plain)
        model.classes = tuple(Class(int(value), str(name)) for value, name in card["classes"])
        model.history = History.from_json(card["history"])
        assert state.weights is not None
        assert state.expects is not None
        model._fitted = Fitted(
            state.expects,
            Normalisation.from_json(card["normalisation"]),
            {name: np.asarray(value) for name, value in state.weights.items()},
            *map(float, card["target"]),
        )
        return model


@dataclass
class Fitted:
    """What training gave."""

    expects: Expects
    normalisation: Normalisation
    weights: Weights
    shift: float
    scale: float
    _networks: dict[str, Any] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_networks": {}}
