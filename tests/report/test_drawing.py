"""Laws of pictures: what stands for what, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graticule.core.errors import StoreError
from graticule.report.draw import as_rgb, bar_length, colour_scale_of, downsample, edges_of
from graticule.report.preview import Axis, Picture, preview_of
from graticule.report.style import NO_VALUE, label_colours

RGB = Axis("c", 3, 0, 1, "")


def plane(values: np.ndarray, kind: str = "image") -> Picture:
    y, x = values.shape[:2]
    return Picture(values, (Axis("y", y, 0, 0.5, "um"), Axis("x", x, 0, 0.5, "um")), kind)


def test_a_label_keeps_its_colour() -> None:
    one = label_colours(np.array([[0, 7], [9, 7]]))
    other = label_colours(np.array([7, 1, 0]))
    assert one[0, 1].tolist() == other[0].tolist()
    assert len({tuple(colour) for colour in label_colours(np.arange(1, 100))}) > 95


def test_signed_values_have_white_at_zero() -> None:
    values = np.random.default_rng(0).normal(size=(40, 40))
    scale = colour_scale_of(plane(values))
    assert scale.map == "RdBu_r"
    assert scale.low == -scale.high
    assert scale.colours(np.zeros((1, 1))).min() > 240
    assert colour_scale_of(plane(np.abs(values))).map == "gray"


def test_no_value_is_neither_black_nor_white() -> None:
    values = np.array([[0.0, 1.0], [np.nan, 2.0]])
    assert as_rgb(plane(values))[1, 0].tolist() == [216, 207, 174]


@pytest.mark.parametrize("fill", [np.nan, np.inf, 0.0, 5.0])
def test_a_flat_picture_can_be_painted(fill: float) -> None:
    assert as_rgb(plane(np.full((3, 4), fill))).shape == (3, 4, 3)
    colour = Picture(np.full((3, 4, 3), fill), (*plane(np.ones((3, 4))).axes, RGB), "image")
    assert as_rgb(colour).shape == (3, 4, 3)
    assert (as_rgb(colour) == NO_VALUE).all() == np.isnan(fill)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_a_reduced_picture_stays_in_place(height: int, width: int, side: int) -> None:
    y, x = np.mgrid[:height, :width]
    small = downsample(plane(x * 0.5 + 0 * y), side)
    assert max(small.values.shape) <= side
    np.testing.assert_allclose(small.values[0], small.axes[1].positions)
    assert small.axes[1].sample == 0.5


def test_reduced_labels_are_labels() -> None:
    labels = np.random.default_rng(1).choice([0, 5, 900], size=(101, 67)).astype(np.int32)
    small = downsample(plane(labels, "labels"), 20)
    assert set(np.unique(small.values)) <= {0, 5, 900}


def test_edges_lie_in_their_object() -> None:
    labels = np.zeros((7, 7), dtype=int)
    labels[2:5, 2:5] = 3
    edge = edges_of(labels)
    assert edge.sum() == 8
    assert not edge[3, 3]


def test_a_mask_is_outlined_on_its_image() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[3:6, 3:6] = True
    colours = as_rgb(plane(mask, "mask"), under=plane(np.ones((9, 9))))
    assert colours[3, 3].tolist() == [255, 140, 0]
    assert colours[4, 4].tolist() != [255, 140, 0]


@given(st.floats(1e-9, 1e9), st.integers(1, 5000))
@example(999999999.9999999, 5000)
def test_a_bar_is_round_and_fits(step: float, size: int) -> None:
    axis = Axis("x", size, 0, step, "um")
    length = bar_length(axis)
    assert 0.05 < length / (step * size) <= 0.2 * (1 + 1e-9)
    assert f"{length:.0e}"[0] in "125"


def test_units_are_converted_to_the_axis() -> None:
    axis = Axis("time", 10, 0, 0.75, "min")
    assert axis.factor("s") == pytest.approx(1 / 60)
    assert axis.factor("") == 1
    with pytest.raises(StoreError):
        axis.factor("Mm")


def test_a_volume_is_shown_in_its_middle() -> None:
    values = np.arange(5 * 4 * 3).reshape(5, 4, 3)
    axes = (Axis("z", 5, 0, 2, "um"), Axis("y", 4), Axis("x", 3))
    flat = Picture(values, axes).flat()
    np.testing.assert_array_equal(flat.values, values[2])
    assert flat.note == "z = 4 um"
    rgb = replace(flat, values=values, axes=(Axis("y", 5), Axis("x", 4), Axis("c", 3)))
    assert rgb.flat() is rgb


def test_no_name_leads_out_of_the_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreError, match="out of the run folder"):
        preview_of(tmp_path, "../../elsewhere")


@pytest.mark.parametrize(
    ("op", "note"), [("learn.classify", "3 classes"), ("segment.label", "2 objects")]
)
def test_classes_are_not_called_objects(op: str, note: str) -> None:
    from graticule.report.strip import panel_of

    values = np.repeat(np.array([[0, 4, 9]], np.int32), 3, axis=0)
    assert panel_of(plane(values, "labels"), "k", name="a", op=op).note == note
