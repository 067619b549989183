"""The ops of `measure`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Sequence
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

def morphology(labels: Array, intensity: Array, object: DataFrame | None = None, *,
        background: Literal['sky', 'none'] = 'sky', gain: float | None = None) -> DataFrame:
    """Measure what objects look like: concentration, asymmetry, smoothness, Gini, M20, Sersic."""
def phase_fractions(labels: Array, mask: Array | None = None, *,
        confidence: float = 0.95) -> DataFrame:
    """Return which fraction of an image each phase takes, with a confidence interval."""
def porosity(pores: Array, mask: Array | None = None, labels: Array | None = None, *,
        confidence: float = 0.95) -> DataFrame:
    """Return the fraction of pores, with a confidence interval, and how much of it is open."""
def regions(labels: Array, intensity: Array | None = None, *, properties: Sequence[Literal['shape',
        'moments', 'border', 'perimeter', 'convex', 'neighbours', 'intensity', 'quantiles',
        'weighted', 'texture']] = ('shape', 'intensity'), levels: int = 32) -> DataFrame:
    """Measure every object: size, place, shape and intensity, one row each."""
def size_distribution(table: DataFrame, *, column: str = 'equivalent_diameter', weight: str = '',
        bins: int = 20, scale: Literal['linear', 'log'] = 'linear') -> SizeDistribution:
    """Return how a size is distributed over objects, by number and by volume."""
def two_point_correlation(mask: Array, within: Array | None = None, *,
        reach: Length | float | str | None = None, periodic: bool = False) -> DataFrame:
    """Return how often two samples at a distance are both in the mask."""
