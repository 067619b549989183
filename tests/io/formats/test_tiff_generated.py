"""TIFFs of every make, as tifffile reads them: values, axes, spacing and units."""

from __future__ import annotations

import math
import struct
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.io import levels, read

WHOLE, REAL = "u1 u2 u4 i1 i2 i4", "f2 f4 f8"
COMPRESSIONS = {
    **dict.fromkeys(("zlib", "lzw", "lzma", "packbits", "zstd"), f"{WHOLE} {REAL} ? c8 c16"),
    "lerc": "u1 u2 u4 i1 i2 i4 f4 f8",
    "png": "u1 u2",
    "jpeg2000": "u1 u2",
    "webp": "u1",
    "jpeg": "u1",
}
"""The dtypes that tifffile packs with each."""
AXES = ("YX", "ZYX", "TZCYX", "CYX", "YXS", "SYX", "ZYXS", "TYX")
SIZES = {"T": 2, "Z": 3, "C": 2, "S": 3, "Y": 45, "X": 37}
DTYPES = ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8", "?", "c8", "c16"]
NAMES = {"T": "t", "Z": "z", "C": "c", "S": "c", "Y": "y", "X": "x"}
UNITS = {"nm": "nm", "µm": "um", "um": "um", "mm": "mm", "cm": "cm", "pixel": "", "Å": "Angstrom",
         "reference frame": "", "pm": "pm", "m": "m"}  # fmt: skip
IMAGEJ_UNITS = {"um": "um", "micron": "um", "\\u00B5m": "um", "nm": "nm", "Micrometers": "um",
                "pixel": "", "mm": "mm", "inch": ""}  # fmt: skip
STEPS = (0.25, 3.0, 1e-4, 0.0, -2.0, math.inf, math.nan, None)


@dataclass
class Made:
    """What was asked of the writer, and the spacing that a reader must find."""

    kind: str
    axes: str
    dtype: str
    options: dict[str, Any]
    series: int = 1
    pyramid: bool = False
    steps: dict[str, tuple[float, str]] = field(default_factory=dict)


def good(step: float | None) -> bool:
    return step is not None and math.isfinite(step) and step != 0


@st.composite
def asked(draw: st.DrawFn) -> Made:
    """Draw what a file is to be."""
    kind = draw(st.sampled_from(["plain", "shaped", "imagej", "ome"]))
    axes = draw(st.sampled_from([a for a in AXES if kind != "imagej" or a != "SYX"]))
    kinds = {"imagej": ["u1"] if "S" in axes else ["u1", "u2", "f4"],
             "ome": [dtype for dtype in DTYPES if dtype != "f2"]}  # fmt: skip
    dtype = draw(st.sampled_from(kinds.get(kind, DTYPES)))
    tiled = draw(st.booleans()) and kind != "imagej"
    fitting = [name for name, dtypes in COMPRESSIONS.items() if dtype in dtypes.split()]
    compression = draw(st.sampled_from([None, None, *fitting]))
    options: dict[str, Any] = {
        "compression": None if kind == "imagej" else compression,
        "photometric": "rgb" if "S" in axes else "minisblack",
    }
    if "S" in axes:
        options["planarconfig"] = "contig" if axes.endswith("S") else "separate"
    if tiled:
        options["tile"] = draw(st.sampled_from([(16, 16), (32, 16), (16, 48), (64, 64)]))
    elif kind != "imagej":
        options["rowsperstrip"] = draw(st.sampled_from([1, 7, 16, 45, 100]))
    if options["compression"] in ("zlib", "lzw", "lzma", "zstd") and dtype not in (
        "?",
        "c8",
        "c16",
    ):
        options["predictor"] = draw(st.booleans())
    options["subifds"] = 1 if draw(st.booleans()) and kind in ("ome", "plain") else 0
    made = Made(kind, axes, dtype, options, draw(st.sampled_from([1, 1, 2])))
    made.pyramid = bool(options["subifds"])
    {"plain": _plain, "shaped": _shaped, "imagej": _imagej, "ome": _ome}[kind](draw, made)
    return made


def _plain(draw: st.DrawFn, made: Made) -> None:
    made.options["metadata"] = None
    unit = draw(st.sampled_from([1, 2, 3]))
    made.options |= {"resolution": (4.0, 0.5), "resolutionunit": unit}
    if unit == 3:
        made.steps = {"x": (2500.0, "um"), "y": (20000.0, "um")}


def _shaped(draw: st.DrawFn, made: Made) -> None:
    made.options["metadata"] = {"axes": made.axes} if draw(st.booleans()) else {}


def _imagej(draw: st.DrawFn, made: Made) -> None:
    unit, zunit = draw(st.sampled_from(sorted(IMAGEJ_UNITS))), draw(st.sampled_from(["", "nm"]))
    spacing, interval = draw(st.sampled_from(STEPS)), draw(st.sampled_from([0.5, 0.0, None]))
    said = {"axes": made.axes, "unit": unit, "zunit": zunit or None, "spacing": spacing,
            "finterval": interval}  # fmt: skip
    made.options |= {"metadata": {k: v for k, v in said.items() if v is not None},
                     "resolution": (4.0, 0.5)}  # fmt: skip
    short = IMAGEJ_UNITS[unit]
    if short:
        made.steps = {"x": (0.25, short), "y": (2.0, short)}
        if good(spacing):
            made.steps["z"] = (abs(spacing), zunit or short)
    if good(interval):
        made.steps["t"] = (interval, "s")


