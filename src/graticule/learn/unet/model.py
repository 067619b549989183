"""The U-Net as a model: fit, predict, state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr

from graticule.core import ALL
from graticule.core.errors import ParameterError, RequestError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL, InputSpec
from graticule.learn.data.labels import Class, Classes, decode_labels
from graticule.learn.models.model import RegionLike, State, margin_uncertainty
from graticule.learn.unet._torch import deterministic, require_torch
from graticule.learn.unet.fitting import ImageSet, TrainingData
from graticule.learn.unet.history import History
from graticule.learn.unet.inference import FittedNetwork, predict_image
from graticule.learn.unet.losses import terms_of
from graticule.learn.unet.pixels import Normalisation
from graticule.learn.unet.plan import OnStep, TrainingPlan
from graticule.learn.unet.renamed import with_new_names
from graticule.learn.unet.settings import Settings

_EXAMPLE = {2: 64, 3: 24}


@dataclass(kw_only=True, eq=False)
class UNet(Settings):
    """A U-Net: segmentation or regression of images in two or three dims.

    Needs PyTorch (``pip install 'graticule[deep]'``). The result at a sample depends on the windows
    that hold it, which lie on a lattice counted from the image's first sample: so a run in tiles
    gives the same as one of the whole.

    Parameters
    ----------
    dims : {2, 3}
        Spatial dims of the network. One of 2 works on volumes too, plane by plane (along z, or
        along the first dim).
    base : int
        Width of the first level; each level below is twice as wide.
    depth : int
        Levels.
    variant : {"plain", "attention", "residual"}
        See `graticule.learn.unet.net.Network`.
    loss : str
        A sum of ``ce``, ``dice``, ``tversky``, ``focal``, ``cldice`` and ``branching``, as
        ``"dice+0.5*ce"``; for continuous targets ``mae`` or ``mse``. See
        `graticule.learn.unet.losses`.
    patch, batch : int, optional
        Samples of a training patch along each dim (128; in 3-D 48), and patches in a step (8; in
        3-D 2).
    learning_rate, weight_decay : float
        Of AdamW. The learning rate given is the highest: it rises over a tenth of the steps and
        falls along a cosine.
    normalise : {"images", "local", "none"}
        See `graticule.learn.unet.pixels.Normalisation`.
    local_width : Length
        Width of the Gaussian means of local normalisation.
    augment : Augment, mapping, "auto" or None
        How patches are varied. ``auto``: ``Augment()``, and for continuous targets
        ``Augment.geometric()``.
    class_balanced_fraction : float
        Share of patches drawn for a class, each class as often as any other; the others are
        drawn for a labelled sample, whatever its class.
    ema_decay : float
        Decay of an exponential moving average of the weights (as 0.99), which is then what is
        kept; 0 for none.
    window : int, optional
        Samples of a window at inference along each dim (256; in 3-D 64).
    overlap : float
        Share of a window over which it is blended with the next.
    tta : bool
        Test-time augmentation: whether the answer is the mean over windows mirrored along each
        dim and, where they are equally long, with the last two dims swapped: 8 times the work in
        2-D, 16 in 3-D.
    labels : {"auto", "classes", "mask"}
        How labels are read; see `graticule.learn.data.labels`.
    names : mapping, optional
        Names of classes by value.
    seed : int
        Of weights, patches and augmentation. The same seed gives the same bytes on one machine
        with as many threads.
    device : str
        ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.
    precision : {"auto", "float32", "bfloat16"}
        Of the forward pass in training; ``auto`` is bfloat16 on a GPU. On processors that compute
        with bfloat16 (AVX512-BF16, AMX) it trains about 1.6 times as fast. Inference is in float32.

    Attributes
    ----------
    classes : tuple of Class
        Empty for continuous targets.
    history : History
        Loss and scores while training.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((32, 32), bool)
    >>> truth[8:24, 8:24] = True
    >>> image = truth + 0.1 * np.random.default_rng(0).normal(size=truth.shape)
    >>> unet = UNet(base=4, depth=2, patch=32, batch=2, learning_rate=0.02, augment=None)
    >>> unet = unet.fit(image, truth, steps=30)
    >>> bool((unet.predict(image).values == truth).mean() > 0.95)
    True
    """

    kind: ClassVar[str] = "unet"

    classes: Classes = field(default=(), init=False)
    history: History = field(default_factory=History, init=False)
    example: xr.DataArray | None = field(default=None, init=False, repr=False)
    _fitted: FittedNetwork | None = field(default=None, init=False, repr=False)

    def fit(
        self,
        images: Any,
        labels: Any,
        where: Any = None,
        *,
        validation: Any = None,
        init: Any = None,
        freeze: Literal["encoder"] | None = None,
        steps: int = 400,
        every: int | None = None,
        patience: int | None = None,
        on_step: OnStep | None = None,
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Train on images and their labels.

        Ctrl-C ends the training and keeps the best weights so far.

        Parameters
        ----------
        images : DataArray or array_like, or a sequence of them
            May be lazy: patches are read as they are needed. Along ``z y x``, channels along
            ``c``.
        labels : DataArray or array_like, or a sequence of them
            One for each image, of its sizes without ``c``: integers or bools; for ``mae`` and
            ``mse`` continuous targets, NaN where there is none.
        where : optional
            Which samples may be used, as for `PixelClassifier.fit`.
        validation : optional
            What the training is judged by and learns nothing from: for each image a mask, or None
            for nothing of it (what is held is not learned from, whatever ``where`` says); or a
            `Validation` with images of its own. Of it up to 64 patches are looked at. The weights
            with the highest Dice (continuous targets: the lowest loss) are kept.
        init : UNet or mapping of ndarray, optional
            Start from the weights of another network of the same build; channels and classes may
            differ.
        freeze : {"encoder"}, optional
            Leave the way down as it is in ``init``.
        steps : int
            How many batches to learn from.
        every : int, optional
            Steps between records of the history; by default a tenth of all, at most 50.
        patience : int, optional
            End after so many records without progress on validation.
        on_step : callable, optional
            Called with a `TrainingStep` after each step, such as what
            `graticule.learn.unet.live.shown` gives.
        checkpoint : path, optional
            File that is written at each record. Where it exists, the training goes on from it,
            and ends with the same bytes as if it had not been broken off.

        Returns
        -------
        UNet
            Itself.

        Raises
        ------
        RequestError
            If PyTorch is not installed, or the checkpoint is of another training.
        ImageError
            If images and labels do not go together.
        CheckError
            If validation holds an image that is learned from, or the loss is no number any more.
        """
        require_torch()
        if freeze not in (None, "encoder"):
            raise ParameterError(f"must be encoder or None, not {freeze!r}", where="freeze")
        if freeze is not None and init is None:
            raise ParameterError("there are no weights to leave as they are", where="freeze")
        if patience is not None and validation is None:
            raise ParameterError("progress is seen on validation alone", where="patience")
        every = max(1, min(50, steps // 10)) if every is None else every
        for name, value in (("steps", steps), ("every", every), ("patience", patience or 1)):
            if value < 1:
                raise ParameterError(f"must be 1 or more, not {value}", where=name)
        data = TrainingData(self, ImageSet.of(images, labels, where), validation)
        plan = TrainingPlan(
            steps=steps,
            every=every,
            patience=patience,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            ema_decay=self.ema_decay,
            frozen=freeze is not None,
            terms=terms_of(self.loss),
            first=data.first,
            mixed=self.mixed_precision(),
        )
        with deterministic():
            trainer = data.trainer(plan, init)
            trainer.run(on_step, None if checkpoint is None else Path(checkpoint))
        assert trainer.best is not None
        self.classes, self.history = data.classes, trainer.history
        self.example = trainer.batches.sampler.crop(_EXAMPLE[self.dims], self.seed)
        self._fitted = FittedNetwork(
            data.expects,
            data.normalisation,
            trainer.best,
            max(1, len(data.classes)),
            data.shift,
            data.scale,
        )
        return self

    @property
    def expects(self) -> InputSpec:
        """What images it was made for."""
        return self._require().expects

    def take_colours(self) -> None:
        """From now on bring images with channels to the one grey it has learned from."""
        fitted = self._require()
        self._fitted = replace(fitted, expects=replace(fitted.expects, grey=True))

    def _require(self) -> FittedNetwork:
        if self._fitted is None:
            raise RequestError("the U-Net has not been fitted", hint="call fit first")
        return self._fitted

    def halo(self, image: xr.DataArray) -> dict[str, int]:
        """Return how many samples it looks around, by dim."""
        return self._require().expects.halo(image, self._reach)

    def _reach(self, image: xr.DataArray) -> dict[str, int]:
        fitted = self._require()
        dims = fitted.expects.dims
        reach = fitted.normalisation.reach(image, dims)
        window = dict(zip(dims, self.lattice(dims).window, strict=True))
        found = {dim: window[dim] + reach[dim] if window[dim] > 1 else reach[dim] for dim in dims}
        return found | ({CHANNEL: ALL} if fitted.expects.channels else {})

    def align(self, image: xr.DataArray) -> dict[str, int]:
        """Return the step of its windows, by dim."""
        dims = self._require().expects.dims
        return dict(zip(dims, self.lattice(dims).step, strict=True))

    def predict(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the value of the most probable class of each sample, or the predicted value.

        Parameters
        ----------
        image : DataArray or array_like
            As in training, of any size.
        region : Region or mapping, optional
            Start and stop by dim, in samples: the part of the image that is wanted. Windows that
            do not touch it are left out.

        Returns
        -------
        DataArray
            int32, 0 where a value is missing; for continuous targets float32, NaN there. Without
            ``c``.
        """
        if self.regression:
            return predict_image(self, self._require(), image, region, lambda values: values[0])

        def decoded(values: Array) -> Array:
            return decode_labels(values.argmax(0), self.classes)

        return predict_image(
            self, self._require(), image, region, decoded, dtype=np.int32, nothing=0
        )

    def predict_proba(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the probability of each class: float32, ``class`` first, NaN where missing."""
        fitted, names = self._require_classifier(), [each.name for each in self.classes]
        found = predict_image(
            self, fitted, image, region, lambda values: values, classes=len(names)
        )
        return found.assign_coords({"class": names})

    def uncertainty(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return one less what the two most probable classes differ by: float32, 0 to 1."""
        fitted = self._require_classifier()
        return predict_image(
            self, fitted, image, region, lambda values: margin_uncertainty(values, 0)
        )

    def _require_classifier(self) -> FittedNetwork:
        if self.regression:
            raise RequestError("continuous targets have no classes", hint="use predict")
        return self._require()

    def state(self) -> State:
        """Return all that the model is."""
        fitted = self._require()
        card = {
            "settings": self.to_json(),
            "classes": [[each.value, each.name] for each in self.classes],
            "normalisation": fitted.normalisation.to_json(),
            "target": [fitted.shift, fitted.scale],
            "history": self.history.to_json(),
        }
        return State(card, weights=fitted.weights, expects=fitted.expects)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        card = state.card
        assert state.weights is not None
        assert state.expects is not None
        settings = with_new_names(card["settings"], state.source)
        names = {int(value): str(name) for value, name in settings.pop("names")}
        model = cls(**settings, names=names or None)
        model.classes = tuple(Class(int(value), str(name)) for value, name in card["classes"])
        model.history = History.from_json(card["history"])
        shift, scale = (float(each) for each in card["target"])
        weights = {name: np.asarray(value) for name, value in state.weights.items()}
        normalisation = Normalisation.from_json(card["normalisation"])
        outputs = max(1, len(model.classes))
        model._fitted = FittedNetwork(state.expects, normalisation, weights, outputs, shift, scale)
        return model
