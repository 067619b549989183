"""The ops of `detect`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Duration, Length

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class MainObject(NamedTuple, Generic[Data]):
    object: DataFrame
    footprint: Data
    objects: Data

class Spots(NamedTuple, Generic[Data]):
    mask: Data
    cleaned: Data

def blobs(image: Array, *, method: Literal['log', 'doh', 'dog'] = 'log',
        min_sigma: Length | float | str = 1.5, max_sigma: Length | float | str = 16.0,
        polarity: Literal['both', 'bright', 'dark'] = 'bright', threshold: float | None = None,
        min_snr: float = 5.0, overlap: float = 0.5) -> DataFrame:
    """Find blobs, bright or dark, with their place and size between samples."""
def gain_control(image: Data, *, time: Duration | float | str = 7.0,
        distance: Length | float | str = 12.0, missing: Literal['keep', 'zero'] = 'keep',
        along: str = 'time', across: str = 'distance') -> Data:
    """Divide an image by its amplitude nearby: the automatic gain control of seismology [1]_."""
def main_object(image: Data, *, threshold: float = 3.0, smoothing: Length | float | str = 1.5,
        contrast: float = 0.005, blend: float = 0.03, meeting: float = 15.0, overlap: float = 0.1,
        min_snr: float = 20.0, saturation: float | None = None) -> MainObject[Data]:
    """Find the object in the middle of a cut-out, and say what speaks against using it."""
def moveout(image: Data, event: DataFrame | None = None, table: DataFrame | None = None, *,
        curve: Literal['sqrt', 'polytrope', 'table'] = 'sqrt', a: float = 5.0,
        d0: Length | float | str = 0.0,
        between: tuple[Length | float | str, Length | float | str] | None = None, unit: str = '',
        along: str = 'time', across: str = 'distance') -> Data:
    """Shift every column along a curve, so that an arrival on the curve becomes a straight line."""
def noise_spectrum(image: Array, *, using: Literal['flip', 'itself', 'both'] = 'flip',
        smooth: float = 1.5, taper: float = 0.1, along: str = 'time',
        across: str = 'distance') -> Mapping[str, Any]:
    """Estimate the power spectrum of the noise in frequency and wavenumber."""
def peak(image: Array) -> DataFrame:
    """Find the largest value of an image, its position between samples and its width."""
def published_baseline(image: Array, *, a: float = 5.0, first: int = 25, columns: int = 50,
        along: str = 'time', across: str = 'distance') -> DataFrame:
    """Detect an arc as the published sunquake workshop did [1]_."""
def scan(image: Data, table: DataFrame | None = None, *,
        curve: Literal['sqrt', 'polytrope', 'table'] = 'sqrt',
        a: tuple[float, float, int] = (2.5, 6.0, 15),
        d0: tuple[Length | float | str, Length | float | str, int] | None = None, unit: str = '',
        between: tuple[Length | float | str, Length | float | str] | Sequence[tuple[Length | float |
        str, Length | float | str]] | None = None, statistic: Literal['power', 'mean'] = 'power',
        interpolation: Literal['fourier', 'linear', 'nearest'] = 'fourier', inside: float = 0.75,
        along: str = 'time', across: str = 'distance') -> Data:
    """Stack an image along every curve of a family, for every time of arrival."""
def spots(image: Data, *, method: Literal['reconstruction', 'adaptive', 'fixed'] = 'reconstruction',
        polarity: Literal['both', 'bright', 'dark'] = 'both', threshold: float | None = None,
        low: float = 2.0, radius: Length | float | str = 3.0, window: Length | float | str = 15.0,
        gain: float | None = None, readout: float = 0.0) -> Spots[Data]:
    """Find spots that stand out from their surroundings, and take them away."""
def stack(image: Data, *, statistic: Literal['mean', 'semblance', 'phase_weighted'] = 'mean',
        power: float = 1.0, inside: float = 0.0, along: str = 'time',
        across: str = 'distance') -> Data:
    """Combine aligned columns into one profile; NaN samples are not counted."""
def travel_time(speed: DataFrame, *, radius: float = 0.0, rays: int = 200) -> DataFrame:
    """Trace rays from the surface down and back, and tabulate the time against the distance."""
def whiten(image: Data, model: Mapping[str, Any], *, shortest: Duration | float | str | None = None,
        longest: Duration | float | str | None = None, finest: Length | float | str | None = None,
        along: str = 'time', across: str = 'distance') -> Data:
    """Divide an image by the amplitude of the noise at every frequency and wavenumber."""
