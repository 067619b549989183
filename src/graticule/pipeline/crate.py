"""RO-Crate 1.1 of a run: who made what, from what, with what, and the hash of each file.

See https://www.researchobject.org/ro-crate/1.1/. The run folder itself is the crate: the
metadata stand in it as ``ro-crate-metadata.json``.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from graticule.core.attribution import Attribution
from graticule.io.format import is_one_image
from graticule.pipeline.finished import ARRAYS
from graticule.pipeline.folder import CRATE, WORK, write_json
from graticule.pipeline.result import ImageResult
from graticule.pipeline.seals import seal_of

Entity: TypeAlias = dict[str, Any]

_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_TYPES = {".parquet": "application/vnd.apache.parquet", ".npz": "application/zip",
          ".tif": "image/tiff", ".csv": "text/csv"}  # fmt: skip
_OF_LINES = "sha256 of the lines of sha256sum"
EACH = 1000
"""Images up to which a run tells of each and of its arrays; of more, of all together."""


def write_crate(
    folder: Path,
    record: Mapping[str, Any],
    results: Sequence[ImageResult],
    who: Attribution,
    *,
    each: int | None = EACH,
) -> Path:
    """Write the metadata of a run into its folder, after all other files.

    Parameters
    ----------
    folder : Path
        The run folder.
    record : mapping
        What ``run.json`` says; of its images nothing is needed.
    results : sequence of ImageResult
        What became of each image. Of files whose seals these have the hash is not computed again.
    who : Attribution
        Who answers for it.
    each : int, optional
        Of more images, one entity stands for all images, and one for all arrays, with the hash of
        the list of their hashes; None tells of each.
    """
    target = folder / CRATE
    write_json(target, _metadata(folder, record, results, who, each))
    return target


def _metadata(
    folder: Path,
    record: Mapping[str, Any],
    results: Sequence[ImageResult],
    who: Attribution,
    each: int | None,
) -> dict[str, Any]:
    """Return what the crate says, as JSON-LD: entities in one flat list that name each other."""
    if each is not None and len(results) > each:
        inputs, arrays, failed = _together(results)
        files = [*_files(folder, {}, without=ARRAYS), *arrays]
    else:
        failed = sum(result.status != "done" for result in results)
        inputs = [_image(number, result) for number, result in enumerate(results, start=1)]
        files = list(_files(folder, _seals(results)))
    inputs += _models(record)
    pipeline = record.get("pipeline") or {}
    name = str(pipeline.get("name") or "run")
    began, ended = _times(record)
    people = _people(who)
    licences = [{"@id": who.license, "@type": "CreativeWork", "name": who.license}]
    licences = licences if who.license else []
    software = list(_software(record))
    plan = {
        "@id": "#pipeline",
        "@type": "CreativeWork",
        "name": f"pipeline {name}",
        "encodingFormat": "application/yaml",
        "identifier": str(record.get("key", "")),
        "text": str(record.get("text", "")),
    }
    status = {"@id": "http://schema.org/CompletedActionStatus", "@type": "ActionStatusType",
              "name": "completed"}  # fmt: skip
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"run of {name} on {len(results)} images, {failed} of them set aside",
        "description": " ".join(map(str, record.get("command") or ())),
        "startTime": began,
        "endTime": ended,
        "actionStatus": _reference(status),
        "instrument": {"@id": "#graticule"},
        "object": _references([plan, *inputs]),
        "result": _references(files),
        **({"agent": _reference(people[0])} if people else {}),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{name}: results of image analysis",
        "description": str(pipeline.get("description") or f"What the pipeline {name} found in "
                           f"{len(results)} images."),
        "datePublished": _day(ended),
        "hasPart": _references(files),
        "mentions": {"@id": "#run"},
        **({"author": _reference(people[0])} if people else {}),
        **({"license": _reference(licences[0])} if licences else {}),
    }  # fmt: skip
    descriptor = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _SPECIFICATION},
        "about": _reference(root),
    }
    told = [descriptor, root, action, status, plan, *people, *licences, *software, *inputs, *files]
    context = [f"{_SPECIFICATION}/context", {"sha256": "https://schema.org/sha256"}]
    return {"@context": context, "@graph": iter(told)}


def _reference(entity: Entity) -> Entity:
    return {"@id": str(entity["@id"])}


def _references(entities: Iterable[Entity]) -> list[Entity]:
    return [_reference(entity) for entity in entities]


def _people(who: Attribution) -> list[Entity]:
    if not who.author:
        return []
    place = f"https://orcid.org/{who.orcid}" if who.orcid else "#author"
    return [{"@id": place, "@type": "Person", "name": who.author}]


def _times(record: Mapping[str, Any]) -> tuple[str, str]:
    """Return when a run began and ended."""
    began = str(record.get("started", ""))
    try:
        ended = datetime.fromisoformat(began) + timedelta(seconds=float(record["seconds"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return began, began
    return began, ended.isoformat(timespec="seconds")


def _day(time: str) -> str:
    """Return the day of a time; of none that can be read, today."""
    try:
        return date.fromisoformat(time[:10]).isoformat()
    except ValueError:
        return datetime.now(UTC).date().isoformat()


def _software(record: Mapping[str, Any]) -> Iterator[Entity]:
    versions = {str(name): str(version) for name, version in (record.get("versions") or {}).items()}
    own = str(record.get("version") or versions.get("graticule", ""))
    others = [name for name in versions if name != "graticule"]
    machine = record.get("machine") or {}
    yield {
        "@id": "#graticule",
        "@type": "SoftwareApplication",
        "name": "Graticule",
        "version": own,
        "softwareVersion": own,
        "operatingSystem": str(machine.get("platform", "")),
        "softwareRequirements": [{"@id": f"#software-{quote(name)}"} for name in others],
    }
    for name in others:
        yield {
            "@id": f"#software-{quote(name)}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": versions[name],
        }


def _models(record: Mapping[str, Any]) -> list[Entity]:
    """Return the files that parameters name, as models, each once."""
    found: dict[str, Entity] = {}
    for step in (record.get("steps") or {}).values():
        for about in (step.get("about") or {}).values():
            sha256 = str(about.get("sha256") or "")
            if sha256:
                name = str(about.get("file") or about.get("kind") or "model")
                found[sha256] = {"@id": f"#file-{sha256[:16]}", "@type": "CreativeWork",
                                 "name": name, "sha256": sha256}  # fmt: skip
    return list(found.values())


def _image(number: int, result: ImageResult) -> Entity:
    return {
        "@id": f"#image-{number}",
        "@type": "CreativeWork",
        "name": result.image,
        "alternateName": result.path,
        **({"sha256": result.sha256} if result.sha256 else {}),
    }


def _together(results: Sequence[ImageResult]) -> tuple[list[Entity], list[Entity], int]:
    """Return what stands for all images and for all arrays, and how many images failed.

    Each has its own name in ``run.json``, and images their hashes too; arrays go by their seals.
    """
    images, arrays = hashlib.sha256(), hashlib.sha256()
    count = size = failed = 0
    for result in results:
        failed += result.status != "done"
        images.update(_line(result.sha256, result.path))
        for name, seal in _seals([result]).items():
            own, sha256 = _unsealed(seal)
            arrays.update(_line(sha256, name))
            count, size = count + 1, size + own
    inputs = {
        "@id": "#images",
        "@type": "CreativeWork",
        "name": f"{len(results)} images",
        "description": "The path and the hash of each stand in run.json, in this order.",
        "identifier": f"{_OF_LINES}: {images.hexdigest()}",
    }
    written = {
        "@id": f"{ARRAYS}/",
        "@type": "Dataset",
        "name": f"{count} written images",
        "description": f"{size} bytes. Their names stand in run.json, in this order.",
        "identifier": f"{_OF_LINES}: {arrays.hexdigest()}",
    }
    return [inputs], [written] if count else [], failed


def _line(sha256: str, name: str) -> bytes:
    """Return a line as ``sha256sum`` writes and checks it."""
    return f"{sha256}  {name}\n".encode(errors="surrogateescape")


def _seals(results: Iterable[ImageResult]) -> dict[str, str]:
    """Return the seals that are known of written images, by their place in the run folder."""
    return {
        name: result.seals[name]
        for result in results
        for name in result.arrays
        if name in result.seals
    }


def _unsealed(seal: str) -> tuple[int, str]:
    """Return the size and the hash that a seal says."""
    size, _, sha256 = seal.partition(" ")
    return int(size), sha256


def _files(folder: Path, seals: Mapping[str, str], without: str = "") -> Iterator[Entity]:
    """Give the files of a run, those it works with left out; an image in a folder is one."""
    left = [folder]
    while left:
        at = left.pop()
        for entry in sorted(at.iterdir()):
            if at == folder and (entry.name in (WORK, CRATE, without) or entry.name[0] == "."):
                continue
            name = entry.relative_to(folder).as_posix()
            if entry.is_file() or (entry.is_dir() and is_one_image(entry)):
                size, sha256 = _unsealed(seals[name]) if name in seals else _hashed(entry)
                yield _file(entry, name, size, sha256)
            elif entry.is_dir() and not entry.is_symlink():
                left.append(entry)


def _hashed(path: Path) -> tuple[int, str]:
    """Return the size and the hash of a file, or of a folder that is one image."""
    if path.is_dir():
        return _unsealed(seal_of(path))
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _file(path: Path, name: str, size: int, sha256: str) -> Entity:
    if path.is_dir():
        return {"@id": f"{quote(name)}/", "@type": "Dataset", "name": path.name,
                "description": f"{size} bytes",
                "identifier": f"sha256 of its files: {sha256}"}  # fmt: skip
    return {
        "@id": quote(name),
        "@type": "File",
        "name": path.name,
        "contentSize": str(size),
        "encodingFormat": _type_of(path.name),
        "sha256": sha256,
    }


def _type_of(name: str) -> str:
    ending = Path(name).suffix.lower()
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
