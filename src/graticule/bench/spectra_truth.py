"""T2, T3, T4 and T8: groups of spectra beside what is known of them."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from graticule.bench.row import Row, absent, data_folder, processes, row
from graticule.core import as_image
from graticule.core.typing import Array
from graticule.learn.clustering.agreement import adjusted_rand
from graticule.learn.ops.spectral_clusters import spectral_clusters

_MATERIALS = ("ferrite", "austenite", "aluminium", "nickel")
_NOISE = 0.08
"""Of the rebuilt cube: the middle of what its makers give, times the root of the value."""
_CUBES, _SEEDS = 100, 6


def _ari(one: Array, other: Array) -> float:
    one, other = (np.unique(each, return_inverse=True)[1].ravel() for each in (one, other))
    width = int(other.max()) + 1
    counts = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width)
    return adjusted_rand(counts.reshape(-1, width))


@row("T2")
def published_maps() -> list[Row]:
    """Rebuild the published maps of 4 and 10 groups by plain k-means."""
    folder, bar = data_folder("neutron_tof"), ">= 0.99"
    if folder is None:
        return [absent("T2", "published maps of a time-of-flight cube", bar)]
    cube, held = _rebuilt(folder, _NOISE)
    rows = []
    for k in (4, 10):
        found = spectral_clusters(cube, groups=k, method="kmeans", surrogates=0)
        ari = _ari(held[f"labels_k{k}"], found.labels.values)
        what = f"published map of {k} groups, 128 x 128 x 661 with noise of {_NOISE}, k-means: ARI"
        rows.append(Row("T2", what, round(ari, 4), "", bar, ari >= 0.99, seeds=(0,)))
    return rows


def _rebuilt(folder: Path, noise: float) -> tuple[Any, dict[str, Array]]:
    with np.load(folder / "tof_components.npz") as file:
        held = {name: file[name] for name in file.files if file[name].dtype.kind in "fiu"}
    base = held["centroids_k10"][held["labels_k10"]]
    base = base * (held["average"] / base.mean(axis=-1))[..., None]
    drawn = np.random.default_rng(0).standard_normal(base.shape)
    values = (base + noise * np.sqrt(np.maximum(base, 0)) * drawn).astype(np.float32)
    return as_image(values, dims=("y", "x", "tof")), held


@row("T3")
def simulated_steel() -> list[Row]:
    """Group simulated cubes of four materials by the raw way and ours."""
    from graticule.simulate.neutron_tof import neutron_tof

    told: dict[str, list[float]] = {}
    for seed in (0, 1, 2):
        made = neutron_tof((128, 128), 661, materials=_MATERIALS, seed=seed)
        truth = made.labels.values
        through = made.image.astype(np.float32) / np.maximum(made.open_beam.values, 1)
        found = spectral_clusters(through, quantity="transmission")
        labels, inner = found.labels.values, _interior(truth)
        told.setdefault("groups", []).append(float(found.summary["groups"][0]))
        told.setdefault("all pixels", []).append(_ari(truth, labels))
        told.setdefault("interior", []).append(_ari(truth[inner], labels[inner]))
        for k in (4, 10):
            raw = spectral_clusters(through, quantity="transmission", groups=k, method="kmeans",
                                    surrogates=0)  # fmt: skip
            told.setdefault(f"raw k = {k}", []).append(_ari(truth, raw.labels.values))
    size = "3 simulated cubes of steels, aluminium and nickel, 128 x 128 x 661"
    groups = ", ".join(f"{count:g}" for count in told.pop("groups"))
    bars = {"all pixels": 0.85, "interior": 0.97}
    rows = []
    for name, values in told.items():
        least, worst = bars.get(name), min(values)
        what = f"{size}, {groups} groups found of 4: least ARI, {name}"
        if least is None:
            what = f"{size}: mean ARI, k-means of transmissions, {name}"
            rows.append(Row("T3", what, round(float(np.mean(values)), 4), "", "", None))
        else:
            value = round(worst, 4)
            rows.append(Row("T3", what, value, "", f">= {least}", worst >= least, seeds=(0, 1, 2)))
    return rows


def _interior(truth: Array) -> Array:
    """Return pixels that are of one kind with all within two of them."""
    from scipy import ndimage

    ends = (ndimage.maximum_filter(truth, 5), ndimage.minimum_filter(truth, 5))
    return np.asarray(ends[0] == ends[1])


@row("T4")
def samson() -> list[Row]:
    """Group the scene Samson without its truth, and tell the abundances."""
    folder = data_folder("neutron_tof")
    if folder is None:
        return [absent("T4", "Samson, groups and abundances", ">= 0.93, <= 0.12")]
    from scipy.io import loadmat

    held = loadmat(folder / "Samson.mat")
    shares = held["S_GT"]
    values = held["Y"].reshape(-1, *shares.shape[:2], order="F")
    scene = as_image(values, dims=("band", "y", "x"))
    found = spectral_clusters(scene, groups=3)
    alone = [
        int(spectral_clusters(scene, surrogates=19, seed=seed).summary["groups"][0])
        for seed in range(_SEEDS)
    ]
    truth, got = shares.argmax(axis=-1), found.abundance.values[1:]
    ari, raw = (_ari(truth, each.values) for each in (found.labels, found.raw))
    error = min(
        float(np.sqrt(((got[list(order)] - np.moveaxis(shares, -1, 0)) ** 2).mean()))
        for order in itertools.permutations(range(3))
    )
    told = f"without being told, 3 are found by {alone.count(3)} of {_SEEDS} seeds"
    what = f"Samson 95 x 95 x 156, 3 groups ({told})"
    return [
        Row("T4", f"{what}: ARI; baseline raw k-means", round(ari, 4), "", ">= 0.93", ari >= 0.93,
            round(raw, 4)),
        Row("T4", f"{what}: abundances, RMSE", round(error, 4), "", "<= 0.12", error <= 0.12),
    ]  # fmt: skip


@row("T8")
def one_material() -> list[Row]:
    """Count how many cubes of one material are said to hold two, and of two materials."""
    from scipy.stats import binomtest

    with processes() as pool:
        pure, whole, two = (
            list(pool.map(partial(_said, kind), range(_CUBES), chunksize=5))
            for kind in ("wedge", "simulated", "two")
        )
    size = f"of {_CUBES} cubes 48 x 48 x 200"
    rows = []
    for what, said in (
        ("wedge of one material with Poisson counts", [p <= 0.05 for p, _ in pure]),
        ("wedge of one material with Poisson counts, groups", [k > 1 for _, k in pure]),
        ("simulated piece of one material, scattered neutrons and all", [k > 1 for _, k in whole]),
    ):
        share = float(np.mean(said))
        low, high = binomtest(sum(said), len(said)).proportion_ci()
        words = f"{size}, {what}: said to hold two at 5 % (interval {low:.3f} to {high:.3f})"
        rows.append(Row("T8", words, share, "", "<= 0.06", share <= 0.06))
    power = float(np.mean([k == 2 for _, k in two]))
    rows.append(Row("T8", f"{size} of two materials: said to hold two", power, "", "", None))
    return rows


def _said(kind: str, seed: int) -> tuple[float, int]:
    """Return the p-value of the null of one material, and the number of groups."""
    from graticule.simulate.neutron_tof import neutron_tof

    if kind == "wedge":
        image = _wedge(seed)
    else:
        own = [_MATERIALS[(seed + n) % 4] for n in range(2 if kind == "two" else 1)]
        made = neutron_tof(
            (48, 48), 200, materials=tuple(own), pieces=4 if kind == "two" else 1, seed=[seed, 8]
        )
        image = made.image.astype(np.float32) / np.maximum(made.open_beam.values, 1)
    found = spectral_clusters(image, quantity="transmission").summary
    return float(found["p_one_material"][0]), int(found["groups"][0])


def _wedge(seed: int) -> Any:
    """Return the transmission of a wedge of 3 to 25 mm, counts with and without it Poisson."""
    from graticule.ops.spectra import _crystal as crystal

    rng = np.random.default_rng([seed, 8])
    phase = crystal.PHASES[_MATERIALS[seed % 4]]
    limits = np.linspace(1.5, 5, 201)
    curve = crystal.total(phase, limits) * phase.density / 10
    y, x = np.mgrid[:48, :48]
    turn = rng.uniform(0, 2 * np.pi)
    slope = y * np.sin(turn) + x * np.cos(turn)
    thickness = 3 + 22 * (slope - slope.min()) / np.ptp(slope)
    counts = rng.poisson(200 * np.exp(-curve[:, None, None] * thickness))
    through = counts / np.maximum(rng.poisson(200, counts.shape), 1)
    return as_image(through.astype(np.float32), dims=("tof", "y", "x"))
