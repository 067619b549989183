"""The ops of `measure`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Length

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class SizeDistribution(NamedTuple):
    histogram: DataFrame
    summary: DataFrame

def compartments(labels: Array, second: Array, third: Array | None = None,
        fourth: Array | None = None, intensity: Array | None = None, *, names: Sequence[str] = (),
        properties: Sequence[Literal['shape', 'moments', 'border', 'perimeter', 'convex',
        'neighbours', 'intensity', 'quantiles', 'weighted', 'texture']] = ('shape', 'intensity'),
        levels: int = 32) -> DataFrame:
    """Measure the parts of objects that share one numbering: one row for each number."""
def derive(table: DataFrame, *, columns: Mapping[str, str]) -> DataFrame:
    """Add columns that are computed from others, as a ratio of two intensities."""
def fit_circle(labels: Array) -> DataFrame:
    """Fit a circle to the border of each object: a pore, a drop, a colony, the limb of a disk."""
def fit_ellipse(labels: Array) -> DataFrame:
    """Fit an ellipse to the border of each object."""
def join(table: DataFrame, other: DataFrame, third: DataFrame | None = None,
        fourth: DataFrame | None = None, *, names: Sequence[str] = (), on: Mapping[str, str] = {},
        how: Literal['left', 'inner', 'outer'] = 'left',
        reduce: Literal['none', 'mean', 'median', 'sum', 'min', 'max'] = 'none') -> DataFrame:
    """Put tables side by side: by label, by parent, or by any columns."""
def morphology(labels: Array, intensity: Array, object: DataFrame | None = None, *,
        background: Literal['sky', 'none'] = 'sky', gain: float | None = None) -> DataFrame:
    """Measure what objects look like: concentration, asymmetry, smoothness, Gini, M20, Sersic."""
def phase_fractions(labels: Array, mask: Array | None = None, *, confidence: float = 0.95,
        names: Sequence[str] = ()) -> DataFrame:
    """Return which fraction of an image each phase takes, with a confidence interval."""
def porosity(pores: Array, mask: Array | None = None, labels: Array | None = None, *,
        confidence: float = 0.95) -> DataFrame:
    """Return the fraction of pores, with a confidence interval, and how much of it is open."""
def profile(image: Array, *, points: Sequence[Sequence[Length | float | str]],
        width: Length | float | str = 1.0, step: Length | float | str = 1.0,
        statistic: Literal['mean', 'median', 'min', 'max'] = 'mean') -> DataFrame:
    """Return the values along a line or path, with the distance from its start."""
def regions(labels: Array, intensity: Array | None = None, *, properties: Sequence[Literal['shape',
        'moments', 'border', 'perimeter', 'convex', 'neighbours', 'intensity', 'quantiles',
        'weighted', 'texture']] = ('shape', 'intensity'), levels: int = 32) -> DataFrame:
    """Measure every object: size, place, shape and intensity, one row each."""
def size_distribution(table: DataFrame, *, column: str = 'equivalent_diameter', weight: str = '',
        bins: int = 20, scale: Literal['linear', 'log'] = 'linear') -> SizeDistribution:
    """Return how a size is distributed over objects, by number and by volume."""
def summarise(table: DataFrame, *, columns: Sequence[str], statistics: Sequence[Literal['n', 'mean',
        'sd', 'sem', 'median', 'mad', 'min', 'max', 'sum']] = ('n', 'mean', 'sd', 'median'),
        quantiles: Sequence[float] = (), where: str | None = None) -> DataFrame:
    """Sum up columns of a table of objects in one row about the image."""
def two_point_correlation(mask: Array, within: Array | None = None, *,
        reach: Length | float | str | None = None, periodic: bool = False) -> DataFrame:
    """Return how often two samples at a distance are both in the mask."""
