"""The run folder: what one execution made, and all that is needed to repeat it.

::

    run.json                       pipeline, input hashes, versions, seeds, timings, results
    images.csv  images.parquet     one row per image
    objects.csv objects.parquet    one row per object
    arrays/<image>/<output>...     written images
    previews/<image>.npz           small pictures of every step, for the report
    report.html
    ro-crate-metadata.json         who, what, with what, and the hash of every file
    .work/                         what is finished so far; the next call goes on from it

Every file is written beside its place and renamed into it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from graticule.core.atomic import DRAFT, atomic_path, remove
from graticule.core.errors import GraticuleError, RequestError, StoreError, suggest
from graticule.io.pairing import files_by_name
from graticule.io.studies import stem
from graticule.pipeline.seals import read_sealed, write_sealed

WORK, CRATE = ".work", "ro-crate-metadata.json"
_IDENTITY, _LOCK = "identity.json", "lock"
_TABLE_ENDINGS = (".parquet", ".csv", ".csv-metadata.json")
_LOCK_WAIT = 2.0
"""Seconds that processes may take to notice that the one that began them was killed."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON atomically, for people to read too; NaN and infinities become null.

    A list in it that is long may come as an iterator, of which no more than an item is held.
    """
    with atomic_path(path) as draft:
        # what of a file's name is no text stands as JSON writes it, which Python reads back
        file = draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
        with file:
            for start, (name, held) in zip(chain("{", repeat(",")), value.items(), strict=False):
                file.write(f"{start}\n {json.dumps(str(name), ensure_ascii=False)}: ")
                file.writelines(_written(held))
            file.write("\n}\n" if value else "{}\n")


def read_head(path: Path, before: str) -> dict[str, Any]:
    """Return what a file of `write_json` says before one of its keys; all, if it has no such.

    Of a run of a million images that is little.

    Raises
    ------
    OSError, ValueError
        If it cannot be read.
    """
    mark, text = f'\n "{before}": ', ""
    with path.open(encoding="utf-8") as file:
        while chunk := file.read(1 << 16):
            text += chunk
            at = text.find(mark)
            if at >= 0:
                return dict(json.loads(text[:at].rstrip(",") + "}"))
    return dict(json.loads(text))


def _written(value: Any) -> Iterator[str]:
    if not isinstance(value, Iterator):
        yield _dumped(value, 1)
        return
    start = "["
    for item in value:
        yield f"{start}\n  {_dumped(item, 2)}"
        start = ","
    yield "[]" if start == "[" else "\n ]"


def _dumped(value: Any, depth: int) -> str:
    text = json.dumps(_finite(value), indent=1, ensure_ascii=False, default=str, allow_nan=False)
    return text.replace("\n", "\n" + depth * " ")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def result_files(path: Path, of: str | None = None) -> dict[str, Path]:
    """Return the arrays of a run folder, or the images of a study, by the name of the image.

    Parameters
    ----------
    path : Path
        A run folder, or what `graticule.io.study` takes.
    of : str, optional
        The output to take of a run folder that wrote several.

    Raises
    ------
    RequestError
        If the run wrote no array, or ``of`` is needed or unknown.
    """
    if not (path / "run.json").is_file():
        return files_by_name(path)
    found: dict[str, dict[str, Path]] = {}
    for image in _recorded_images(path / "run.json"):
        for name in image.get("arrays") or ():
            file = Path(str(name))
            found.setdefault(stem(file.name), {})[str(image.get("image"))] = path / file
    where, outputs = str(path), sorted(found)
    if not found:
        hint = "name the step with the mask or the labels among the outputs of the pipeline"
        raise RequestError("the run wrote no array", where=where, hint=hint)
    if of is None and len(found) > 1:
        hint = f"say which to judge, as --of {outputs[0]}"
        raise RequestError(f"the run wrote {', '.join(outputs)}", where=where, hint=hint)
    if of is not None and of not in found:
        raise RequestError(f"the run wrote no {of!r}", where=where, hint=suggest(of, outputs))
    return found[of if of is not None else outputs[0]]


def _recorded_images(record: Path) -> list[dict[str, Any]]:
    try:
        return [dict(image) for image in json.loads(record.read_bytes()).get("images") or []]
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(f"run.json cannot be read: {error}", where=str(record)) from None


def sweep(folder: Path, kept: Collection[str]) -> None:
    """Remove from a folder of ours all but some files and folders, named relative to it."""
    files = set(kept)
    parents: set[str] = set()
    for name in files:
        while (name := name.rpartition("/")[0]) and name not in parents:
            parents.add(name)
    _sweep(folder, "", files, parents)


def _sweep(folder: Path, prefix: str, kept: Collection[str], parents: Collection[str]) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        name = prefix + entry.name
        if name in parents:
            _sweep(entry, f"{name}/", kept, parents)
        elif name not in kept and entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        elif name not in kept:
            entry.unlink(missing_ok=True)


def refusal(error: OSError, folder: Path) -> StoreError | None:
    """Return what it means for a run that the disk refused something; None of another error."""
    if isinstance(error, GraticuleError) or (error.filename is None and error.errno not in _FULL):
        return None
    why = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(
        f"the run folder cannot be written: {why}",
        where=str(folder),
        hint="mend that, and give the same command again: it goes on from what is done",
    )


@contextlib.contextmanager
def locked_run_folder(
    folder: Path, identity: Mapping[str, Any], *, overwrite: bool
) -> Iterator[Path]:
    """Hold a run folder for this process, and give its work folder.

    Raises
    ------
    RequestError
        If the folder holds something else than this run.
    StoreError
        If another process is at work in it, or it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = folder / WORK
        _require_free_or_same(folder, identity, overwrite=overwrite)
        work.mkdir(exist_ok=True)
        with (work / _LOCK).open("a+b") as lock:
            _lock(lock, folder)
            if not _require_free_or_same(folder, identity, overwrite=overwrite):
                _clear(folder)
            _clear_drafts(folder)
            write_sealed(work / _IDENTITY, identity)
            lock.truncate(0)
            lock.write((work / _IDENTITY).read_bytes())
            lock.flush()
            yield work
    except OSError as error:
        refused = refusal(error, folder)
        if refused is None:
            raise
        raise refused from None


