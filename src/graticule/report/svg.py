"""Figures as SVG, for what needs no plotting library: frames with ticks, bars, lines, pictures."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

import numpy as np

from graticule.core.palette import FAINT, INK
from graticule.core.typing import Array
from graticule.report.style import PAPER, Drawing

_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 16, 14, 46
_FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
_UNSAFE = re.compile(r"""[^ !$&-;=?-~]""")
"""What a data URI may not hold as it is: ``" < > # %``, and what is no ASCII."""


@dataclass
class Plot:
    """A frame with axes, and what is drawn in it in the coordinates of the data.

    Attributes
    ----------
    x, y : tuple of float
        Values at the left and right, and at the bottom and top edge.
    width, height : float
        Of the frame, in pixels of the page.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: float
    height: float
    _marks: list[str] = field(default_factory=list)
    _labels: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies on the drawing."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return _LEFT + across * self.width, _TOP + (1 - up) * self.height

    def picture(self, uri: str) -> None:
        """Fill the frame with a picture, sample by sample."""
        self._marks.append(
            f"<image x='{_LEFT}' y='{_TOP}' width='{self.width:.2f}' height='{self.height:.2f}' "
            f"preserveAspectRatio='none' style='image-rendering:pixelated' href='{uri}'/>"
        )

    def bars(self, edges: Array, heights: Array, colour: str) -> None:
        """Draw a histogram."""
        foot = self.at(0, max(0.0, self.y[0]))[1]
        path = []
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
            start, top = self.at(float(left), float(height))
            wide = self.at(float(right), 0)[0] - start
            if height:
                path.append(f"M{start:.2f} {foot:.2f}V{top:.2f}h{wide:.2f}V{foot:.2f}z")
        self._marks.append(
            f"<path d='{''.join(path)}' fill='{colour}' fill-opacity='.85' stroke='white' "
            "stroke-width='.6'/>"
        )

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, *, width: float = 1.8
    ) -> None:
        """Draw a line through points."""
        points = " ".join(
            "{:.2f},{:.2f}".format(*self.at(x, y)) for x, y in zip(xs, ys, strict=True)
        )
        self._marks.append(
            f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='{width}'/>"
        )

    def text(self, x: float, y: float, words: str, *, size: float = 11) -> None:
        """Write white words on black, their middle at a point."""
        left, top = self.at(x, y)
        self._marks.append(
            f"<text x='{left:.1f}' y='{top:.1f}' font-size='{size}' fill='white' stroke='black' "
            "stroke-opacity='.6' stroke-width='3.2' stroke-linejoin='round' paint-order='stroke' "
            f"text-anchor='middle' dominant-baseline='central'>{escape(words)}</text>"
        )

    def key(self, words: str, colour: str) -> None:
        """Name a line in the upper right corner."""
        right, row = _LEFT + self.width - 6, _TOP + 12 + 16 * len(self._labels)
        self._labels.append(
            f"<text x='{right:.1f}' y='{row}' font-size='11' fill='{INK}' text-anchor='end' "
            f"dominant-baseline='central'><tspan fill='{colour}' font-weight='bold'>— </tspan>"
            f"{escape(words)}</text>"
        )

    def drawing(
        self,
        alt: str,
        title: str = "",
        caption: str = "",
        *,
        labels: tuple[str, str] = ("", ""),
        whole: bool = False,
        wide: bool = False,
    ) -> Drawing:
        """Return the figure, ready for the page.

        Parameters
        ----------
        alt, title, caption : str
            Its words.
        labels : tuple of str
            Of the horizontal and the vertical axis.
        whole : bool
            Whether the values up the vertical axis are counts.
        wide : bool
            Whether it takes the whole width of the page.
        """
        width, height = _LEFT + self.width + _RIGHT, _TOP + self.height + _BOTTOM
        svg = "".join(
            (
                f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' "
                f"width='{width:.0f}' height='{height:.0f}' {_FONT}>",
                f"<rect width='100%' height='100%' fill='{PAPER}'/>",
                *self._marks,
                *self._axes(labels, whole=whole),
                *self._labels,
                "</svg>",
            )
        )
        source = "data:image/svg+xml," + _UNSAFE.sub(lambda match: quote(match[0]), svg)
        return Drawing(source, alt, title, caption, round(width), round(height), wide)

    def _axes(self, labels: tuple[str, str], *, whole: bool) -> list[str]:
        left, foot = _LEFT, _TOP + self.height
        parts = [
            f"<path d='M{left} {_TOP}V{foot:.2f}H{left + self.width:.2f}' fill='none' "
            f"stroke='{FAINT}' stroke-width='.8'/>"
        ]
        for value in ticks(*self.x, most=max(2, int(self.width // 70))):
            at = self.at(value, self.y[0])[0]
            parts.append(_tick(f"M{at:.2f} {foot:.2f}v3"))
            parts.append(_word(at, foot + 14, tick_words(value), "middle", 10.7))
        for value in ticks(*self.y, most=max(2, int(self.height // 40)), whole=whole):
            at = self.at(self.x[0], value)[1]
            parts.append(_tick(f"M{left} {at:.2f}h-3"))
            parts.append(_word(left - 6, at, tick_words(value), "end", 10.7))
        across, up = labels
        middle = _TOP + self.height / 2
        parts.append(_word(left + self.width / 2, foot + 34, across, "middle", 12))
        parts.append(
            f"<g transform='rotate(-90 14 {middle:.1f})'>{_word(14, middle, up, 'middle', 12)}</g>"
        )
        return parts


def _tick(path: str) -> str:
    return f"<path d='{path}' stroke='{FAINT}' stroke-width='.8'/>"


def _word(x: float, y: float, words: str, anchor: str, size: float) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{INK}' text-anchor='{anchor}' "
        f"dominant-baseline='central'>{escape(words)}</text>"
    )


def ticks(first: float, last: float, *, most: int, whole: bool = False) -> list[float]:
    """Return round values between two, a step of 1, 2 or 5 times a power of ten apart.

    Examples
    --------
    >>> ticks(0, 303, most=4), ticks(10, 0, most=3)
    ([0.0, 100.0, 200.0, 300.0], [0.0, 5.0, 10.0])
    """
    low, high = sorted((float(first), float(last)))
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(s for s in (1, 2, 5, 10, 20, 50) if (high - low) / (s * power) <= most) * power
    step = max(1.0, step) if whole else step
    numbers = np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [float(f"{number * step:.12g}") for number in numbers]


def tick_words(value: float) -> str:
    """Return a value in the digits that a round one needs.

    Examples
    --------
    >>> tick_words(0.30000000000000004), tick_words(12000.0), tick_words(2e-7)
    ('0.3', '12,000', '2e-07')
    """
    text = f"{value:.10g}"
    return f"{value:,.0f}" if value == round(value) and 1e3 <= abs(value) < 1e9 else text
