"""A2: a damaged step store gives the results that would be computed."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.pipeline import Pipeline
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.spec import Spec, step_keys
from graticule.pipeline.store import StepStore
from graticule.testing.compare import difference
from graticule.testing.reliability.row import Effort, row
from graticule.testing.trial import Trial

_PIPELINE = """
graticule: 1
steps:
  smooth:  {op: filters.gaussian, sigma: 1 um}
  bright:  {op: threshold.otsu}
  objects: {op: segment.label}
  table:   {op: measure.regions, intensity: image}
  scaled:  {op: transform.zscore, dim: x, input: image}
"""
_KEYS = {"image": "0" * 64}
_BYTES = 10**8


@row(
    "A2",
    "whatever happens to the files of the step store, results are those that are computed: values, "
    "coordinates, units, attributes and dtypes",
)
def step_store(effort: Effort) -> Iterator[Trial]:
    """Damage a store of images and tables, and evaluate a pipeline with it."""
    pipeline = Pipeline.loads(_PIPELINE)
    image = _image(effort.seed)
    wanted = _outputs(Evaluation(pipeline, {"image": image}, _KEYS))
    with tempfile.TemporaryDirectory() as name:
        good = Path(name, "good")
        store = StepStore(good, max_bytes=_BYTES)
        keys = step_keys(pipeline, _KEYS)
        kept = [step for step, outputs in wanted.items() if store.put(keys[step], outputs)]
        if kept != list(wanted):
            yield Trial("store", "put", "wrong", f"only {kept} of {list(wanted)} were stored")
        whole = _evaluated(pipeline, image, good)
        if fault := difference(wanted, _outputs(whole)) or _not_from_store(whole):
            yield Trial("store", "whole", "wrong", fault)
        for number in range(effort.count(full=2000, quick=60)):
            way = list(_WAYS)[number % len(_WAYS)]
            damaged = Path(name, "damaged")
            shutil.copytree(good, damaged)
            label = _WAYS[way](random.Random(f"{effort.seed} {number}"), damaged)
            fault = _fault(pipeline, image, damaged, wanted)
            yield Trial(way, f"{number}: {label}", "wrong" if fault else "right", fault)
            shutil.rmtree(damaged)


def _image(seed: int) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    positions = np.arange(48) * 0.5
    coords = {"y": ("y", positions, {"units": "um"}), "x": ("x", positions + 3, {"units": "um"})}
    smooth = np.add.outer(np.sin(positions), np.cos(positions * 0.7))
    values = (smooth + rng.normal(0, 0.1, smooth.shape)).astype(np.float32)
    header = {"TELESCOP": "none", "EXPTIME": 1.5}
    return xr.DataArray(values, coords, ("y", "x"), attrs={"units": "DN", "header": header})


def _evaluated(pipeline: Spec, image: xr.DataArray, folder: Path) -> Evaluation:
    store = StepStore(folder, max_bytes=_BYTES)
    return Evaluation(pipeline, {"image": image}, _KEYS, store=store)


def _outputs(evaluation: Evaluation) -> dict[str, tuple[Any, ...]]:
    return {step: evaluation.outputs_of(step) for step in evaluation.pipeline.steps}


def _not_from_store(evaluation: Evaluation) -> str:
    computed = [step for step, facts in evaluation.facts.items() if not facts.cached]
    return f"{', '.join(computed)} did not come from the store" if computed else ""


def _fault(
    pipeline: Spec, image: xr.DataArray, folder: Path, wanted: Mapping[str, tuple[Any, ...]]
) -> str:
    """Return what is wrong of a result, of the next one, or of the store after both."""
    for turn in ("at first", "then"):
        try:
            evaluation = _evaluated(pipeline, image, folder)
            found = _outputs(evaluation)
        except Exception as error:  # whatever it is, it must not be
            return f"{turn}: {type(error).__name__}: {error}"
        if fault := difference(dict(wanted), found):
            return f"{turn}: {fault}"
    drafts = list(folder.glob("drafts/*"))
    return f"{len(drafts)} drafts stay" if drafts else ""


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _one(draw: random.Random, folder: Path) -> Path:
    return draw.choice(_files(folder))


def _change_a_byte(draw: random.Random, folder: Path) -> str:
    file = _one(draw, folder)
    content = bytearray(file.read_bytes())
    place, bits = draw.randrange(len(content)), draw.randrange(1, 256)
    content[place] ^= bits
    file.write_bytes(content)
    return f"byte {place} of {file.name} ^ {bits}"


def _change_a_block(draw: random.Random, folder: Path) -> str:
    file = _one(draw, folder)
    content = bytearray(file.read_bytes())
    start = draw.randrange(len(content))
    stop = min(len(content), start + draw.randrange(1, 600))
    content[start:stop] = draw.choice([bytes(stop - start), draw.randbytes(stop - start)])
    file.write_bytes(content)
    return f"bytes {start} to {stop} of {file.name}"


def _cut(draw: random.Random, folder: Path) -> str:
    file = _one(draw, folder)
    content = file.read_bytes()
    size = draw.choice([0, len(content) - 1, draw.randrange(len(content))])
    file.write_bytes(content[:size])
    return f"{file.name} cut to {size}"


def _lengthen(draw: random.Random, folder: Path) -> str:
    file = _one(draw, folder)
    more = draw.choice([b"\0", b"\n", draw.randbytes(4096), file.read_bytes()])
    file.write_bytes(file.read_bytes() + more)
    return f"{file.name} longer by {len(more)}"


def _insert(draw: random.Random, folder: Path) -> str:
    file = _one(draw, folder)
    content = file.read_bytes()
    place, count = draw.randrange(len(content)), draw.randrange(1, 65)
    taken = draw.choice([0, count])
    file.write_bytes(content[:place] + draw.randbytes(count) + content[place + taken :])
    return f"{count} bytes in place of {taken} at {place} of {file.name}"


def _delete(draw: random.Random, folder: Path) -> str:
    paths = sorted(folder.rglob("*"))
    path = draw.choice(paths)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return f"{path.name} gone"


def _swap(draw: random.Random, folder: Path) -> str:
    one, other = draw.sample(_files(folder), 2)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    return f"{one.name} and {other.name} swapped"


def _splice(draw: random.Random, folder: Path) -> str:
    one, other = draw.sample(_files(folder), 2)
    place = draw.randrange(min(one.stat().st_size, other.stat().st_size))
    one.write_bytes(other.read_bytes()[:place] + one.read_bytes()[place:])
    return f"{one.name} begins as {other.name} up to {place}"


def _replace(draw: random.Random, folder: Path) -> str:
    file = _one(draw, folder)
    file.unlink()
    kind = draw.choice(["a folder", "a link to nothing", "a link to another"])
    if kind == "a folder":
        (file / "within").mkdir(parents=True)
    else:
        file.symlink_to(file if kind == "a link to nothing" else _one(draw, folder))
    return f"{file.name} is {kind}"


_WAYS: Mapping[str, Callable[[random.Random, Path], str]] = {
    "a byte is changed": _change_a_byte,
    "a block is changed": _change_a_block,
    "a file is cut": _cut,
    "a file is longer": _lengthen,
    "bytes are put in": _insert,
    "a file or folder is gone": _delete,
    "two files are swapped": _swap,
    "two files are spliced": _splice,
    "a folder or link stands in the place of a file": _replace,
}
