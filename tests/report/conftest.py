"""A small run folder, made by hand: what the engine would have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

UNITS = {"t0": "min", "d0": "Mm", "time": "min", "time_width": "min"}


def time_distance(seed: int, strength: float) -> np.ndarray[Any, Any]:
    """Return an image of time and distance with a ripple from t0 = 20 samples on."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(120, 300))
    noise = (noise + np.roll(noise, 1, 1) + np.roll(noise, 2, 1)) / np.sqrt(3)
    time, distance = np.mgrid[:120, :300]
    phase = time - (20 + 5 * np.sqrt(distance))
    return np.float32(noise + strength * np.cos(phase / 1.5) * np.exp(-((phase / 4) ** 2)))


def coordinate(first: float, step: float, units: str = "") -> dict[str, Any]:
    return {"first": first, "step": step, "units": units}


def save_preview(path: Path, arrays: dict[str, Any], meta: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez_compressed(path, **{"meta": text, **arrays})


def save_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    table.to_parquet(folder / f"{name}.parquet", index=False)
    table.to_csv(folder / f"{name}.csv", index=False)


def quake_arrays(seed: int, strength: float) -> tuple[dict[str, Any], dict[str, Any]]:
    image = time_distance(seed, strength)
    scaled = (image - image.mean(0)) / image.std(0)
    shifts = np.rint(5 * np.sqrt(np.arange(25, 75))).astype(int) - 25
    rows = np.arange(120)[:, None] + shifts
    aligned = np.where(rows < 120, scaled[np.minimum(rows, 119), np.arange(25, 75)], np.nan)
    axes = {"time": coordinate(0, 0.75, "min"), "distance": coordinate(0, 0.348, "Mm")}
    near = {**axes, "distance": coordinate(25 * 0.348, 0.348, "Mm")}
    arrays = {
        "step/image": image,
        "step/scaled": scaled,
        "step/aligned": aligned.astype(np.float32),
        "step/stack": np.nanmean(aligned[:90], axis=1).astype(np.float32),
        "check/null/null": np.random.default_rng(seed).gamma(9, 0.05, 199),
        "check/null/statistic": np.array(0.4 + strength),
    }
    plane = ["time", "distance"]
    meta = {
        "step/image": {"dims": plane, "kind": "image", "units": "m / s", "coords": axes},
        "step/scaled": {"dims": plane, "kind": "image", "coords": axes},
        "step/aligned": {"dims": plane, "kind": "image", "coords": near},
        "step/stack": {"dims": ["time"], "kind": "image", "coords": {"time": axes["time"]}},
    }
    return arrays, meta


QUAKE_STEPS = {
    "scaled": {"op": "transform.zscore", "params": {"dim": "time"}, "inputs": {"image": "image"}},
    "aligned": {
        "op": "detect.moveout",
        "params": {"curve": "sqrt", "a": 5.0, "between": [25.0, 75.0]},
        "inputs": {"image": "scaled"},
    },
    "stack": {
        "op": "detect.stack",
        "params": {"statistic": "mean"},
        "inputs": {"image": "aligned"},
    },
    "event": {"op": "detect.peak", "params": {}, "inputs": {"image": "stack"}},
}
QUAKE_REPORT = [
    {"figure": "arc", "image": "scaled", "curve": "event", "title": "The ripple"},
    {"figure": "aligned", "image": "aligned", "at": "event"},
    {"figure": "profile", "of": "stack", "mark": "event"},
    {"figure": "null_distribution", "of": None},
    {"figure": "scatter", "table": "images", "x": "baseline_statistic", "y": "statistic",
     "colour": "detected"},
]  # fmt: skip


def quake_record(names: list[str]) -> dict[str, Any]:
    steps = {
        name: {**step, "version": 1, "summary": f"What {name} does.", "scope": "Pointwise",
               "seconds": 0.12 * (index + 1)}
        for index, (name, step) in enumerate(QUAKE_STEPS.items())
    }  # fmt: skip
    check = {"check": "surrogate", "version": 1, "of": "event.statistic", "at": "image",
             "params": {"by": ["phase"], "n": 199, "fdr": 0.05, "seed": 0}}  # fmt: skip
    images = [
        {"image": name, "path": f"study/{name}.fits", "sha256": f"{index:064x}", "key": "0" * 64,
         "status": "done", "error": None, "seconds": 0.4, "cached": False,
         "preview": f"previews/{name}.npz"}
        for index, name in enumerate(names)
    ]  # fmt: skip
    return {
        "graticule": 1,
        "version": "0.1.0",
        "pipeline": {
            "name": "sunquake", "inputs": {"image": {"dims": ["time", "distance"]}},
            "steps": QUAKE_STEPS, "checks": {"null": check}, "outputs": ["event"],
            "report": QUAKE_REPORT,
        },
        "key": "ab" * 32,
        "text": "graticule: 1\nname: sunquake  # <b>a comment</b>\nsteps: {...}\n",
        "command": ["graticule", "run", "sunquake", "study", "-o", "out"],
        "started": "2026-01-02T03:04:05Z",
        "seconds": 12.3,
        "images": images,
        "steps": steps,
        "checks": {"null": check},
        "versions": {"numpy": "2.4.6", "graticule": "0.1.0"},
        "machine": {"cores": 2},
        "seeds": {"null.seed": 0},
        "units": {"images": UNITS, "objects": {}},
        "memory": {"budget": 2_000_000_000, "peak": 310_000_000},
    }  # fmt: skip


def quake_row(name: str, strength: float) -> dict[str, Any]:
    return {
        "image": name, "statistic": 0.4 + strength, "time": 20 * 0.75 + 25 * 0.75,
        "time_width": 3.1, "a": 5.0, "d0": 0.0, "t0": 15.0, "distance": 8.7,
        "baseline_statistic": 0.35 + strength / 3, "p": 0.005 if strength else 0.62,
        "p_smallest": 0.005, "surrogates": 199, "q": 0.01 if strength else 0.7,
        "detected": strength > 0,
    }  # fmt: skip


@pytest.fixture
def quake_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a maker of run folders of simulated time-distance images."""

    def make(names: tuple[str, ...] = ("quiet", "flare")) -> Path:
        folder = tmp_path / "run"
        folder.mkdir()
        rows = []
        for index, name in enumerate(names):
            strength = 1.2 * (index % 2)
            rows.append(quake_row(name, strength))
            save_preview(folder / "previews" / f"{name}.npz", *quake_arrays(index, strength))
        save_table(folder, "images", pd.DataFrame(rows))
        (folder / "run.json").write_text(json.dumps(quake_record(list(names))))
        return folder

    return make


@pytest.fixture
def coins_run(tmp_path: Path) -> Path:
    """Return a run folder of a photograph with labelled objects and one image that failed."""
    from skimage import data, measure

    folder = tmp_path / "coins"
    folder.mkdir()
    image = data.coins()
    mask = image > 120
    labels = measure.label(mask).astype(np.int32)
    areas = np.bincount(labels.ravel())
    kept = np.where(areas[labels] > 200, labels, 0).astype(np.int32)
    numbers = np.unique(kept)[1:]
    space = {"y": coordinate(0, 0.1, "mm"), "x": coordinate(0, 0.1, "mm")}
    kinds = {"image": "image", "mask": "mask", "kept": "labels"}
    meta = {f"step/{n}": {"dims": ["y", "x"], "kind": k, "coords": space} for n, k in kinds.items()}
    arrays = {"step/image": image, "step/mask": mask, "step/kept": kept}
    save_preview(folder / "previews" / "coins.npz", arrays, meta)
    save_table(folder, "images", pd.DataFrame({"image": ["coins"], "kept_count": [len(numbers)]}))
    objects = pd.DataFrame({"image": "coins", "label": numbers, "area": areas[numbers] * 0.01})
    save_table(folder, "objects", objects)
    record = quake_record(["coins"])
    record["pipeline"] = {
        "name": "coins", "inputs": {"image": {}},
        "steps": {"mask": {"op": "threshold.otsu"}, "kept": {"op": "segment.label"}},
        "report": [
            {"figure": "overlay", "image": "image", "labels": "kept"},
            {"figure": "histogram", "table": "objects", "column": "area"},
        ],
    }  # fmt: skip
    record["steps"] = {
        "mask": {"op": "threshold.otsu", "version": 1, "params": {"bins": 256}, "seconds": 0.01},
        "kept": {"op": "segment.label", "version": 1, "params": {}, "seconds": 0.02},
    }
    record["checks"] = {}
    record["units"] = {"objects": {"area": "mm2"}}
    record["images"].append(
        {"image": "torn", "path": "study/torn.tif", "sha256": None, "status": "failed",
         "error": {"kind": "FormatError", "what": "the file ends early", "where": "torn.tif",
                   "hint": "copy it again"}, "seconds": 0.0, "cached": False}
    )  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))
    return folder
