"""RO-Crate 1.1 of a run: who made what, from what, with what, and the hash of each file.

See https://www.researchobject.org/ro-crate/1.1/. The run folder itself becomes the crate: the
metadata stand in it as ``ro-crate-metadata.json``.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graticule.core.errors import RequestError
from graticule.export.exported import Exported
from graticule.io import content_hash
from graticule.io.format import is_one_image
from graticule.pipeline.execute import Run
from graticule.pipeline.folder import CRATE, WORK, write_json
from graticule.pipeline.opened import open_run, recorded

_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_TYPES = {".parquet": "application/vnd.apache.parquet", ".npz": "application/zip",
          ".tif": "image/tiff", ".csv": "text/csv"}  # fmt: skip


@dataclass(frozen=True)
class Author:
    """Who answers for a run.

    Attributes
    ----------
    name : str
        Of the person.
    orcid : str
        Number of the person, as ``0000-0002-1825-0097``; may be empty.
    """

    name: str
    orcid: str = ""

    def entity(self) -> dict[str, Any]:
        """Return the person as a crate tells of one."""
        number = _ORCID.fullmatch(self.orcid) if self.orcid else None
        if self.orcid and (number is None or not _is_sound(number[1])):
            what = f"--orcid must be a number of ORCID, as 0000-0002-1825-0097, not {self.orcid!r}"
            raise RequestError(what)
        place = f"https://orcid.org/{number[1]}" if number else "#author"
        return {"@id": place, "@type": "Person", "name": self.name}


def _is_sound(number: str) -> bool:
    """Whether the last sign of an ORCID is that of its digits (ISO 7064, mod 11-2).

    Examples
    --------
    >>> _is_sound("0000-0002-1825-0097"), _is_sound("0000-0002-1825-0098")
    (True, False)
    """
    total = 0
    digits, last = number.replace("-", "")[:-1], number[-1]
    for digit in digits:
        total = (total + int(digit)) * 2 % 11
    return "0123456789X"[(12 - total) % 11] == last


def crate(folder: Path, author: Author | None = None, license_url: str = "") -> Exported:
    """Write the metadata of a run into its folder.

    Parameters
    ----------
    folder : Path
        The run folder.
    author : Author, optional
        Who answers for it.
    license_url : str
        Under what the data may be used, as ``https://creativecommons.org/licenses/by/4.0/``.
    """
    if license_url and not re.match(r"https?://\S+$", license_url):
        hint = "as https://creativecommons.org/licenses/by/4.0/"
        raise RequestError(f"--license must be the address of one, not {license_url!r}", hint=hint)
    run, record = open_run(folder), recorded(folder)
    target = folder / CRATE
    write_json(target, metadata(run, record, author, license_url))
    return Exported([target], (), run.failed)


def metadata(
    run: Run, record: Mapping[str, Any], author: Author | None, license_url: str
) -> dict[str, Any]:
    """Return what the crate says, as JSON-LD: entities in one flat list that name each other."""
    files = list(_entities_of_files(run.folder))
    inputs = [
        {
            "@id": f"#image-{number}",
            "@type": "CreativeWork",
            "name": result.image,
            "alternateName": result.path,
            **({"sha256": result.sha256} if result.sha256 else {}),
        }
        for number, result in enumerate(run.results, start=1)
    ]
    pipeline = record.get("pipeline") or {}
    name = str(pipeline.get("name") or "run")
    began, ended = _times(record)
    people = [author.entity()] if author else []
    software = list(_software(record))
    plan = {
        "@id": "#pipeline",
        "@type": "CreativeWork",
        "name": f"pipeline {name}",
        "encodingFormat": "application/yaml",
        "identifier": str(record.get("key", "")),
        "text": str(record.get("text", "")),
    }
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"run of {name} on {len(inputs)} images, {len(run.failed)} of them set aside",
        "description": " ".join(map(str, record.get("command") or ())),
        "startTime": began,
        "endTime": ended,
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "instrument": {"@id": "#graticule"},
        "object": _references([plan, *inputs]),
        "result": _references(files),
        **({"agent": _references(people)[0]} if people else {}),
    }
    status = {"@id": "http://schema.org/CompletedActionStatus", "@type": "ActionStatusType",
              "name": "completed"}  # fmt: skip
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{name}: results of image analysis",
        "description": str(pipeline.get("description") or f"What the pipeline {name} found in "
                           f"{len(inputs)} images."),
        "datePublished": datetime.now(UTC).date().isoformat(),
        "hasPart": _references(files),
        "mentions": {"@id": "#run"},
        **({"author": _references(people)[0]} if people else {}),
        **({"license": {"@id": license_url}} if license_url else {}),
    }  # fmt: skip
    licences = [{"@id": license_url, "@type": "CreativeWork", "name": license_url}]
    return {
        "@context": [f"{_SPECIFICATION}/context", {"sha256": "https://schema.org/sha256"}],
        "@graph": [
            {
                "@id": CRATE,
                "@type": "CreativeWork",
                "conformsTo": {"@id": _SPECIFICATION},
                "about": {"@id": "./"},
            },
            root,
            action,
            status,
            plan,
            *people,
            *(licences if license_url else []),
            *software,
            *inputs,
            *files,
        ],
    }


def _references(entities: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": str(entity["@id"])} for entity in entities]


def _times(record: Mapping[str, Any]) -> tuple[str, str]:
    """Return when a run began and ended."""
    began = str(record.get("started", ""))
    try:
        ended = datetime.fromisoformat(began) + timedelta(seconds=float(record["seconds"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return began, began
    return began, ended.isoformat(timespec="seconds")


def _software(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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


def _entities_of_files(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the files of a run, those it works with left out; an image in a folder is one."""
    left = [folder]
    while left:
        at = left.pop()
        for entry in sorted(at.iterdir()):
            if at == folder and (entry.name in (WORK, CRATE) or entry.name.startswith(".")):
                continue
            place = quote(entry.relative_to(folder).as_posix())
            if entry.is_dir() and not entry.is_symlink():
                if is_one_image(entry):
                    yield {"@id": f"{place}/", "@type": "Dataset", "name": entry.name,
                           "identifier": f"sha256 of its files: {content_hash(entry)}"}  # fmt: skip
                else:
                    left.append(entry)
            elif entry.is_file():
                yield {
                    "@id": place,
                    "@type": "File",
                    "name": entry.name,
                    "contentSize": str(entry.stat().st_size),
                    "encodingFormat": _type_of(entry.name),
                    "sha256": _sha256(entry),
                }


def _type_of(name: str) -> str:
    ending = Path(name).suffix.lower()
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
