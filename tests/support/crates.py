"""The rules of RO-Crate 1.1 that the crate of a run keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import graticule as gt

NAME = "ro-crate-metadata.json"


def sound_crate(folder: Path, *, apart: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the entities of a run's crate by name, after it was held to the rules.

    Files below the folders of ``apart`` are told of together.
    """
    held = json.loads((folder / NAME).read_text())
    assert held["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in held["@graph"]}
    assert len(entities) == len(held["@graph"])  # flattened: each once
    assert all(entity["@type"] for entity in entities.values())
    assert not {key for entity in entities.values() for key in entity if ":" in key}
    for reference in _references(held["@graph"]):  # nothing is named that is not described
        assert reference in entities or reference == "https://w3id.org/ro/crate/1.1"
    descriptor = entities[NAME]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = entities[descriptor["about"]["@id"]]
    assert (root["@id"], root["@type"]) == ("./", "Dataset")
    assert {"name", "description", "datePublished"} <= set(root)
    date.fromisoformat(root["datePublished"])
    _require_files(folder, root, entities, apart)
    action = entities["#run"]
    assert action["@type"] == "CreateAction"
    assert datetime.fromisoformat(action["startTime"]) <= datetime.fromisoformat(action["endTime"])
    assert entities[action["instrument"]["@id"]]["version"] == gt.__version__
    return entities


def _require_files(
    folder: Path, root: dict[str, Any], entities: dict[str, Any], apart: tuple[str, ...]
) -> None:
    """Every file is a part of the crate, with its size and its hash, or in a part that is one."""
    parts = {unquote(part["@id"]): entities[part["@id"]] for part in root["hasPart"]}
    folders = tuple(part for part in parts if part.endswith("/"))
    assert set(apart) <= set(folders)
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and ".work" not in path.parts
    }
    files = {name for name in there if not name.startswith(folders or "/")}
    assert set(parts) - set(folders) == files - {NAME}
    for name in parts.keys() - set(folders):
        content = (folder / name).read_bytes()
        assert parts[name]["@type"] == "File"
        assert parts[name]["contentSize"] == str(len(content)), name
        assert parts[name]["sha256"] == hashlib.sha256(content).hexdigest(), name


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for held in value.values():
            yield from _references(held)
    elif isinstance(value, list):
        for held in value:
            yield from _references(held)
