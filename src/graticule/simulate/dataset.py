"""Many simulated images with their truth, to train and to test with."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.errors import (
    GraticuleError,
    ParameterError,
    RequestError,
    UnknownNameError,
    suggest,
)
from graticule.core.progress import Progress, no_progress
from graticule.simulate._settings import arguments, drawn, known

__all__ = ["Sample", "kinds", "samples", "write_samples"]

_LABELS = {
    "cells": "labels",
    "dividing_cells": "labels",
    "galaxies": "footprint",
    "nuclei": "labels",
    "radiograph": "spots",
    "roots": "mask",
    "tof": "labels",
}
"""Kinds, and what the truth to learn from is called by each."""

_FUNCTIONS = {"tof": "neutron_tof"}
"""What simulates a kind, in the module of its name, where that is not called as the kind."""

_SETTINGS_STREAM = 1
"""Keeps what is drawn for the parameters apart from what the simulator draws."""


@dataclass(frozen=True)
class Sample:
    """A simulated image and its truth.

    Attributes
    ----------
    name : str
        As ``roots_0007``.
    image : DataArray
        What is measured.
    labels : DataArray
        The truth to learn from: a mask, or labels.
    truth : mapping of DataArray
        All else that is known of it.
    numbers : mapping of float or str
        Numbers that are known of it, and names of classes.
    parameters : mapping
        What was given, with what was drawn for ranges.
    tables : mapping of DataFrame
        Tables that are known of it, as which cell came from which.

    Examples
    --------
    >>> (sample,) = samples("roots", 1, parameters={"shape": (64, 64), "growth.count": "1..3"})
    >>> sample.name, sorted(sample.truth), 1 <= sample.parameters["growth.count"] <= 3
    ('roots_0000', ['centreline', 'radius'], True)
    """

    name: str
    image: xr.DataArray
    labels: xr.DataArray
    truth: Mapping[str, xr.DataArray] = field(default_factory=dict)
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def kinds() -> list[str]:
    """Return what can be simulated.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> kinds()
    ['cells', 'dividing_cells', 'galaxies', 'nuclei', 'radiograph', 'roots', 'tof']
    """
    return sorted(_LABELS)


def simulator(kind: str) -> Callable[..., Any]:
    """Return the function that simulates a kind.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if kind not in _LABELS:
        raise UnknownNameError(f"there is no simulation {kind!r}", hint=suggest(kind, kinds()))
    name = _FUNCTIONS.get(kind, kind)
    found: Callable[..., Any] = getattr(importlib.import_module(f"graticule.simulate.{name}"), name)
    return found


def parameters_of(kind: str) -> list[str]:
    """Return the names of the parameters of a kind."""
    return list(known(simulator(kind)))


