"""What is written down of a run, so that it can be judged and repeated."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graticule.core.document import read_text
from graticule.core.image import Table
from graticule.io.escaping import escaped, printable
from graticule.io.studies import Study
from graticule.pipeline.parse import parse
from graticule.pipeline.result import ImageResult
from graticule.pipeline.spec import Spec
from graticule.version import __version__, installed_versions

_PACKAGES = ("graticule", "numpy", "scipy", "xarray", "pandas", "numba", "opencv-python-headless")

_LONG = 100_000
"""Characters of an explanation that is no explanation any more."""


def provenance(
    pipeline: Spec,
    results: Sequence[ImageResult],
    sources: Study,
    rows: Table,
    tables: Mapping[str, Table],
    previews: Mapping[str, str],
    command: Sequence[str],
) -> dict[str, Any]:
    """Return what ``run.json`` says of a run, but for its times and memory.

    What it says of the images is an iterator.
    """
    plain = pipeline.normalised()
    taken = _Taken(results)
    return {
        "graticule": 1,
        "version": __version__,
        "pipeline": plain,
        "key": pipeline.key,
        "text": pipeline.text,
        "changed": {
            name: {"from": was, "to": pipeline.parameter(name)}
            for name, was in pipeline.changed.items()
        },
        "explained": _explained(pipeline),
        "command": [printable(word) for word in command],
        "images": (
            {**_image_record(result), "preview": previews.get(result.image)} for result in results
        ),
        "skipped": [{"path": escaped(path), "why": why} for path, why in sources.skipped],
        "steps": {name: _step_record(pipeline, name, taken) for name in pipeline.steps},
        "checks": {
            name: {**about, "seconds": round(taken.checks[name], 4)}
            for name, about in plain["checks"].items()
        },
        "seeds": _seeds(plain),
        "units": {
            "images": rows.attrs.get("units", {}),
            **{name: table.attrs.get("units", {}) for name, table in tables.items()},
        },
        "versions": installed_versions(_PACKAGES),
        "machine": {
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "notes": [
            *taken.notes,
            *(
                f"the step {name} feeds no output and was left out"
                for name in pipeline.steps
                if name in pipeline.unused
            ),
        ],
    }


class _Taken:
    """What all images took together, and the notes of any of them that concern the run."""

    def __init__(self, results: Sequence[ImageResult]) -> None:
        self.steps: Counter[str] = Counter()
        self.from_store: Counter[str] = Counter()
        self.checks: Counter[str] = Counter()
        self.notes: dict[str, None] = {}
        most: tuple[int, str] = (0, "")
        for result in results:
            most = max(most, result.advice or most)
            for name, facts in result.steps.items():
                self.steps[name] += facts["seconds"]
                self.from_store[name] += bool(facts["cached"])
            self.checks.update(result.checks)
            self.notes |= dict.fromkeys(result.of_run)
        if most[0]:
            self.notes[most[1]] = None


def _explained(pipeline: Spec) -> dict[str, Any]:
    """Return what is said of a pipeline beside its file, where that is said of it and no other.

    That is a ``README.md`` whose title is its name, and with it what ``expected.json`` says of its
    example. Of a pipeline whose steps were changed since, nothing is expected.
    """
    folder = Path(pipeline.source).parent
    found: dict[str, Any] = {}
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = (folder / "README.md").read_text(encoding="utf-8")
        if text.partition("\n")[0].strip() == f"# {pipeline.name}" and len(text) < _LONG:
            found["readme"] = text
    if found:
        with contextlib.suppress(OSError, ValueError):
            found["expected"] = json.loads((folder / "expected.json").read_bytes())
            found["changed"] = parse(read_text(Path(pipeline.source))).key != pipeline.key
    return found


def _image_record(result: ImageResult) -> dict[str, Any]:
    kept = ("image", "path", "sha256", "key", "status", "error", "notes", "seconds", "cached")
    about = {name: getattr(result, name) for name in kept}
    told = {"tile": result.tile, "arrays": result.arrays, "appearance": result.appearance}
    return {**about, **told}


def _step_record(pipeline: Spec, name: str, taken: _Taken) -> dict[str, Any]:
    step = pipeline.steps[name]
    return {
        "op": step.op.name,
        "version": step.op.version,
        "summary": step.op.summary,
        "scope": step.op.scope_name,
        "params": step.canonical,
        "about": {
            key: value.described()
            for key, value in step.params.items()
            if hasattr(value, "described")  # a file, of which its hash alone says little
        },
        "seconds": round(taken.steps[name], 4),
        "from_store": taken.from_store[name],
        "left_out": name in pipeline.unused,
    }


def _seeds(plain: Mapping[str, Any]) -> dict[str, int]:
    return {
        f"{name}.seed": part["params"]["seed"]
        for section in ("steps", "checks")
        for name, part in plain[section].items()
        if "seed" in part["params"]
    }


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far."""
    with contextlib.suppress(OSError, StopIteration, ValueError):
        # ru_maxrss of a process starts from what the one that called it took; this does not.
        with open("/proc/self/status", encoding="ascii") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        import psutil

        return int(psutil.Process().memory_info().rss)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