def _ome(draw: st.DrawFn, made: Made) -> None:
    said: dict[str, Any] = {"axes": made.axes}
    for letter in "XYZT":
        key = "TimeIncrement" if letter == "T" else f"PhysicalSize{letter}"
        step = draw(st.sampled_from(STEPS))
        unit = draw(st.sampled_from(["s", "ms", "min"] if letter == "T" else sorted(UNITS)))
        if step is None:
            continue
        said |= {key: step, f"{key}Unit": unit}
        short = unit if letter == "T" else UNITS[unit]
        if good(step) and short:
            made.steps[NAMES[letter]] = (abs(step), short)
    made.options["metadata"] = said


def values_of(made: Made, number: int) -> Any:
    """Return values that no two samples share, as far as the dtype has so many."""
    shape = tuple(SIZES[axis] for axis in made.axes)
    count = np.arange(math.prod(shape)).reshape(shape) * 7 + number
    if made.dtype == "?":
        return count % 3 == 0
    if made.dtype in ("u1", "i1", "f2"):
        return (count % 251).astype(made.dtype)
    values = count.astype(made.dtype)
    return values + 1j * values[::-1] if made.dtype.startswith("c") else values


def write(path: Path, made: Made, byteorder: str, bigtiff: bool) -> None:
    with tifffile.TiffWriter(
        path, byteorder=byteorder, bigtiff=bigtiff and made.kind != "imagej",
        imagej=made.kind == "imagej", ome=made.kind == "ome", shaped=made.kind == "shaped",
    ) as tif:  # fmt: skip
        for number in range(made.series if made.kind != "imagej" else 1):
            values = values_of(made, number)
            tif.write(values, **made.options)
            if made.pyramid:
                rows, columns = (made.axes.index(axis) for axis in "YX")
                cut = [slice(None)] * values.ndim
                cut[rows] = cut[columns] = slice(None, None, 2)
                options = {
                    k: v for k, v in made.options.items() if k not in ("subifds", "metadata")
                }
                tif.write(values[tuple(cut)], subfiletype=1, metadata=None, **options)


def same(image: Any, expected: Any) -> None:
    np.testing.assert_array_equal(image.values, expected)
    box = tuple(slice(n // 3, max(n // 3 + 1, n * 2 // 3)) for n in image.shape)
    np.testing.assert_array_equal(image[box].values, expected[box])


@settings(max_examples=75, deadline=None)
@given(made=asked(), byteorder=st.sampled_from("<>"), bigtiff=st.booleans())
def test_as_tifffile_reads_it(made: Made, byteorder: str, bigtiff: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        try:
            write(path, made, byteorder, bigtiff)
        except (ValueError, TypeError, RuntimeError, KeyError, NotImplementedError):
            assume(False)  # a mixture that tifffile does not write
        event(f"{made.kind} {made.options['compression']}")
        with tifffile.TiffFile(path) as tif:
            series = [(each.asarray(), each.axes, [level.asarray() for level in each.levels])
                      for each in tif.series]  # fmt: skip
        if len(series) > 1:
            with pytest.raises(FormatError, match=f"holds {len(series)} images"):
                read(path)
        for number, (expected, axes, smaller) in enumerate(series):
            place = path / str(number) if len(series) > 1 else path
            dims = given_dims(axes)
            if dims is not None:
                with pytest.raises(FormatError, match="does not name its"):
                    read(place)
            image = read(place, dims=dims)
            same(image, expected)
            for level, values in enumerate(smaller):
                np.testing.assert_array_equal(read(place, level=level, dims=dims).values, values)
            assert [tuple(each.values()) for each in levels(place)] == [v.shape for v in smaller]
            if dims is None:
                check_axes(image, axes, made)


def given_dims(axes: str) -> list[str] | None:
    """Return names for axes of which several have none; None for all others."""
    unnamed = sum(axis not in NAMES for axis in axes)
    return [f"axis{number}" for number in range(len(axes))] if unnamed > 1 else None


def check_axes(image: Any, axes: str, made: Made) -> None:
    named = [NAMES.get(axis) for axis in axes]
    for dim, name in zip(image.dims, named, strict=True):
        assert name is None or dim == name or (dim == "rgb" and name == "c")
    if None in named:
        assert any("nobody named" in note for note in image.attrs["notes"])
    found = {
        dim: (abs(float(image[dim][1] - image[dim][0])), image[dim].attrs.get("units", ""))
        for dim in map(str, image.dims)
        if dim in image.coords and image.sizes[dim] > 1
    }
    wanted = {dim: step for dim, step in made.steps.items() if dim in image.dims}
    assert {dim: unit for dim, (_, unit) in found.items()} == {
        dim: unit for dim, (_, unit) in wanted.items()
    }
    for dim, (step, _) in wanted.items():
        assert found[dim][0] == pytest.approx(step, rel=1e-6)


@pytest.mark.parametrize("bits", [1, 2, 4, 10, 12, 14])
@pytest.mark.parametrize("order", "<>")
def test_packed_bits(tmp_path: Path, bits: int, order: str) -> None:
    dtype = np.uint8 if bits <= 8 else np.uint16
    values = (np.arange(11 * 13).reshape(11, 13) * 5 % 2**bits).astype(dtype)
    rows = [imagecodecs.packints_encode(row, bits) for row in values]
    tags = [(256, 13), (257, 11), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1), (278, 11),
            (279, sum(map(len, rows)))]  # fmt: skip
    data = b"".join(rows).ljust(-(-sum(map(len, rows)) // 2) * 2, b"\0")
    entries = b"".join(struct.pack(f"{order}HHII", code, 4, 1, value) for code, value in tags)
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8 + len(data))
    path = tmp_path / "a.tif"
    path.write_bytes(head + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4))
    np.testing.assert_array_equal(read(path).values, values)
    np.testing.assert_array_equal(tifffile.imread(path), values)
