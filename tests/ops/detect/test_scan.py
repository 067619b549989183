"""detect.scan and its kernels: equal to plain loops, whatever the image and the curves."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import hilbert

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, UnitsError
from graticule.ops.detect._paths import Interpolation, maxima, profiles
from graticule.ops.detect._planes import planes_of

DIMS = ("time", "distance")


def _along_paths(columns: np.ndarray, times: np.ndarray, fewest: int) -> np.ndarray:
    """Return the mean (power, where complex) along paths, sample by sample in plain Python."""
    count, size = columns.shape
    result = np.full((times.shape[0], size), np.nan)
    for path, delays in enumerate(times - np.nanmin(times, axis=1, keepdims=True)):
        for start in range(size):
            found = []
            for column in range(count):
                position = start + delays[column]
                if np.isnan(position) or position > size - 1:
                    continue
                low = int(np.floor(position))
                high = min(low + 1, size - 1)
                part = position - low
                found.append((1 - part) * columns[column, low] + part * columns[column, high])
            if len(found) >= fewest:
                total = np.sum(found)
                power = np.iscomplexobj(columns)
                result[path, start] = abs(total) ** 2 / len(found) if power else total / len(found)
    return result


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 11),
    size=st.integers(1, 30),
    is_complex=st.booleans(),
    whole=st.booleans(),
)
def test_equal_to_a_plain_loop(
    seed: int, count: int, size: int, is_complex: bool, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(count, size))
    if is_complex:
        columns = columns + 1j * rng.normal(size=(count, size))
    times = rng.uniform(-1.5 * size, 1.5 * size, size=(5, count))
    times = np.rint(times) if whole else times
    times[rng.random(times.shape) < 0.2] = np.nan
    times[:, 0] = np.nan_to_num(times[:, 0])
    fewest = int(rng.integers(1, count + 1))
    result = profiles(planes_of(columns), times, fewest=fewest)
    np.testing.assert_allclose(result, _along_paths(columns, times, fewest), atol=1e-9)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 9), size=st.integers(1, 20))
def test_wrapped_around_it_is_the_loop_of_rolls(seed: int, count: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(count, size))
    shifts = rng.integers(-99, 99, size=(4, count)).astype(float)
    result = profiles(planes_of(columns, wrap=True), shifts, interpolation="nearest", wrap=True)
    for shift, profile in zip(shifts - shifts.min(axis=1, keepdims=True), result, strict=True):
        rolled = [np.roll(c, -int(s)) for c, s in zip(columns, shift, strict=True)]
        np.testing.assert_allclose(profile, np.mean(rolled, axis=0), atol=1e-12)


def _on_a_grid(columns: np.ndarray, steps: np.ndarray, parts: int, wrap: bool) -> np.ndarray:
    """Return the mean (power, where complex) along paths of whole parts of a sample."""
    size = columns.shape[1]
    turns = np.exp(2j * np.pi * np.fft.fftfreq(size) * np.arange(parts)[:, None] / parts)
    fine = columns
    if parts > 1:
        fine = np.fft.ifft(np.fft.fft(columns)[:, None, :] * turns, axis=2)
        fine = fine.transpose(0, 2, 1).reshape(len(columns), size * parts)
    sums, counts = np.zeros((2, len(steps), size), complex)
    for path, start in np.ndindex(sums.shape):
        for column, step in zip(fine, steps[path] - np.nanmin(steps[path]), strict=True):
            place = start * parts + step
            if (wrap and not np.isnan(place)) or place <= (size - 1) * parts:
                sums[path, start] += column[int(place) % (size * parts)]
                counts[path, start] += 1
    return np.where(np.iscomplexobj(columns), np.abs(sums) ** 2, sums.real) / counts.real


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 19),
    size=st.integers(1, 70),
    fourier=st.booleans(),
    wrap=st.booleans(),
    is_complex=st.booleans(),
)
def test_whole_lines_are_added_as_in_a_plain_loop(
    seed: int, count: int, size: int, fourier: bool, wrap: bool, is_complex: bool
) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(count, size))
    columns = columns + 1j * rng.normal(size=columns.shape) if is_complex else columns
    if not fourier:
        columns[rng.random(columns.shape) < 0.02] = np.nan
    parts = 8 if fourier else 1
    steps = rng.integers(-parts * size, parts * size, size=(3, count)).astype(float)
    steps[:, 1:][rng.random((3, count - 1)) < 0.2] = np.nan
    planes = planes_of(columns, wrap=wrap, fourier=fourier)
    mode: Interpolation = "fourier" if fourier else "nearest"
    result = profiles(planes, steps / parts, interpolation=mode, wrap=wrap)
    expected = _on_a_grid(columns, steps, parts, wrap)
    np.testing.assert_allclose(result, expected, atol=1e-9)


@given(seed=st.integers(0, 2**32), eighths=st.integers(0, 200))
def test_fourier_interpolation_is_exact_for_waves(seed: int, eighths: int) -> None:
    rng = np.random.default_rng(seed)
    time = np.arange(64)
    cycles, phase = rng.integers(1, 30), rng.uniform(0, 2 * np.pi)
    wave = lambda t: np.cos(2 * np.pi * cycles * t / 64 + phase)  # noqa: E731
    columns = np.stack([wave(time), wave(time)])
    times, planes = np.array([[0.0, eighths / 8]]), planes_of(columns, fourier=True)
    result = profiles(planes, times, interpolation="fourier", fewest=2)[0]
    expected = (wave(time) + wave(time + eighths / 8)) / 2
    known = ~np.isnan(result)
    assert known.sum() == max(64 - int(np.ceil(eighths / 8)), 0)
    np.testing.assert_allclose(result[known], expected[known], atol=1e-9)


def test_threads_do_not_change_the_result() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(40, 200)).astype(np.float32)
    times = rng.uniform(0, 60, size=(2000, 40))
    planes = planes_of(columns)
    whole = profiles(planes, times)
    for first in (0, 993):
        np.testing.assert_array_equal(whole[first : first + 7], profiles(planes, times[first:][:7]))
    best, start = maxima(planes, times)
    np.testing.assert_array_equal(best, np.nanmax(whole, axis=1))
    np.testing.assert_array_equal(start, np.nanargmax(whole, axis=1))


def test_no_path_has_a_maximum_where_none_is_inside() -> None:
    best, start = maxima(planes_of(np.ones((2, 9))), np.array([[0.0, 20.0], [0.0, 1.0]]), fewest=2)
    assert np.isnan(best[0])
    assert best[1] == 1
    assert start.tolist() == [-1, 0]


@given(phase=st.floats(0, 2 * np.pi))
def test_power_does_not_depend_on_the_phase(phase: float) -> None:
    time, distance = np.arange(120)[:, None], np.arange(60)[None, :]
    late = time - 20 - 5 * np.sqrt(distance)
    image = np.exp(-((late / 6) ** 2)) * np.cos(1.2 * late + phase)
    found = gt.detect.scan(as_image(image, dims=DIMS), a=(5, 5, 1), d0=(0, 0, 1))
    reference = np.abs(hilbert(np.exp(-((late / 6) ** 2)) * np.cos(1.2 * late), axis=0)) ** 2
    assert float(found.max()) == pytest.approx(60 / reference.mean(), rel=0.08)


def test_the_arc_is_found_where_it_was_put() -> None:
    time, distance = np.arange(120) * 0.75, np.arange(80) * 0.348
    late = np.arange(120)[:, None] - 30 - 4 * np.sqrt(np.arange(80))[None, :]
    wave = np.exp(-((late / 3) ** 2)) * np.cos(1.3 * late)
    cube = as_image(wave, dims=DIMS, spacing={"time": "0.75 min", "distance": "0.348 Mm"})
    result = gt.detect.scan(cube, a=(2, 6, 9), d0=(0, 0, 1), between=(25, 75))
    event = gt.detect.peak(result).iloc[0]
    assert event["a"] == pytest.approx(4, abs=0.05)
    assert event["t0"] == pytest.approx(time[30], abs=0.4)
    assert event["distance"] == pytest.approx(distance[25])


def test_white_noise_has_mean_power_one_on_every_path() -> None:
    rng = np.random.default_rng(1)
    image = as_image(rng.normal(size=(400, 60)), dims=DIMS)
    result = gt.detect.scan(image, d0=(0, 0, 1), inside=1.0)
    means = result.mean("time").values
    assert np.abs(means - 1).max() < 0.5
    assert means.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("params", "error", "says"),
    [
        ({"along": "t"}, ImageError, "must have the dim"),
        ({"between": (90, 95)}, ImageError, "no column"),
        ({"curve": "table"}, ImageError, "travel_time"),
        ({"curve": "polytrope"}, UnitsError, "no unit"),
        ({"d0": (100, 200, 2)}, ImageError, "beyond"),
    ],
)
def test_what_cannot_be_scanned_is_said(
    params: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        gt.detect.scan(as_image(np.ones((30, 40)), dims=DIMS), **params)


def _ripple(cadence: float, pixel: float) -> xr.DataArray:
    """Return an arc t = 20 min + 6 min/Mm^(1/2) sqrt(d - 2 Mm), sampled as told."""
    time = np.arange(0, 90, cadence)[:, None]
    distance = np.arange(0, 35, pixel)[None, :]
    late = time - 20 - 6 * np.sqrt(np.maximum(distance - 2, 0))
    values = np.exp(-0.5 * (late / 1.8) ** 2) * np.cos(2 * np.pi * late / 4) * (distance >= 2)
    spacing = {"time": f"{cadence} min", "distance": f"{pixel} Mm"}
    return as_image(values, dims=DIMS, spacing=spacing)


PHYSICAL = {
    "unit": "min/Mm^(1/2)",
    "a": (4.0, 8.0, 9),
    "d0": ("0 Mm", "4 Mm", 3),
    "between": ("8 Mm", "26 Mm"),
}


@pytest.mark.parametrize(("cadence", "pixel"), [(0.75, 0.348), (0.5, 0.7), (1.0, 1.05)])
def test_in_physical_units_any_sampling_gives_the_same_arc(cadence: float, pixel: float) -> None:
    row = gt.detect.peak(gt.detect.scan(_ripple(cadence, pixel), **PHYSICAL)).iloc[0]
    assert row["a"] == pytest.approx(6, abs=0.15)
    assert row["d0"] == pytest.approx(2, abs=0.4)
    assert row["t0"] == pytest.approx(20, abs=0.5)


def test_a_unit_and_samples_are_the_same_curves() -> None:
    image = _ripple(0.75, 0.348)
    root = 0.348**0.5 / 0.75
    samples = {"a": (4 * root, 8 * root, 9), "d0": (0, 4 / 0.348, 3)}
    one = gt.detect.scan(image, **PHYSICAL)
    other = gt.detect.scan(image, **samples, between=("8 Mm", "26 Mm"))
    np.testing.assert_allclose(one, other, atol=1e-4 * float(other.max()))
    assert (one.a.attrs["units"], other.a.attrs["units"]) == ("min/Mm^(1/2)", "sample^(1/2)")
    event = gt.detect.peak(one)
    straight = gt.detect.moveout(image, event, between=("8 Mm", "26 Mm")).mean("distance")
    assert float(straight.max()) > 0.5
    with pytest.raises(UnitsError, match="s/m"):
        gt.detect.scan(image, **(PHYSICAL | {"unit": "min/Mm"}))
    with pytest.raises(UnitsError, match="no unit"):
        gt.detect.scan(as_image(image.values, dims=DIMS), unit="min/Mm^(1/2)", d0=(0, 0, 1))


def test_several_parts_are_each_part_by_itself() -> None:
    """The power of the whole is counted over all columns used, so parts differ by one factor."""
    image = _ripple(0.75, 0.348)
    parts = [("8 Mm", "26 Mm"), ("5 Mm", "18 Mm")]
    together = gt.detect.scan(image, **(PHYSICAL | {"between": parts}))
    assert together.part.values.tolist() == ["8 to 26 Mm", "5 to 18 Mm"]
    for number, part in enumerate(parts):
        alone = gt.detect.scan(image, **(PHYSICAL | {"between": part}))
        one, other = together.isel(part=number).values, alone.values
        factor = np.nanmax(one) / np.nanmax(other)
        np.testing.assert_allclose(one, factor * other, atol=1e-4 * np.nanmax(one))
        first = image.distance.values[image.distance.values >= float(part[0].split()[0])][0]
        assert float(together.distance[number]) == pytest.approx(first)


def test_a_change_to_a_result_does_not_reach_the_next_one() -> None:
    image = _ripple(0.75, 0.348)
    first = gt.detect.scan(image, **PHYSICAL)
    first.coords["a"].attrs["units"] = "changed"
    first.values[:] = 0
    second = gt.detect.scan(image, **PHYSICAL)
    assert second.a.attrs["units"] == "min/Mm^(1/2)"
    assert float(second.max()) > 0
