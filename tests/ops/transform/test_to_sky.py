"""Positions on the sky: as astropy gives them for the pixels of the file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core.errors import ImageError, ParameterError
from graticule.io import read
from graticule.pipeline import Pipeline

SIZES = (24, 31)
SIP = {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 2e-4, "A_1_1": -1e-4, "B_0_2": 3e-4, "B_1_1": 1e-4}


@st.composite
def skies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the world coordinates of an image: turned, slanted, distorted, of any frame."""
    lon, lat = draw(st.sampled_from([("RA--", "DEC-"), ("GLON", "GLAT"), ("HPLN", "HPLT")]))
    code = draw(st.sampled_from(["TAN", "SIN", "ARC", "ZEA", "CAR"]))
    distorted = draw(st.booleans()) and code == "TAN"
    end = "-SIP" if distorted else ""
    kinds = [f"{lon}-{code}{end}", f"{lat}-{code}{end}"]
    swapped = draw(st.booleans())
    place = [draw(st.floats(0, 359)), 0.0 if code == "CAR" else draw(st.floats(-80, 80))]
    step = 10.0 ** draw(st.floats(-5, -2))
    turn, slant = draw(st.floats(0, 2 * np.pi)), draw(st.floats(-1, 1))
    stretch, handed = draw(st.floats(0.3, 3)), draw(st.sampled_from([-1, 1]))
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, -sin], [sin, cos]]) if draw(st.booleans()) else np.eye(2)
    cd = step * rotation @ np.array([[handed, slant], [0, stretch]])
    header = dict(SIP) if distorted else {}
    for axis in range(2):
        header[f"CTYPE{axis + 1}"] = kinds[axis ^ swapped]
        header[f"CRVAL{axis + 1}"] = place[axis ^ swapped]
        header[f"CRPIX{axis + 1}"] = draw(st.floats(-50, 80))
        for other in range(2):
            header[f"CD{axis + 1}_{other + 1}"] = cd[axis, other]
    return header


def saved(path: Path, cards: dict[str, Any], values: np.ndarray | None = None) -> Path:
    values = np.zeros(SIZES, np.int32) if values is None else values
    fits.PrimaryHDU(values, fits.Header(list(cards.items()))).writeto(path, overwrite=True)
    return path


