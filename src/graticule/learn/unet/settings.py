"""What a U-Net is told before it is fitted, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from graticule.core import Length
from graticule.core.errors import ParameterError
from graticule.learn.data.labels import LabelKind
from graticule.learn.unet._torch import device_of, require_torch
from graticule.learn.unet.augment import Augment
from graticule.learn.unet.losses import REGRESSION, terms_of
from graticule.learn.unet.pixels import NormaliseBy
from graticule.learn.unet.windows import Lattice

_CHOICES = {
    "dims": (2, 3),
    "variant": ("plain", "attention", "residual"),
    "normalise": ("images", "local", "none"),
    "labels": ("auto", "classes", "mask"),
    "precision": ("auto", "float32", "bfloat16"),
}
_COUNTS = {"base": 1, "depth": 1, "patch": 1, "batch": 1, "window": 1, "seed": 0}
_RANGES = {
    "class_balanced_fraction": (0, 1),
    "ema_decay": (0, 0.99999),
    "overlap": (0, 0.9),
    "weight_decay": (0, 1),
}
_NOT_LEARNED = ("device", "window", "overlap", "tta", "names", "precision")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(kw_only=True, eq=False)
class Settings:
    """The parameters of a `UNet`, checked."""

    dims: Literal[2, 3] = 2
    base: int = 24
    depth: int = 4
    variant: Literal["plain", "attention", "residual"] = "plain"
    loss: str = "dice+ce"
    patch: int | None = None
    batch: int | None = None
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    normalise: NormaliseBy = "images"
    local_width: Length | float | str = Length(16.0)
    augment: Augment | Mapping[str, Any] | Literal["auto"] | None = "auto"
    class_balanced_fraction: float = 0.5
    ema_decay: float = 0.0
    window: int | None = None
    overlap: float = 0.25
    tta: bool = False
    labels: LabelKind = "auto"
    names: Mapping[int, str] | None = None
    seed: int = 0
    device: str = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                known = " or ".join(map(str, choices))
                raise ParameterError(f"must be {known}, not {getattr(self, name)!r}", where=name)
        for name, least in _COUNTS.items():
            value = getattr(self, name)
            fitting = isinstance(value, int) and not isinstance(value, bool) and value >= least
            if not fitting and not (value is None and name in ("patch", "batch", "window")):
                raise ParameterError(f"must be an integer from {least}, not {value!r}", where=name)
        for name, (low, high) in _RANGES.items():
            if not _is_number(getattr(self, name)) or not low <= getattr(self, name) <= high:
                raise ParameterError(
                    f"must be from {low} to {high}, not {getattr(self, name)!r}", where=name
                )
        if not isinstance(self.tta, bool):
            raise ParameterError(f"must be true or false, not {self.tta!r}", where="tta")
        rate = self.learning_rate
        if not _is_number(rate) or not 0 < rate < 10:
            what = f"must be positive (as 0.002), not {rate!r}"
            raise ParameterError(what, where="learning_rate")
        for name in ("device", "loss"):
            if not isinstance(getattr(self, name), str):
                raise ParameterError(f"must be text, not {getattr(self, name)!r}", where=name)
        terms_of(self.loss)
        if isinstance(self.augment, Mapping):
            try:
                self.augment = Augment.from_json(self.augment)
            except TypeError as error:
                raise ParameterError(str(error), where="augment") from None
        elif not isinstance(self.augment, Augment) and self.augment not in (None, "auto"):
            what = f"must be a mapping of parameters, auto or None, not {self.augment!r}"
            raise ParameterError(what, where="augment")
        if not isinstance(self.local_width, Length):
            self.local_width = Length(self.local_width)

    @property
    def regression(self) -> bool:
        """Whether targets are continuous."""
        return all(name in REGRESSION for name in terms_of(self.loss))

    @property
    def augmentation(self) -> Augment | None:
        """How patches are varied; by default flips alone where targets are continuous."""
        if isinstance(self.augment, Augment) or self.augment is None:
            return self.augment
        return Augment.geometric() if self.regression else Augment()

    @property
    def batch_size(self) -> int:
        """Patches in a step."""
        return self.batch or (8 if self.dims == 2 else 2)

    @property
    def multiple(self) -> int:
        """What the size of a window is a multiple of."""
        return 1 << (self.depth - 1)

    def plane_axis(self, dims: Sequence[str]) -> int | None:
        """Return the dim that a 2-D network goes along plane by plane; None where there is none."""
        if len(dims) == self.dims:
            return None
        return dims.index("z") if "z" in dims else 0

    def extent(self, dims: Sequence[str], size: int) -> tuple[int, ...]:
        """Return a size by dim, which is 1 along the dim that is gone along plane by plane."""
        axis = self.plane_axis(dims)
        return tuple(1 if number == axis else size for number in range(len(dims)))

    def patch_extent(self, dims: Sequence[str]) -> tuple[int, ...]:
        """Return the size of a training patch by dim."""
        size = self.patch or (128 if self.dims == 2 else 48)
        return self.extent(dims, -(-size // self.multiple) * self.multiple)

    def lattice(self, dims: Sequence[str]) -> Lattice:
        """Return where windows lie at inference."""
        size = self.window or (256 if self.dims == 2 else 64)
        size = -(-size // self.multiple) * self.multiple
        step = max(1, size - round(self.overlap * size))
        whole, moved, least = (self.extent(dims, n) for n in (size, step, self.multiple))
        return Lattice(whole, moved, least)

    def network(self, channels: int, outputs: int, *, seed: int) -> Any:
        """Return a network of this build with random weights."""
        require_torch()
        from graticule.learn.unet.net import build_network

        size = (self.base, self.depth, self.variant)
        return build_network(self.dims, max(1, channels), outputs, *size, seed)

    def mixed_precision(self) -> bool:
        """Return whether the forward pass in training is in bfloat16."""
        gpu = device_of(self.device).type != "cpu"
        return self.precision == "bfloat16" or (self.precision == "auto" and gpu)

    def to_json(self, *, learned_only: bool = False) -> dict[str, Any]:
        """Return the parameters as JSON values: all, or those that training depends on."""
        plain = {each.name: getattr(self, each.name) for each in fields(Settings)}
        plain["augment"] = (
            self.augment.to_json() if isinstance(self.augment, Augment) else self.augment
        )
        plain["local_width"] = str(self.local_width)
        plain["names"] = [[key, name] for key, name in (self.names or {}).items()]
        if learned_only:
            plain = {name: value for name, value in plain.items() if name not in _NOT_LEARNED}
        return plain
