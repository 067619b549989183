"""A network of ONNX as the parameter of an op: what a path in a pipeline becomes."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any
from weakref import WeakValueDictionary

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from graticule.core.errors import FormatError, GraticuleError, ParameterError, UnsafeFileError
from graticule.core.forks import ProcessLock
from graticule.io.safety import guard, require_packed, require_room
from graticule.learn.interchange.declaration import Declaration, declared
from graticule.learn.interchange.graph import Graph, read_graph
from graticule.learn.interchange.network import Session

_PREFIX = "sha256:"
_DESCRIPTIONS = ("rdf.yaml", "bioimageio.yaml", "rdf.yml", "bioimageio.yml")
_LONGEST = 4 * 2**20
"""Bytes of a description."""
_REMOTE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.I)

_AS_TEXT = core_schema.plain_serializer_function_ser_schema(lambda given: given.canonical())

_lock = ProcessLock()
_alive: WeakValueDictionary[str, OnnxFile] = WeakValueDictionary()


class OnnxFile:
    """A network of ONNX as the parameter of an op.

    It is given as the path of an ``.onnx`` file, of an ``rdf.yaml`` of the BioImage Model Zoo, of
    the folder or ZIP that holds one, or as the bytes of an ONNX file. Its canonical form is the
    hash of the network and of what is declared of it, wherever they lie.

    Parameters
    ----------
    content : bytes
        The ONNX file.
    declaration : Declaration
        What a description declares; empty where there is none.
    path : Path, optional
        What was named.
    """

    def __init__(
        self, content: bytes, declaration: Declaration | None = None, path: Path | None = None
    ) -> None:
        self.content = content
        self.declaration = declaration or Declaration()
        self.path = path
        self.graph: Graph = read_graph(content)
        self.session = Session(content)
        told = json.dumps(asdict(self.declaration), sort_keys=True)
        self.sha256 = hashlib.sha256(hashlib.sha256(content).digest() + told.encode()).hexdigest()

    @classmethod
    def open(cls, path: str | Path) -> OnnxFile:
        """Open a network; equal ones in a process are one.

        Raises
        ------
        FormatError
            If it cannot be read, or is not supported.
        UnsafeFileError
            If it names files outside of its folder.
        """
        place = Path(path)
        with guard(path):
            content, description = _read(place)
            found = cls(content, declared(description) if description else None, place.absolute())
        return found.shared()

    def shared(self) -> OnnxFile:
        """Return the equal one that is open in this process already, or this one."""
        with _lock:
            return _alive.setdefault(self.sha256, self)

    def canonical(self) -> str:
        """Return the form that is hashed and written."""
        return f"{_PREFIX}{self.sha256}"

    def described(self) -> dict[str, Any]:
        """Return what a run should say of it."""
        return {
            "file": "" if self.path is None else str(self.path),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "kind": "ONNX network",
            "description": self.declaration.name,
            "classes": list(self.declaration.classes),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (self.content, self.declaration, self.path, self.sha256))

    def __repr__(self) -> str:
        place = f" {self.path}" if self.path else ""
        return f"<ONNX network{place} {self.sha256[:12]}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OnnxFile) and other.sha256 == self.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(_validate, serialization=_AS_TEXT)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        about = "An .onnx file, or an rdf.yaml of the BioImage Model Zoo, its folder or ZIP."
        return {"type": "string", "format": "path", "description": about}


def _made(content: bytes, declaration: Declaration, path: Path | None, sha256: str) -> OnnxFile:
    """Return a network in another process."""
    with _lock:
        found = _alive.get(sha256)
    return found or OnnxFile(content, declaration, path).shared()


def _validate(value: Any, info: core_schema.ValidationInfo) -> OnnxFile:
    """Return the network that a parameter names.

    Raises
    ------
    ParameterError
        If there is none; the file is named as it was given.
    """
    if isinstance(value, OnnxFile):
        return value
    if isinstance(value, str) and value.startswith(_PREFIX):
        with _lock:
            found = _alive.get(value.removeprefix(_PREFIX))
        if found is None:
            hint = "give the path of its file"
            raise ParameterError(f"{value!r} is no network that is open here", hint=hint)
        return found
    try:
        if isinstance(value, bytes):
            return OnnxFile(value).shared()
        if isinstance(value, (str, Path)):
            folder = (info.context or {}).get("folder") or Path()
            return OnnxFile.open(Path(folder, value))
    except GraticuleError as error:
        named = "a network" if isinstance(value, bytes) else repr(str(value))
        raise ParameterError(f"{named}: {error.what}", hint=error.hint) from None
    raise ParameterError(
        f"must be the path of an .onnx file or an rdf.yaml, or the bytes of one, not {value!r:.100}"
    )


def _read(path: Path) -> tuple[bytes, Mapping[str, Any]]:
    """Return an ONNX file and its description; empty where it has none."""
    if path.is_dir():
        held = next((path / name for name in _DESCRIPTIONS if (path / name).is_file()), None)
        if held is None:
            hint = "name the .onnx file itself"
            raise FormatError(f"is a folder without {_DESCRIPTIONS[0]}", hint=hint)
        path = held
    if not path.is_file():
        raise FormatError("there is no such file")
    if path.suffix.lower() in (".yaml", ".yml"):
        with path.open("rb") as file:
            return _described(file.read(_LONGEST + 1), _Folder(path.parent))
    require_room(3 * path.stat().st_size, what="the network")
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        return _read_zip(content)
    return content, {}


def _read_zip(content: bytes) -> tuple[bytes, Mapping[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        held = next((name for name in _DESCRIPTIONS if name in names), None)
        if held is None:
            raise FormatError(f"is a ZIP without {_DESCRIPTIONS[0]}")
        files = _Archive(archive)
        return _described(files(held), files)


class _Folder:
    """Gives the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str) -> bytes:
        path = self.folder / name
        if not path.is_file():
            raise FormatError(f"names {name}, which is not beside it", hint="fetch it too")
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise UnsafeFileError(f"names {name}, a link that leads out of its folder")
        require_room(3 * path.stat().st_size, what="the network")
        return path.read_bytes()


