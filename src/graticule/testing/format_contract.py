"""The format contract: what every file format must keep to, ours and yours.

To hold a format of your own to it, subclass the suite in a test module::

    from graticule.testing.format_contract import FormatContract
    from my_package.formats.spe import FORMAT

    def frames(path):
        values = np.arange(600, dtype=np.uint16).reshape(2, 15, 20)
        my_writer(path, values)
        return values

    class TestSpe(FormatContract):
        format = FORMAT
        samples = (frames,)
        lazy = (frames,)
        ending = ".spe"
        dtypes = "u1 u2 f4"
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.core.image import is_lazy
from graticule.core.typing import Array
from graticule.io import content_hash, levels, read, write
from graticule.io.format import HEAD, Format, formats

LAW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
Sample: TypeAlias = Callable[[Path], Array]
DIMS = (
    *(("y", "x"), ("time", "distance"), ("x",), ("z", "y", "x"), ("t", "c", "y", "x")),
    *(("t", "c", "z", "y", "x"), ("y", "x", "c"), ("y", "time")),
)
UNITS = {"x": "um", "y": "um", "z": "nm", "t": "s", "time": "s", "distance": "Mm"}


class FormatContract:
    """The suite; every test is one promise of a format.

    Attributes
    ----------
    format : Format
        The format; it must be known, by its entry point or by `graticule.io.format.register`.
    samples : sequence of callable
        ``sample(path) -> values``: make a small file (or folder), and return what it must give.
    lazy : sequence of callable
        The samples that must be opened lazily.
    ending : str
        An ending that asks for this format when writing; empty if it is never written.
    dtypes : str
        The dtypes that must be kept, as ``"u1 f4"``.
    dims : sequence of tuple of str
        The dims that must be kept.
    keeps_axes : bool
        Whether names, spacing and units of axes are kept, and not the values alone.
    """

    format: ClassVar[Format]
    samples: ClassVar[Sequence[Sample]]
    lazy: ClassVar[Sequence[Sample]] = ()
    ending: ClassVar[str] = ""
    dtypes: ClassVar[str] = ""
    dims: ClassVar[Sequence[tuple[str, ...]]] = DIMS
    keeps_axes: ClassVar[bool] = True

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrise over the samples, and over the ending if there is one."""
        endings = [self.ending] if self.ending else []
        values = {"sample": self.samples, "lazy_sample": self.lazy, "ending": endings}
        for argument in set(values) & set(metafunc.fixturenames):
            metafunc.parametrize(
                argument, values[argument], ids=lambda value: str(getattr(value, "__name__", value))
            )

    def test_its_endings_are_declared(self) -> None:
        """Endings are in lower case, and all that is written is claimed."""
        suffixes = self.format.suffixes
        assert all(each == each.lower() and each[0] == "." for each in suffixes)
        assert set(self.format.write_suffixes) <= set(suffixes)
        assert not self.ending or self.ending.endswith(suffixes)
        claims = self.format.claims(f"IMAGE{''.join(suffixes[:1])}.GZ")
        assert claims is bool(suffixes and not self.format.is_folder)

    def test_no_other_format_takes_it(self, sample: Sample, tmp_path: Path) -> None:
        """A file is known by its content, whatever its name."""
        path = tmp_path / "sample.bin"
        sample(path)
        head = b"" if path.is_dir() else path.read_bytes()[:HEAD]
        taking = [each for each in formats() if each.is_folder is path.is_dir()]
        assert [each.name for each in taking if each.sniff(path, head)] == [self.format.name]

    def test_it_gives_its_values(self, sample: Sample, tmp_path: Path) -> None:
        """Values come as they were stored, in native byte order, and stay as they are."""
        path = tmp_path / "sample.bin"
        values = sample(path)
        before = content_hash(path)
        image = read(path)
        np.testing.assert_array_equal(image.values, values)
        assert image.dtype == values.dtype.newbyteorder("=")
        assert content_hash(path) == before

    def test_every_level_has_the_sizes_that_are_told(self, sample: Sample, tmp_path: Path) -> None:
        """Levels are told as they are read, the full resolution first."""
        sample(tmp_path / "sample")
        told = levels(tmp_path / "sample")
        for level, sizes in enumerate(told):
            assert dict(read(tmp_path / "sample", level=level).sizes) == sizes
        with pytest.raises(FormatError, match=f"no pyramid level {len(told)}"):
            read(tmp_path / "sample", level=len(told))

    def test_labels_are_the_values_that_are_stored(self, sample: Sample, tmp_path: Path) -> None:
        """As labels a file gives its values, or the numbers of the colours of a palette."""
        sample(tmp_path / "sample")
        image, labels = (read(tmp_path / "sample", labels=each) for each in (False, True))
        if "c" in image.dims and "c" not in labels.dims:
            assert labels.dtype.kind == "u"
        else:
            xr.testing.assert_identical(labels, image)

    def test_a_name_that_is_not_there_is_refused(self, sample: Sample, tmp_path: Path) -> None:
        """What a path names within the file is there, or it is an error."""
        sample(tmp_path / "sample")
        with pytest.raises(FormatError):
            read(tmp_path / "sample" / "no such array")

    @LAW
    @given(data=st.data())
    def test_a_region_is_that_of_the_whole(
        self, sample: Sample, tmp_path: Path, data: st.DataObject
    ) -> None:
        """A part of an unopened image is that part of the opened one."""
        path = tmp_path / "sample"
        values = _values_of(sample, path)
        image = read(path)
        region = dict(zip(image.dims, data.draw(regions(image.shape)), strict=True))
        expected = xr.DataArray(values, dims=image.dims).isel(region)
        np.testing.assert_array_equal(image.isel(region).values, expected.values)

    def test_it_is_opened_lazily(self, lazy_sample: Sample, tmp_path: Path) -> None:
        """A lazy image goes to another process by its path, without its values."""
        lazy_sample(tmp_path / "sample")
        image = read(tmp_path / "sample")
        assert is_lazy(image)
        sent = pickle.dumps(image)
        assert len(sent) < 20_000
        xr.testing.assert_identical(pickle.loads(sent).compute(), image.compute())  # noqa: S301

    @LAW
    @given(data=st.data())
    def test_a_file_cut_short_is_refused(
        self, sample: Sample, tmp_path: Path, data: st.DataObject
    ) -> None:
        """Half a file is an error, or gives exactly what the whole one held."""
        path = tmp_path / "sample"
        values = _values_of(sample, path)
        with _altered_file(path, data) as file:
            content = file.read_bytes()
            file.write_bytes(content[: data.draw(st.integers(0, max(0, len(content) - 1)))])
            np.testing.assert_array_equal(read(path).values, values)

    @LAW
    @given(data=st.data())
    def test_a_damaged_file_is_refused(
        self, sample: Sample, tmp_path: Path, data: st.DataObject
    ) -> None:
        """Bytes changed anywhere end in a `FormatError`, or in an image; in nothing else."""
        path = tmp_path / "sample"
        _values_of(sample, path)
        with _altered_file(path, data) as file:
            damaged = bytearray(file.read_bytes())
            # the head is where the sizes stand that could ask for much memory
            for _ in range(data.draw(st.integers(1, 3)) if damaged else 0):
                limit = min(len(damaged), data.draw(st.sampled_from((64, 512, len(damaged)))))
                damaged[data.draw(st.integers(0, limit - 1))] = data.draw(st.integers(0, 255))
            file.write_bytes(damaged)
            image = read(path)
            if image.size < 10**7:
                _ = image.values

    @LAW
    @given(data=st.data())
    def test_what_is_written_is_read_again(
        self, ending: str, tmp_path: Path, data: st.DataObject
    ) -> None:
        """Values, dims, coordinates and units come back; blocks are written as the whole is."""
        image = data.draw(images(self.dtypes.split(), self.dims))
        # at most three along each dim, of any size: thousands would only measure dask
        blocks = {dim: data.draw(st.integers(-(-n // 3), 9)) for dim, n in image.sizes.items()}
        for given_image in (image, image.chunk(blocks)):
            written = write(tmp_path / f"image{ending}", given_image)
            if self.keeps_axes:
                assert_same(read(written), image)
            else:
                again = read(written, dims=list(map(str, image.dims)))
                np.testing.assert_array_equal(again.values, image.values)
                assert again.dtype == image.dtype.newbyteorder("=")

    def test_labels_are_kept_at_every_level(self, ending: str, tmp_path: Path) -> None:
        """Labels are names: coarser levels hold some of them, and no mean of two."""
        dtype = np.dtype("u1" if "u1" in self.dtypes.split() else "f4")
        labels = np.random.default_rng(0).choice([0, 7, 100, 201], (2100, 5)).astype(dtype)
        path = write(tmp_path / f"labels{ending}", labels, labels=True)
        for level in range(len(levels(path))):
            assert np.isin(read(path, level=level).values, labels).all()


def _values_of(sample: Sample, path: Path) -> Array:
    """Make a sample once for all examples of a test, and return its values."""
    kept = path.with_name("values.npy")
    if not path.exists():
        np.save(kept, sample(path))
    return np.asarray(np.load(kept))


@contextmanager
def _altered_file(path: Path, data: st.DataObject) -> Iterator[Path]:
    """Give a file of an image to write to, whose reader may refuse it; then restore it."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    file = data.draw(st.sampled_from(files))
    content = file.read_bytes()
    try:
        with suppress(FormatError):
            yield file
    finally:
        file.write_bytes(content)


@st.composite
def regions(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Draw an index for every axis: a slice with or without a step, an integer, or a list."""
    parts: list[Any] = []
    for size in shape:
        kind = draw(st.sampled_from(("slice", "step", "index", "list")))
        at = st.integers(-size, size - 1)
        if kind == "index":
            parts.append(draw(at))
        elif kind == "list":
            parts.append(draw(st.lists(at, min_size=1, max_size=4)))
        else:
            step = draw(st.sampled_from((-3, -1, 2))) if kind == "step" else 1
            parts.append(slice(draw(at), draw(at), step))
    return tuple(parts)


@st.composite
def images(
    draw: st.DrawFn, dtypes: Sequence[str], dims_known: Sequence[tuple[str, ...]] = DIMS
) -> xr.DataArray:
    """Draw a small image of any byte order with spacing and units along some of its dims."""
    dtype = np.dtype(draw(st.sampled_from(dtypes))).newbyteorder(draw(st.sampled_from("<>")))
    dims = draw(st.sampled_from(dims_known))
    shape = [draw(st.integers(1, 9)) for _ in dims]
    if dims[-1] == "c":
        shape[-1] = 3
    seed = draw(st.integers(0, 9))
    values = np.random.default_rng(seed).uniform(-100, 100, shape) * 3
    with np.errstate(invalid="ignore"):
        image = xr.DataArray(values.astype(dtype), dims=dims)
    for dim in dims:
        if dim == "c" or not draw(st.booleans()):
            continue
        step = draw(st.sampled_from((0.348, -2.5, 45.0, 1.0)))
        origin = draw(st.sampled_from((0.0, -17.25, 3e3)))
        attrs: dict[str, Any] = {"units": UNITS[dim]}
        if image.sizes[dim] == 1:
            attrs["step"] = step = abs(step)
        positions = origin + np.arange(image.sizes[dim]) * step
        image = image.assign_coords({dim: (dim, positions, attrs)})
    return image.assign_attrs(units=draw(st.sampled_from(("m/s", "DN"))))


def assert_same(found: xr.DataArray, image: xr.DataArray) -> None:
    """Assert that an image that was read is the one that was written."""
    assert found.dims == image.dims
    assert found.dtype == image.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found.values, image.values)
    assert found.attrs["units"] == image.attrs["units"]
    assert set(found.coords) == set(image.coords)
    for dim in image.coords:
        np.testing.assert_allclose(found[dim].values, image[dim].values, rtol=1e-9, atol=1e-9)
        assert found[dim].attrs == image[dim].attrs
