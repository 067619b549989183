"""The images that ops are shown on: small, from installed packages or simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import UnknownNameError, suggest

Inputs = Mapping[str, Any]
"""Images and tables by the name of the input."""
_SAMPLES: dict[str, Callable[[], Inputs]] = {}


def _sample(make: Callable[[], Inputs]) -> Callable[[], Inputs]:
    _SAMPLES[make.__name__.strip("_")] = make
    return make


def sample_names() -> list[str]:
    """Return the names of the samples.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> "coins" in sample_names()
    True
    """
    return sorted(_SAMPLES)


@cache
def sample(name: str) -> Inputs:
    """Return the inputs of a sample by name; the first is called ``image``.

    Parameters
    ----------
    name : str
        One of `sample_names`.

    Returns
    -------
    dict
        Images, and what else a pipeline on it takes, by the name of the input.

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> sample("coins")["image"].dims
    ('y', 'x')
    """
    if name not in _SAMPLES:
        raise UnknownNameError(f"there is no sample {name!r}", hint=suggest(name, sample_names()))
    return _SAMPLES[name]()


def _photograph(name: str, *part: slice, colour: bool = False) -> Inputs:
    """Return a part of an image that comes with scikit-image."""
    from skimage import data

    values = np.ascontiguousarray(getattr(data, name)()[part])
    return {"image": as_image(values, dims=("y", "x", "c") if colour else ("y", "x"))}


@_sample
def _camera() -> Inputs:
    """Return a man with a camera."""
    return _photograph("camera", slice(60, 280), slice(120, 380))


@_sample
def _noisy() -> Inputs:
    """Return the same, under noise."""
    image = _camera()["image"]
    noise = np.random.default_rng(0).normal(0, 20, image.shape)
    noisy = np.clip(image.values + noise, 0, 255).astype(np.float32)
    return {"image": image.copy(data=noisy)}


@_sample
def _speckled() -> Inputs:
    """Return the same, with samples that are black or white."""
    image = _camera()["image"]
    values, drawn = image.values.copy(), np.random.default_rng(0).random(image.shape)
    values[drawn < 0.04], values[drawn > 0.96] = 0, 255
    return {"image": image.copy(data=values)}


@_sample
def _coins() -> Inputs:
    """Return coins under light that falls off."""
    return _photograph("coins", slice(0, 200), slice(0, 300))


@_sample
def _page() -> Inputs:
    """Return a page of print under uneven light."""
    return _photograph("page", slice(0, 150), slice(40, 270))


@_sample
def _horse() -> Inputs:
    """Return a mask."""
    image = _photograph("horse")["image"]
    return {"image": ~image.astype(bool)[::2, ::2]}


@_sample
def _gravel() -> Inputs:
    """Return stones that touch."""
    return _photograph("gravel", slice(0, 220), slice(0, 260))


@_sample
def _brick() -> Inputs:
    """Return a wall, with one direction stronger than another."""
    return _photograph("brick", slice(0, 200), slice(0, 240))


@_sample
def _moon() -> Inputs:
    """Return craters of little contrast."""
    return _photograph("moon", slice(0, 220), slice(0, 260))


@_sample
def _retina() -> Inputs:
    """Return vessels of an eye, in colour."""
    every = slice(300, 1100, 4)
    return _photograph("retina", every, every, colour=True)


@_sample
def _vessels() -> Inputs:
    """Return the same in green, where vessels are dark."""
    image = _retina()["image"]
    return {"image": image.isel(c=1, drop=True)}


@_sample
def _tissue() -> Inputs:
    """Return a tissue in two stains."""
    return _photograph("immunohistochemistry", slice(0, 220), slice(0, 260), colour=True)


@_sample
def _sky() -> Inputs:
    """Return galaxies, in colour."""
    return _photograph("hubble_deep_field", slice(0, 240), slice(0, 280), colour=True)


@_sample
def _nuclei() -> Inputs:
    """Return nuclei that touch, with the truth."""
    from graticule.simulate.nuclei import nuclei

    found = nuclei((160, 200), count=50, radius=8, seed=3)
    return {"image": found.image, "truth": found.labels}


@_sample
def _roots() -> Inputs:
    """Return roots in soil."""
    from graticule.simulate.roots import roots

    return {"image": roots((200, 200), seed=2).image}


@_sample
def _radiograph() -> Inputs:
    """Return a radiograph with its open beam and its dark field."""
    from graticule.simulate.radiograph import radiograph

    found = radiograph(shape=(200, 240), seed=1)
    return {
        "image": found.image,
        "open_beam": found.open_beam.mean("t"),
        "dark": found.dark.mean("t"),
    }


@_sample
def _ripple() -> Inputs:
    """Return a time-distance image of the Sun with a strong ripple."""
    from graticule.simulate.time_distance import random_ripple, time_distance

    ripple = random_ripple(np.random.default_rng(4), strength=3.0)
    return {"image": time_distance(ripple=ripple, seed=4)}


@_sample
def _spectra() -> Inputs:
    """Return counts of neutrons by their time of flight, with and without a sample."""
    from graticule.simulate.neutron_tof import neutron_tof

    found = neutron_tof((40, 48), bins=240, materials=("ferrite", "aluminium"), pieces=4, seed=1)
    return {"image": found.image, "open_beam": found.open_beam}


@_sample
def _movie() -> Inputs:
    """Return cells that move and divide, with the cells of every frame."""
    from graticule.simulate.dividing_cells import dividing_cells

    found = dividing_cells((120, 140), frames=8, count=14, speed=3, seed=1)
    return {"image": found.image, "truth": found.labels}


@_sample
def _galaxy() -> Inputs:
    """Return a galaxy and its neighbours."""
    from graticule.simulate.dataset import samples

    return {"image": next(samples("galaxies", 1, seed=5)).image}


@_sample
def _framed_galaxy() -> Inputs:
    """Return the same with the places on the sky in its header."""
    image = _galaxy()["image"]
    header = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0,
              "CRPIX1": 64.0, "CRPIX2": 64.0, "CD1_1": -1e-4, "CD1_2": 0.0, "CD2_1": 0.0,
              "CD2_2": 1e-4}  # fmt: skip
    axes = {
        dim: (dim, 0.36 * np.arange(image.sizes[dim]), {"units": "arcsec", "header_axis": axis})
        for dim, axis in (("x", [1, 0, 1]), ("y", [2, 0, 1]))
    }
    return {"image": image.assign_coords(axes).assign_attrs(header=header)}


@_sample
def _pixels() -> Inputs:
    """Return the samples of the moon one after the other, as some files have them."""
    values = _moon()["image"].values
    return {"image": xr.DataArray(values.ravel(), dims="pixel")}


@_sample
def _sun() -> Inputs:
    """Return how fast sound is below the surface of the Sun, as a polytrope."""
    depth = np.linspace(0, 20, 41)
    layer = pd.DataFrame({"depth": depth, "speed": np.sqrt(142 * depth)})
    layer.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    return {"image": layer}