def samples(
    kind: str,
    count: int,
    *,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> Iterator[Sample]:
    """Simulate images of a kind, one after the other.

    Each has its own stream of random numbers, so that the first ten of twenty are the ten of
    ten; the same seed gives the same bytes.

    Parameters
    ----------
    kind : str
        One of `kinds`.
    count : int
        How many.
    seed : int
        Of everything that is drawn.
    parameters : mapping, optional
        Parameters of the simulator by name, those of a group as ``growth.count``. A range
        ``"200..8000"`` is drawn anew for each image.

    Yields
    ------
    Sample
        Image and truth.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    ParameterError
        If a parameter is unknown or not what it must be.

    Examples
    --------
    >>> made = list(samples("roots", 2, parameters={"shape": (64, 64), "growth.count": "1..3"}))
    >>> [sample.name for sample in made], made[0].labels.dtype.name
    (['roots_0000', 'roots_0001'], 'bool')
    """
    function = simulator(kind)
    if count < 0 or seed < 0:
        raise ParameterError(f"count and seed must be at least 0, not {count} and {seed}")
    for number in range(count):
        rng = np.random.default_rng([seed, number, _SETTINGS_STREAM])
        values = drawn(parameters or {}, rng)
        name = f"{kind}_{number:04d}"
        try:
            made = function(**arguments(function, values), seed=[seed, number])
        except GraticuleError as error:
            raise error.at(name) from None
        except (ValueError, TypeError, IndexError, ZeroDivisionError, MemoryError) as error:
            raise ParameterError(
                f"nothing can be simulated with {dict(values)}: {error}", where=name
            ) from None
        yield _sample(name, _LABELS[kind], made, values)


def _sample(name: str, labels: str, made: Any, values: Mapping[str, Any]) -> Sample:
    """Return what a simulator made, under one set of names."""
    parts = made._asdict()
    arrays = {k: v for k, v in parts.items() if isinstance(v, xr.DataArray)}
    tables = {k: v for k, v in parts.items() if isinstance(v, pd.DataFrame)}
    numbers: dict[str, float | str] = {}
    for key, value in parts.items():
        if isinstance(value, Mapping):
            numbers |= {f"{key}_{name}": float(each) for name, each in value.items()}
        elif key not in arrays and key not in tables:
            numbers[key] = value if isinstance(value, str) else float(value)
    image, truth = arrays.pop("image"), arrays.pop(labels)
    return Sample(name, image, truth, arrays, numbers, values, tables)


def write_samples(
    kind: str,
    count: int,
    folder: Path,
    *,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Write simulated images: ``images/`` and ``labels/`` with files of the same names.

    What else is known of them lies in folders beside; ``samples.csv`` has a row for each, with
    what was drawn; ``parameters.json`` has all that is needed to make them again.

    Parameters
    ----------
    kind : str
        As for `samples`.
    count : int
        As for `samples`.
    folder : Path
        Must be empty or absent.
    seed : int
        As for `samples`.
    parameters : mapping, optional
        As for `samples`.
    progress : callable
        Called with images done, their number, and the name of the last.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RequestError
        If the folder holds something, or is none.

    Notes
    -----
    Stopped, or with a parameter that fails on the way, it leaves nothing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     made = write_samples("roots", 2, Path(parent) / "made", parameters={"shape": (64, 64)})
    ...     sorted(path.name for path in (made / "images").iterdir())
    ['roots_0000.tif', 'roots_0001.tif']
    """
    _require_empty(folder)
    was_there = folder.exists()
    try:
        rows = _written(kind, count, folder, seed, parameters or {}, progress)
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(folder / "samples.csv", index=False, lineterminator="\n")
        _describe(kind, count, folder, seed, parameters or {})
    except BaseException:  # half a set is none: the same command must find the folder empty
        _cleared(folder, keep=was_there)
        raise
    return folder


def _require_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise RequestError("is a file; the images need a folder", where=str(folder))
    if folder.exists() and any(folder.iterdir()):
        raise RequestError("the folder must be empty", where=str(folder), hint="name another")
    above = next(part for part in folder.absolute().parents if part.exists())
    if not above.is_dir():
        raise RequestError("is a file; there can be no folder in it", where=str(above))


def _cleared(folder: Path, *, keep: bool) -> None:
    for part in folder.iterdir() if folder.exists() else ():
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
    if folder.exists() and not keep:
        folder.rmdir()


def _written(
    kind: str,
    count: int,
    folder: Path,
    seed: int,
    parameters: Mapping[str, Any],
    progress: Progress,
) -> list[dict[str, Any]]:
    """Write the images one by one, and return a row for each."""
    from graticule.io import write

    rows = []
    for done, sample in enumerate(samples(kind, count, seed=seed, parameters=parameters), start=1):
        for part, image in {
            "images": sample.image,
            "labels": sample.labels,
            **sample.truth,
        }.items():
            (folder / part).mkdir(parents=True, exist_ok=True)
            write(folder / part / f"{sample.name}.tif", image)
        for part, table in sample.tables.items():
            (folder / part).mkdir(parents=True, exist_ok=True)
            table.to_csv(folder / part / f"{sample.name}.csv", index=False, lineterminator="\n")
        rows.append({"image": sample.name, **_flat(sample)})
        progress(done, count, sample.name)
    return rows


def _flat(sample: Sample) -> dict[str, Any]:
    objects = sample.labels.values
    columns = {"labelled": float((objects != 0).mean())}
    if objects.dtype != bool:
        columns["objects"] = int(objects.max(initial=0))
    return {**sample.parameters, **columns, **sample.numbers}


def _describe(
    kind: str, count: int, folder: Path, seed: int, parameters: Mapping[str, Any]
) -> None:
    """Write what the folder holds, and how to make it again."""
    from graticule.version import __version__

    facts = {
        "kind": kind,
        "count": count,
        "seed": seed,
        "parameters": dict(parameters),
        "graticule": __version__,
        "numpy": np.__version__,
    }
    (folder / "parameters.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    summary = (simulator(kind).__doc__ or "").strip().partition("\n")[0]
    parts = sorted(path.name for path in folder.iterdir() if path.is_dir())
    others = [part for part in parts if part not in ("images", "labels")]
    sets = "".join(f" --set {name}={_text(value)}" for name, value in parameters.items())
    lines = [
        f"# {count} simulated images: {kind}",
        "",
        f"{summary} These are simulations, not measurements.",
        "",
        "- `images/`: what is measured",
        f"- `labels/`: the truth under the same names ({_LABELS[kind]})",
        *(f"- `{part}/`: the truth, {part.replace('_', ' ')}" for part in others),
        "- `samples.csv`: a row for each image, with what was drawn",
        "- `parameters.json`: kind, seed, parameters and versions",
        "",
        "To make them again:",
        "",
        f"    graticule simulate {kind} -n {count} --seed {seed}{sets} -o FOLDER",
        "",
    ]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _text(value: Any) -> str:
    return f"'{json.dumps(list(value))}'" if isinstance(value, list | tuple) else str(value)