def _require_free_or_same(folder: Path, identity: Mapping[str, Any], *, overwrite: bool) -> bool:
    """Return whether a folder is free for a run or holds it; raise where it must not be used."""
    held_by = _identities(folder / WORK)
    if not held_by and not overwrite and (folder / WORK / _IDENTITY).exists():
        raise RequestError(
            f"which run the folder holds cannot be read: {_IDENTITY} and {_LOCK} are damaged",
            where=str(folder / WORK),
            hint="choose another folder, or --overwrite to begin again in this one",
        )
    if not held_by:
        held = [p.name for p in folder.iterdir() if p.name != WORK]
        if held and not overwrite:
            raise RequestError(
                f"the folder is not empty and holds no run: {', '.join(sorted(held)[:3])}, ...",
                where=str(folder),
                hint="choose another folder, or --overwrite to write into it",
            )
        return True
    is_same = dict(identity) in held_by
    if not is_same and not overwrite:
        raise RequestError(
            "the folder holds a run of another pipeline or of other images",
            where=str(folder),
            hint="choose another folder, or --overwrite to replace it",
        )
    return is_same


def _identities(work: Path) -> list[dict[str, Any]]:
    """Return what a folder says is its run: twice, should one file be damaged."""
    found = []
    for name in (_IDENTITY, _LOCK):
        with contextlib.suppress(StoreError):
            found.append(read_sealed(work / name))
    return found


def _clear(folder: Path) -> None:
    """Remove another run from a folder that is locked."""
    work = [entry for entry in (folder / WORK).iterdir() if entry.name != _LOCK]
    names = ("arrays", "previews", "errors", "run.json", "report.html", CRATE)
    for stale in [*work, *(folder / name for name in names), *table_files(folder)]:
        remove(stale)


def table_files(folder: Path) -> list[Path]:
    """Return the files of the tables of a run, as `graticule.pipeline.tables` writes them."""
    return [
        file
        for file in folder.iterdir()
        if (table := table_of(file)) and (table == "images" or table.startswith("objects"))
    ]


def table_of(file: Path) -> str:
    """Return the name of the table a file holds, or tells of; empty if it is no such file."""
    ending = next((ending for ending in _TABLE_ENDINGS if file.name.endswith(ending)), "")
    return file.name.removesuffix(ending) if ending and file.is_file() else ""


def _clear_drafts(folder: Path) -> None:
    """Remove what was being written when an earlier call ended; written images are swept later."""
    work = folder / WORK
    for name in ("scratch", "drafts"):
        remove(work / name)
    for place in (folder, work):
        for draft in place.glob(f"{DRAFT}*"):
            remove(draft)


def _lock(stream: Any, folder: Path) -> None:
    """Lock a file until it is closed, or this process ends however it ends."""
    try:
        import fcntl
    except ImportError:
        return
    deadline = time.monotonic() + _LOCK_WAIT
    while True:
        with contextlib.suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    raise StoreError(
        "another process is at work in this run folder",
        where=str(folder),
        hint="wait for it, or choose another folder",
    )
