"""A model as the parameter of an op: what a path in a pipeline becomes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from graticule.core.errors import FormatError, GraticuleError, ParameterError
from graticule.core.forks import ProcessLock
from graticule.learn.model_file.archive import digest, read_bytes
from graticule.learn.model_file.card import from_bytes, read_entries, to_bytes
from graticule.learn.model_file.kinds import class_of, register_model
from graticule.learn.models.html import of_model
from graticule.learn.models.model import Model

_KEPT = 8
_PREFIX = "sha256:"

_lock = ProcessLock()
_kept: OrderedDict[str, ModelFile] = OrderedDict()
_alive: WeakValueDictionary[str, ModelFile] = WeakValueDictionary()


class ModelFile:
    """A model as the parameter of an op: given as the path of its file, or as the model itself.

    Its canonical form is the hash of the file's content, so that a result depends on what is in
    the file and not on where it lies.

    Parameters
    ----------
    model : Model, optional
        The model; without it, it is opened when it is first needed.
    path : Path, optional
        Its file.
    sha256 : str
        Hash of the file's content; that of the file it would make, where there is none.
    card : mapping, optional
        Of its file.
    content : bytes
        What its file would hold, of a model that was handed over without one.
    kind : type, optional
        Its class, where the model is not there yet.

    Examples
    --------
    >>> import numpy as np
    >>> import graticule as gt
    >>> images = np.zeros((4, 3, 3), np.float32)
    >>> images[2:] = 1
    >>> model = gt.learn.ImageClassifier(estimator="tree").fit(images, [0, 0, 5, 5])
    >>> ModelFile(model).model.predict(images).tolist()
    [0, 0, 5, 5]
    """

    def __init__(
        self,
        model: Any = None,
        *,
        path: Path | None = None,
        sha256: str = "",
        card: Mapping[str, Any] | None = None,
        content: bytes = b"",
        kind: type[Any] | None = None,
    ) -> None:
        self._model = model
        self._kind = kind or type(model)
        self.path = path
        self._sha256 = sha256
        self._card = card
        self._content = content

    @property
    def model(self) -> Any:
        """The model."""
        if self._model is None:
            self._open()
        return self._model

    def _open(self) -> None:
        """Take the model from those that are open in this process, or from its file."""
        found = _find_open(self._sha256)
        if found is None and self.path is not None:
            found = ModelFile.open(self.path)
            if found.sha256 != self._sha256:
                what = "has changed since the run began"
                raise FormatError(what, where=str(self.path), hint="run it again")
        found = found or ModelFile.of_content(self._content)
        self._model, self._card = found.model, found.card

    @classmethod
    def open(cls, path: str | Path) -> ModelFile:
        """Open a file; see `open_model`."""
        place = Path(path)
        content = read_bytes(place)
        try:
            return cls.of_content(content, place.absolute())
        except FormatError as error:
            raise error.at(str(path)) from None

    @classmethod
    def of_content(cls, content: bytes, path: Path | None = None) -> ModelFile:
        """Return the model of a file's content, which is verified once in a process."""
        sha256 = digest(content)
        with _lock:
            found = _find_open(sha256)
            if found is None:
                model, card = from_bytes(content, source=str(path or "model"))
                found = cls(model, path=path, sha256=sha256, card=card)
                found._keep()
            elif path is not None and found.path != path:
                found = cls(found.model, path=path, sha256=sha256, card=found.card)
        return found

    def _keep(self) -> None:
        with _lock:
            _alive[self.sha256] = self
            _kept[self.sha256] = self
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)

    @property
    def sha256(self) -> str:
        """Hash of the file's content."""
        if not self._sha256:
            self._write()
        return self._sha256

    @property
    def card(self) -> Mapping[str, Any]:
        """What the file says of itself."""
        if self._card is None:
            self._open() if self._model is None else self._write()
        assert self._card is not None
        return self._card

    def _write(self) -> None:
        """Make the bytes of the file that a model in memory would have."""
        self._content = to_bytes(self._model)
        self._sha256, self._card = digest(self._content), read_entries(self._content)[0]
        self._keep()

    def canonical(self) -> str:
        """Return the form that is hashed and written: the hash of the content."""
        return f"{_PREFIX}{self.sha256}"

    def described(self) -> dict[str, Any]:
        """Return what a run should say of it: file, hash, kind, classes, scores, training data."""
        card = self.card
        return {
            "file": "" if self.path is None else str(self.path),
            "sha256": self.sha256,
            **{name: card[name] for name in ("kind", "description", "scores", "versions")},
            "classes": [about["name"] for about in card["classes"]],
            "values": [about["value"] for about in card["classes"]],
            "data": card["data"],
        }

    def __repr__(self) -> str:
        place = f" {self.path}" if self.path else ""
        return f"<{self._kind.kind}{place} {self._sha256[:12]}>"

    def _repr_html_(self) -> str:
        """Return it as a notebook shows it, with what its file says of its training."""
        card = self.card
        title = self.path.name if self.path else str(self._kind.kind)
        return of_model(
            title,
            card["model"],
            card["expects"],
            description=card["description"],
            files=[each["file"] for each in card["data"]],
            scores=card["scores"],
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelFile) and other.sha256 == self.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand on the path, or the content; the other process opens it when it is needed.

        Not before: what fails there while a task is unpacked ends a worker of dask, and the
        scheduler, through which a task goes, has no use for the model.
        """
        sha256 = self.sha256
        return (_unpickled, (self._kind, sha256, self.path, b"" if self.path else self._content))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda given: given.canonical()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "path", "description": "A model file."}


def _find_open(sha256: str) -> ModelFile | None:
    with _lock:
        if sha256 in _kept:
            _kept.move_to_end(sha256)
        return _alive.get(sha256)


def _validate(value: Any, info: core_schema.ValidationInfo) -> ModelFile:
    """Return the model that a parameter names.

    Raises
    ------
    ParameterError
        If there is none; the file is named as it was given.
    """
    if isinstance(value, ModelFile):
        return value
    if isinstance(value, str) and value.startswith(_PREFIX):
        found = _find_open(value.removeprefix(_PREFIX))
        if found is None:
            raise ParameterError(
                f"{value!r} is no model that is open here", hint="give the path of its file"
            )
        return found
    if isinstance(value, (str, Path)):
        folder = (info.context or {}).get("folder") or Path()
        try:
            return ModelFile.open(Path(folder, value))
        except GraticuleError as error:
            place = [] if Path(folder, value).exists() else [f"looked in {folder.absolute()}"]
            hint = "; ".join([*place, *([error.hint] if error.hint else [])])
            raise ParameterError(f"{value!r}: {error.what}", hint=hint) from None
    if isinstance(value, Model) and not isinstance(value, type):
        return ModelFile(value)
    raise ParameterError(f"must be the path of a model file, or a model, not {value!r}")


def _unpickled(kind: type[Any], sha256: str, path: Path | None, content: bytes) -> ModelFile:
    """Return a model in another process, and make its class known there."""
    try:
        class_of(kind.kind)
    except FormatError:
        register_model(kind)
    return ModelFile(path=path, sha256=sha256, content=content, kind=kind)