def expected(path: Path, x: Any, y: Any) -> list[np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return WCS(fits.getheader(path)).all_pix2world(x, y, 0)


def objects() -> np.ndarray:
    labels = np.zeros(SIZES, np.int32)
    labels[2:5, 3:9], labels[12:15, 20:22], labels[20, 27:30] = 1, 2, 3
    return labels


def middles(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    places = [np.argwhere(labels == n).mean(0) for n in np.unique(labels[labels > 0])]
    y, x = np.array(places).T
    return x, y


def apart(one: Any, other: Any) -> float:
    """Return the largest difference in degrees, 360 being none."""
    return float(np.abs((np.asarray(one) - np.asarray(other) + 180) % 360 - 180).max(initial=0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sky")


@settings(max_examples=40)
@given(skies())
def test_centroids_are_where_astropy_puts_them(folder: Path, cards: dict[str, Any]) -> None:
    path = saved(folder / "a.fits", cards, objects())
    image = read(path)
    table = gt.transform.to_sky(gt.measure.regions(image), image)
    found = expected(path, *middles(objects()))
    for column, values in zip(table.columns[-2:], _by_name(path, found), strict=True):
        assert apart(table[column], values) < 1e-8
        assert table.attrs["units"][column] == "deg"


def _by_name(path: Path, found: list[np.ndarray]) -> list[np.ndarray]:
    """Return longitude and latitude, whichever axis of the file each is."""
    system = WCS(fits.getheader(path)).wcs
    return [found[system.lng], found[system.lat]]


@settings(max_examples=40)
@given(
    skies(),
    st.integers(0, 8),
    st.integers(0, 8),
    st.sampled_from([1, -1]),
    st.sampled_from([1, -1, 2, 3]),
)
def test_parts_of_an_image_have_the_same_sky(
    folder: Path, cards: dict[str, Any], top: int, left: int, up: int, by: int
) -> None:
    path = saved(folder / "b.fits", cards)
    image = read(path)
    part = image[top:, left:][::up, ::by]
    rows = np.arange(SIZES[0])[top:][::up]
    columns = np.arange(SIZES[1])[left:][::by]
    table = pd.DataFrame(
        {
            f"centroid_{dim}": part[dim].values[at]
            for dim, at in zip(part.dims, ([0, -1, 3], [0, -1, 2]), strict=True)
        }
    )
    result = gt.transform.to_sky(table, part)
    found = expected(path, columns[[0, -1, 2]], rows[[0, -1, 3]])
    for column, values in zip(result.columns[-2:], _by_name(path, found), strict=True):
        assert apart(result[column], values) < 1e-8


def test_an_averaged_image_has_the_same_sky(tmp_path: Path) -> None:
    from graticule.pipeline.coarse import coarsen

    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 40.0,
             "CD1_1": -1e-3, "CD1_2": 2e-4, "CD2_1": 1e-4, "CD2_2": 2e-3}  # fmt: skip
    path = saved(tmp_path / "a.fits", cards)
    coarse = coarsen(read(path), 1)
    table = pd.DataFrame({"centroid_y": coarse.y.values[:5], "centroid_x": coarse.x.values[:5]})
    result = gt.transform.to_sky(table, coarse)
    at = 0.5 + 2 * np.arange(5)
    ra, dec = expected(path, at, at)
    assert apart(result.ra, ra) < 1e-9
    assert apart(result.dec, dec) < 1e-9


@settings(max_examples=40)
@given(skies())
def test_an_area_is_that_of_the_pixels(folder: Path, cards: dict[str, Any]) -> None:
    from astropy.wcs.utils import proj_plane_pixel_area

    path = saved(folder / "c.fits", cards, objects())
    image = read(path)
    area = proj_plane_pixel_area(WCS(fits.getheader(path)))
    for part in (image, image[::-1], gt.transform.crop(image, start={"x": 2})):
        table = gt.measure.regions(part, properties=("shape", "convex", "perimeter"))
        np.testing.assert_allclose(table.area / table.pixels, area, rtol=1e-8)
        np.testing.assert_allclose(table.solidity, 1, rtol=1e-8)
        assert table.attrs["units"]["area"] == "deg2"


def test_a_cube_with_its_celestial_axes_apart(tmp_path: Path) -> None:
    cards = {"CTYPE1": "DEC--TAN", "CTYPE2": "VRAD", "CTYPE3": "RA---TAN", "CUNIT2": "m/s",
             "CDELT1": 0.01, "CDELT2": 100.0, "CDELT3": -0.02, "CRVAL1": 20.0, "CRVAL3": 50.0,
             "CRPIX1": 2.0, "CRPIX3": 3.0}  # fmt: skip
    path = saved(tmp_path / "a.fits", cards, np.zeros((5, 3, 6), np.float32))
    image = read(path)
    table = pd.DataFrame({"x": image.x.values[:4], "y": image.y.values[:4]})
    result = gt.transform.to_sky(table, image, position="")
    at = {"x": np.arange(4), "y": np.arange(4)}
    dec, _, ra = WCS(fits.getheader(path)).all_pix2world(at["y"], 0, at["x"], 0)
    assert apart(result.ra, ra) < 1e-9
    assert apart(result.dec, dec) < 1e-9


def test_alternate_coordinates(tmp_path: Path) -> None:
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -0.01, "CDELT2": 0.01,
             "CTYPE1B": "GLON-CAR", "CTYPE2B": "GLAT-CAR", "CRVAL1B": 30.0, "CDELT1B": 0.5,
             "CDELT2B": 0.5}  # fmt: skip
    image = read(saved(tmp_path / "a.fits", cards, objects()))
    table = gt.measure.regions(image)
    found = gt.transform.to_sky(table, image, alternate="B")
    x, y = middles(objects())
    np.testing.assert_allclose(found.glon, 30 + 0.5 * (x + 1))  # CRPIX is 0 where it is not given
    np.testing.assert_allclose(found.glat, 0.5 * (y + 1))
    with pytest.raises(ParameterError, match="no coordinates 'C'"):
        gt.transform.to_sky(table, image, alternate="C")


def test_what_has_no_place_on_the_sky_is_told(tmp_path: Path) -> None:
    bare = gt.core.as_image(objects())
    table = gt.measure.regions(bare)
    with pytest.raises(ImageError, match="no place on the sky: its header names no celestial axes"):
        gt.transform.to_sky(table, bare)
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -0.01, "CDELT2": 0.01}
    path = saved(tmp_path / "a.fits", cards, objects())
    image = read(path)
    with pytest.raises(ImageError, match=r"centroid_x of the table is in px, and x .* in deg"):
        gt.transform.to_sky(table, image)
    with pytest.raises(ParameterError, match="no column 'peak_x'"):
        gt.transform.to_sky(table, image, position="peak")
    with pytest.raises(ImageError, match=r"axis 1 of its header \(read it .* without spacing="):
        gt.transform.to_sky(table, read(path, spacing={"y": 1.0, "x": 1.0}))
    good = gt.transform.to_sky(gt.measure.regions(image), image)
    with pytest.raises(ImageError, match="has a column 'ra' already"):
        gt.transform.to_sky(good, image)
    torn = image.assign_attrs(header={**image.attrs["header"], "CTYPE2": "DEC--SIN"})
    with pytest.raises(ImageError, match="Inconsistent projection types"):
        gt.transform.to_sky(gt.measure.regions(image), torn)


def test_no_object_and_no_position(tmp_path: Path) -> None:
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -0.01, "CDELT2": 0.01}
    image = read(saved(tmp_path / "a.fits", cards))
    assert list(gt.transform.to_sky(gt.measure.regions(image), image)[["ra", "dec"]].shape) == [
        0,
        2,
    ]
    lost = pd.DataFrame({"centroid_x": [np.nan, 0.0], "centroid_y": [0.0, 0.0]})
    assert gt.transform.to_sky(lost, image).ra.isna().tolist() == [True, False]


PIPELINE = """
graticule: 1
name: sky
inputs:
  image: {dims: [y, x]}
steps:
  mask:    {op: threshold.fixed, value: 0.5}
  labels:  {op: segment.label}
  objects: {op: measure.regions, input: labels, intensity: image}
  placed:  {op: transform.to_sky, input: objects, image: labels}
outputs: [placed]
"""


def test_in_a_pipeline(tmp_path: Path) -> None:
    cards = {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CRVAL1": 10.0, "CRVAL2": 40.0,
             "CRPIX1": 9.0, "CRPIX2": 4.0, "CD1_1": -1e-3, "CD1_2": 9e-4, "CD2_1": 1e-4,
             "CD2_2": 2e-3, **SIP}  # fmt: skip
    values = (objects() > 0).astype(np.float32)
    path = saved(tmp_path / "a.fits", cards, values)
    Pipeline.loads(PIPELINE).run(path, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "objects.csv")
    ra, dec = expected(path, *middles(objects()))
    assert apart(table.ra, ra) < 1e-8
    assert apart(table.dec, dec) < 1e-8
    np.testing.assert_allclose(table.area / table.pixels, 1e-3 * 2e-3 + 9e-4 * 1e-4)
