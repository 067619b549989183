"""The ops of `threshold`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Area, Length

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class Found(NamedTuple, Generic[Data]):
    mask: Data
    record: DataFrame

def adaptive_mean(image: Data, mask: Array | None = None, *, radius: Length | float | str = 7.0,
        offset: float = 0.0, keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Keep what is above the mean around each sample."""
def by_result(image: Data, mask: Array | None = None, *,
        want: Literal['fraction', 'pixels', 'count', 'size'] = 'fraction', target: float,
        min_size: Area | float | str = 1.0, connectivity: int = 1) -> Found[Data]:
    """Search the threshold that gives objects of a wanted number, size or fraction."""
def edge_guard(image: Data, mask: Array | None = None, *, classes: int = 3,
        values: Sequence[float] | None = None, sigma: Length | float | str = 1.0,
        edges: float = 0.2, by: Literal['gradient', 'laplacian'] = 'gradient',
        opening: Length | float | str = 1.0) -> Data:
    """Separate phases without the false skin of a third between two others."""
def fixed(image: Data, *, value: float = 0.0, keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Keep what is above a value, :math:`f > t`."""
def hysteresis(image: Data, mask: Array | None = None, *, low: float, high: float,
        opening: Length | float | str = 0.0, connectivity: int = 1) -> Data:
    """Keep what is above a loose threshold where it is connected to what is above a strict one."""
def intermodes(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark halfway between two modes."""
def isodata(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark midway between the means of the two."""
def kittler_illingworth(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark with the least error for two normal distributions."""
def li(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark with the least cross entropy between image and mask."""
def max_entropy(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark where the two classes have the most entropy together."""
def mean(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Keep what is above the mean of the image."""
def minimum(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark at the lowest count between two modes."""
def moments(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark so that two values keep the moments of the image."""
def multi_otsu(image: Data, mask: Array | None = None, *, classes: int = 3) -> Data:
    """Separate several phases where they are furthest apart."""
def niblack(image: Data, mask: Array | None = None, *, radius: Length | float | str = 7.0,
        k: float = 0.2, keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark by mean and deviation around each sample."""
def otsu(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark where the two classes are furthest apart."""
def phases(image: Data, mask: Array | None = None, *, values: Sequence[float]) -> Data:
    """Give a number to each phase between thresholds."""
def sauvola(image: Data, mask: Array | None = None, *, radius: Length | float | str = 7.0,
        k: float = 0.2, largest_deviation: float | None = None,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright ground from dark signs by mean and deviation around each sample."""
def triangle(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate the long tail of a histogram from its peak."""
def values(image: Array, mask: Array | None = None, *, methods: Sequence[str] = ('otsu', 'isodata',
        'li', 'yen', 'triangle', 'mean', 'minimum', 'intermodes', 'kittler_illingworth',
        'max_entropy', 'moments'), classes: int = 3) -> DataFrame:
    """Find the thresholds of an image by several methods, all from one histogram."""
def yen(image: Data, mask: Array | None = None, *,
        keep: Literal['bright', 'dark'] = 'bright') -> Data:
    """Separate bright from dark where the two classes are most correlated in themselves."""