class _Archive:
    """Gives the members of an archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def __call__(self, name: str) -> bytes:
        try:
            about = self.archive.getinfo(name)
        except KeyError:
            raise FormatError(f"names {name}, which it does not hold") from None
        require_room(3 * about.file_size, what="the network")
        require_packed(about)
        return self.archive.read(about)


def _described(text: bytes, files: Any) -> tuple[bytes, Mapping[str, Any]]:
    """Return the network that a description names, and the description."""
    if len(text) > _LONGEST:
        raise FormatError(f"is a description of more than {_LONGEST} bytes")
    held = _loaded(text)
    weights = held.get("weights") if isinstance(held, dict) else None
    if not isinstance(weights, dict) or not isinstance(weights.get("onnx"), dict):
        kinds = ", ".join(map(str, weights)) if isinstance(weights, dict) else "none"
        raise FormatError(
            f"describes no weights of the kind onnx (it has: {kinds:.200})",
            hint="take a model with ONNX weights, or export it to ONNX",
        )
    source = weights["onnx"].get("source")
    name = _beside(source)
    content: bytes = files(name)
    wanted = weights["onnx"].get("sha256")
    if wanted is not None and hashlib.sha256(content).hexdigest() != str(wanted).lower():
        raise FormatError(f"{name} is not the file of the description: its hash is another",
                          hint="fetch it again")  # fmt: skip
    return content, held


def _loaded(text: bytes) -> Any:
    """Return what the YAML of a description holds.

    Raises
    ------
    UnsafeFileError
        If with its aliases written out it would be longer than a description may be.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = text.decode("utf-8-sig")
        node = YAML(typ="safe", pure=True).compose(content)
        if node is not None and _length(node, {}) > _LONGEST:
            raise UnsafeFileError(f"is a description that stands for more than {_LONGEST} bytes")
        return YAML(typ="safe", pure=True).load(content)
    except (YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"is no sound YAML: {str(error).splitlines()[0]}") from None


def _length(node: Any, known: dict[int, int]) -> int:
    """Return the length of a node of YAML with what its aliases stand for."""
    if isinstance(node.value, str):
        return 1 + len(node.value)
    if id(node) not in known:
        known[id(node)] = _LONGEST  # of a node that holds itself
        parts = [each if isinstance(each, tuple) else (each,) for each in node.value]
        known[id(node)] = 1 + sum(_length(part, known) for each in parts for part in each)
    return known[id(node)]


def _beside(source: Any) -> str:
    """Return the name of a file beside a description.

    Raises
    ------
    UnsafeFileError
        If it leads elsewhere.
    FormatError
        If it is an address, which is not fetched.
    """
    if not isinstance(source, str) or not source:
        raise FormatError(f"names no file of the network, but {source!r:.100}")
    if _REMOTE.match(source) and not re.match(r"^[a-z]:[\\/]", source, re.I):
        raise FormatError(
            f"keeps its network at {source}, which is not fetched",
            hint="download it beside the description, and name it there by its file name",
        )
    path = PurePosixPath(source.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in source or "\0" in source:
        raise UnsafeFileError(f"names a file outside of its folder: {source}")
    return path.as_posix()
