"""Laws of figures that no plotting library draws."""

from __future__ import annotations

import math
from urllib.parse import unquote

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import colormaps

from graticule.report.colour_maps import colour_map
from graticule.report.draw import ColourScale, Paint
from graticule.report.svg import Plot, ticks

reals = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize("name", ["gray", "viridis", "RdBu_r"])
def test_colour_maps_are_those_of_the_field(name: str) -> None:
    peer = np.rint(colormaps[name](np.arange(256))[:, :3] * 255)
    np.testing.assert_array_equal(colour_map(name), peer)


@given(reals, reals, st.integers(2, 12))
def test_ticks_are_few_round_and_inside(first: float, last: float, most: int) -> None:
    low, high = sorted((first, last))
    marks = ticks(first, last, most=most)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        assert 1 <= len(marks) <= most + 1 or high - low < 1e-300
        near = 1e-6 * (high - low)
        assert all(low - near <= mark <= high + near for mark in marks)
        steps = np.diff(marks)
        if steps.size:
            digits = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
            assert min(abs(digits - each) for each in (1, 2, 5)) < 1e-3


def test_a_plot_is_well_formed_whatever_its_words() -> None:
    plot = Plot((0, 10), (0, 5), 300, 200)
    plot.picture(Paint(np.zeros((4, 5), np.uint8), colour_map("gray")).uri())
    plot.bars(np.array([0.0, 1, 2]), np.array([3, 0]), "#0072b2")
    plot.line([0, 10], [1, 2], "#e69f00")
    plot.text(1, 1, "<a> & 'b' \"c\" 100 %")
    plot.key("µm² <", "#e69f00")
    drawing = plot.drawing("alt", labels=("x / µm", "<y>"), whole=True)
    scheme, _, content = drawing.source.partition(",")
    assert scheme == "data:image/svg+xml"
    assert not set('"<>#\n') & set(content)
    root = fromstring(unquote(content))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"<a> & 'b' \"c\" 100 %", "x / µm", "<y>"} <= set(texts)


def test_the_picture_lies_where_its_axes_say() -> None:
    plot = Plot((-0.5, 9.5), (4.5, -0.5), 200, 100)
    (left, top), (right, foot) = plot.at(-0.5, -0.5), plot.at(9.5, 4.5)
    assert (right - left, foot - top) == (200, 100)


def test_values_and_their_colours_go_through_a_table() -> None:
    values = np.linspace(0, 1, 12).reshape(3, 4)
    paint = ColourScale("viridis", 0, 1).paint(values)
    assert paint.table is not None
    np.testing.assert_array_equal(paint.colours[-1, -1], [253, 231, 37])
    values[0, 0] = np.nan
    missing = ColourScale("viridis", 0, 1).paint(values)
    np.testing.assert_array_equal(missing.colours[1:], paint.colours[1:])
    assert missing.colours[0, 0].tolist() == [216, 207, 174]
