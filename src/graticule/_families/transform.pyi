"""The ops of `transform`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Length, Quantity

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class Hsv(NamedTuple, Generic[Data]):
    hue: Data
    saturation: Data
    value: Data

class Unmixed(NamedTuple, Generic[Data]):
    first: Data
    second: Data
    third: Data

def canonical(image: Data, object: DataFrame, objects: Array | None = None, *, size: int = 128,
        radii: float = 3.0, rotate: bool = True,
        settle: Literal['mirror', 'half-turn', 'none'] = 'mirror',
        normalise: Literal['light', 'none'] = 'light') -> Data:
    """Show an object in a frame of its own, so that numbers of it do not depend on the camera."""
def channels(image: Data, second: Array | None = None, third: Array | None = None,
        fourth: Array | None = None, *, formula: str, names: Sequence[str] = ()) -> Data:
    """Compute one image from channels and images, sample by sample."""
def crop(image: Data, *, start: Mapping[str, Quantity | float | str] = {},
        stop: Mapping[str, Quantity | float | str] = {},
        by: Literal['index', 'coordinate'] = 'index') -> Data:
    """Cut out the part of an image between ``start`` and ``stop``."""
def deviation(image: Data) -> Data:
    r"""Return how far each value is from the usual one, :math:`|f - \mathrm{median}(f)|`."""
def discriminant(image: Data) -> Data:
    """Combine the channels so that objects and ground differ most."""
def flip(image: Data, *, dim: str) -> Data:
    """Reverse the order of the samples along a dim, each with its coordinate."""
def fold(image: Data, *, rows: int, columns: int, order: Literal['rows', 'columns'],
        dim: str = 'pixel') -> Data:
    """Fold the dim that counts pixels into rows and columns."""
def grey(image: Data, *, weights: Sequence[float] | None = None) -> Data:
    """Combine the channels of an image to one grey value."""
def hsv(image: Data, *, white: float | None = None) -> Hsv[Data]:
    """Take colours apart into hue, saturation and value."""
def negative(image: Data) -> Data:
    """Return the negative, :math:`-f`: what was dark is bright."""
def normalise(image: Data, *, method: Literal['mean_deviation', 'percentiles'] = 'mean_deviation',
        low: float = 1.0, high: float = 99.8, eps: float = 1e-06) -> Data:
    """Bring the values of an image to a scale of its own, as networks were trained on."""
def overlay(image: Data, labels: Array, *, opacity: float = 1.0, low: float | None = None,
        high: float | None = None) -> Data:
    """Draw labelled objects in colour on a grey picture."""
def select(image: Data, *, dim: str = 'c', index: int = 0) -> Data:
    """Take one channel, plane or frame of an image."""
def stain_vectors(image: Array, mask: Array | None = None, *, white: float | None = None,
        min_density: float = 0.15, percentile: float = 1.0) -> DataFrame:
    """Estimate the colours of haematoxylin and eosin from a slide that has both."""
def time_distance(image: Data, *, y: Length | float | str | None = None,
        x: Length | float | str | None = None, reach: Length | float | str,
        arc: tuple[float, float] = (0.0, 360.0), along: str = 't') -> Data:
    """Average a cube over rings around an epicentre, frame by frame."""
def to_sky(table: DataFrame, image: Array, *, position: str = 'centroid',
        alternate: str = '') -> DataFrame:
    """Add the celestial coordinates of objects to their table."""
def unmix(image: Data, vectors: DataFrame | None = None, *,
        stains: Literal['H-E-DAB', 'H-E', 'H-DAB'] = 'H-E-DAB', white: float | None = None,
        clip: bool = True) -> Unmixed[Data]:
    """Tell stains apart by how they absorb: haematoxylin, eosin, diaminobenzidine."""
def zscore(image: Data, *, dim: str, ddof: int = 0) -> Data:
    """Bring every line along ``dim`` to mean 0 and standard deviation 1."""
