"""Classifiers that learn from what is painted: each a training document, and the model it gives."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import xarray as xr

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError
from graticule.core.image import Image
from graticule.io.companions import pair_by_template
from graticule.learn.crossval.method_run import training_set_of
from graticule.learn.data.labels import label_values
from graticule.learn.document.document import TrainingDocument, parse
from graticule.learn.methods.method import ModelMethod
from graticule.training.loading import ImageFiles, LoadedImages, load_images
from graticule.training.run import model_method, save_fitted
from graticule.web.classifier_settings import Settings
from graticule.web.folder import ServedFolder, stamp_of
from graticule.web.layers import Layers

_QUIET = 1.5
"""Seconds without training after which the model file says what it has learned from."""
_HELD = 600_000_000
"""Bytes of images that are held in memory to learn from."""


@dataclass
class _Model:
    """A classifier that has learned.

    Attributes
    ----------
    keep : callable
        Writes its file with all that it has learned from.
    timer : Timer
        That will.
    """

    keep: Callable[[], None]
    timer: threading.Timer


class Classifiers:
    """The classifiers of a served folder.

    Parameters
    ----------
    folder : ServedFolder
        Their documents and models are kept in it.
    layers : Layers
        What is painted, as it is now.
    tell : callable
        Told of each model that is new.
    """

    def __init__(
        self, folder: ServedFolder, layers: Layers, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self.folder, self.layers, self.tell = folder, layers, tell
        self._files = _OpenFiles(layers)
        self._learning = threading.Lock()
        self._models: dict[str, _Model] = {}

    def about(self, name: str) -> dict[str, Any]:
        """Return what a page shows of a classifier, be it there or not."""
        document, model = self.folder.training_file(name), self.folder.model_file(name)
        told: dict[str, Any] = {"name": name, "settings": Settings().model_dump(), "own": False}
        if document.exists():
            training = self._training(name)
            told["own"] = not self._is_ours(name, training)
            if not told["own"]:
                told["settings"] = Settings.of(training).model_dump()
        told["document"] = document.relative_to(self.folder.root).as_posix()
        told["model"] = f"../models/{model.name}"
        told["trained"] = model.exists()
        return told

    def choose(self, name: str, layer: str, settings: Settings) -> None:
        """Write what was chosen into the training document.

        Raises
        ------
        RequestError
            If somebody has written more into it than can be chosen here.
        """
        classes: Mapping[int, str] = {}
        if self.folder.training_file(name).exists():
            training = self._training(name)
            if not self._is_ours(name, training):
                raise RequestError(
                    "was changed by hand", where=f"training/{name}.yaml", hint="change it there"
                )
            classes = training.classes
        text = settings.text(name, layer, classes)
        parse(text, source=f"training/{name}.yaml")
        self._write(name, text)

    def train(self, name: str, layer: str, names: Mapping[int, str]) -> dict[str, Any]:
        """Learn from all that is painted in the folder, and write the model.

        Parameters
        ----------
        name : str
            Of the classifier.
        layer : str
            What it learns from, where it has no document yet.
        names : mapping
            Names of classes by their value.

        Returns
        -------
        dict
            What a page shows: classes with how much is painted of each, and how long it took. Of
            fewer than two nothing is learned.

        Raises
        ------
        GraticuleError
            If nothing is painted, or the document cannot be read.
        """
        with self._learning:
            started = time.perf_counter()
            if not self.folder.training_file(name).exists():
                self.choose(name, layer, Settings())
            there = self._named(name, layer, names)
            if len(there) < 2:
                return self._told(name, [(value, called, 0) for value, called in there.items()])
            training = self._training(name)
            loaded = load_images(training, self.folder.root, files=self._files)
            method = model_method(training, training.train)
            if method.iterative:
                raise RequestError(
                    "is a network, which takes too long to learn while one paints",
                    where=f"training/{name}.yaml",
                    hint=f"graticule train graticule/training/{name}.yaml . "
                    f"-o graticule/models/{name}.model",
                )
            model = method.fit_model(training_set_of(loaded.data, None, method, loaded.extra))
            self._save(name, model, training, loaded, method)
            counts = getattr(model, "counts_", {})
            classes = [(c.value, c.name, int(counts.get(c.name, 0))) for c in model.classes]
            spent = round(1e3 * (time.perf_counter() - started))
            told = self._told(name, classes, images=len(loaded.data.images), milliseconds=spent)
        self.tell(told)
        return told

    def written(self, name: str) -> Path:
        """Return the training document of a classifier, with all that is painted on the disk."""
        self._training(name)
        self.layers.write_pending()
        return self.folder.training_file(name)

    def close(self) -> None:
        """Write what is not written yet."""
        for name in list(self._models):
            self._keep(name)

    def _training(self, name: str) -> TrainingDocument:
        file = self.folder.training_file(name)
        if not file.exists():
            raise RequestError("there is no such classifier", where=name)
        return parse(file.read_text("utf-8"), source=str(file))

    def _is_ours(self, name: str, training: TrainingDocument) -> bool:
        """Whether a document says no more than can be chosen in a page."""
        before, _, after = training.inputs.labels.path.partition("{path}.")
        try:
            settings = Settings.of(training)
        except ValueError:
            return False
        ours = settings.text(name, after.removesuffix(".tif"), training.classes)
        return bool(before) and ours == training.text

    def _told(
        self, name: str, classes: Sequence[tuple[int, str, int]], **more: int
    ) -> dict[str, Any]:
        rows = [{"value": v, "name": called, "samples": count} for v, called, count in classes]
        model = f"../models/{self.folder.model_file(name).name}"
        return {"type": "trained", "name": name, "model": model, "classes": rows, **more}

    def _named(self, name: str, layer: str, names: Mapping[int, str]) -> Mapping[int, str]:
        """Return the names of the classes that are painted, which the document has then.

        One that was changed by hand is left as it is.
        """
        training = self._training(name)
        template = training.inputs.labels.path
        there: set[int] = set()
        for pair in pair_by_template(self.folder.root, template).pairs:
            there |= self._files.classes(training, pair.truth)
        called = {value: names.get(value) or f"class {value}" for value in sorted(there)}
        is_new = len(called) > 1 and called != dict(training.classes)
        if is_new and self._is_ours(name, training):
            self._write(name, Settings.of(training).text(name, layer, called))
        return called

    def _write(self, name: str, text: str) -> None:
        file = self.folder.training_file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(file) as draft:
            draft.write_text(text, "utf-8")

    def _save(
        self, name: str, model: Any, training: TrainingDocument, loaded: LoadedImages,
        method: ModelMethod,
    ) -> None:  # fmt: skip
        """Write the model at once, and a while after the last what it has learned from."""
        file = self.folder.model_file(name)
        for folder in (file.parent, self.folder.own / "pipelines"):  # which the path leads through
            folder.mkdir(parents=True, exist_ok=True)
        save_fitted(model, training, replace(loaded, files=()), method.name, file)

        def keep() -> None:
            save_fitted(model, training, loaded, method.name, file)

        if name in self._models:
            self._models[name].timer.cancel()
        quiet = max(_QUIET, self.layers.pause)
        timer = threading.Timer(quiet, self._keep, (name,))
        timer.daemon = True
        self._models[name] = _Model(keep, timer)
        timer.start()

    def _keep(self, name: str) -> None:
        before = self._models.get(name)
        self.layers.write_pending()  # before anybody waits for it who paints
        with self._learning:
            if before is not None and self._models.get(name) is before:
                del self._models[name]
                before.timer.cancel()
                before.keep()


class _OpenFiles(ImageFiles):
    """Images that stay open between two trainings, and labels as they are painted now."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._images: OrderedDict[Any, Image] = OrderedDict()
        self._labels: dict[Path, tuple[str, Image, set[int]]] = {}

    def image(self, training: TrainingDocument, path: Path) -> xr.DataArray:
        """Return an image as a document says it is to be taken."""
        key = (path, stamp_of(path), training.inputs.image.model_dump_json())
        if key not in self._images:
            self._images[key] = super().image(training, path)
        self._images.move_to_end(key)
        return self._images[key]

    def labels(self, training: TrainingDocument, path: Path) -> xr.DataArray:
        """Return what is painted, or the labels of a file."""
        layer = self.layers.painted(path)
        return self._read(training, path)[0] if layer is None else layer.image

    def classes(self, training: TrainingDocument, path: Path) -> set[int]:
        """Return the classes that are painted, or in a file."""
        layer = self.layers.painted(path)
        return self._read(training, path)[1] if layer is None else set(layer.labels())

    def _read(self, training: TrainingDocument, path: Path) -> tuple[Image, set[int]]:
        stamp = stamp_of(path)
        if path not in self._labels or self._labels[path][0] != stamp:
            image = super().labels(training, path)
            values = {int(value) for value in label_values(image)} - {0}
            self._labels[path] = (stamp, image, values)
        return self._labels[path][1:]

    def held(self, images: list[xr.DataArray]) -> list[xr.DataArray]:
        """Return images as they are learned from, those that were used last in memory."""
        known = {id(image): key for key, image in self._images.items()}
        for image in images:
            if (key := known.get(id(image))) is not None and image.nbytes <= _HELD:
                self._images[key] = image.compute(scheduler="synchronous")
        while len(self._images) > 1 and sum(i.nbytes for i in self._images.values()) > _HELD:
            self._images.popitem(last=False)
        return [self._images.get(known[id(image)], image) for image in images]
