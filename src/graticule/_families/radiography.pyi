"""The ops of `radiography`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Length, Quantity

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

def anscombe(image: Data, *, gain: float = 1.0, readout: float = 0.0, offset: float = 0.0) -> Data:
    """Transform counts so that their noise has a standard deviation of 1 everywhere."""
def beer_lambert(image: Data, *, nonpositive: Literal['missing', 'floor'] = 'missing',
        floor: float = 0.001) -> Data:
    """Turn the transmission of a sample into its attenuation, which adds up along the beam."""
def flat_field(image: Data, open_beam: Array, dark: Array | None = None, *,
        dose: Literal['none', 'border', 'region'] = 'none',
        region: Mapping[str, tuple[Quantity | float | str, Quantity | float | str]] = {},
        border: float = 0.05) -> Data:
    """Turn a radiograph into the transmission of the sample."""
def inverse_anscombe(image: Data, *, gain: float = 1.0, readout: float = 0.0, offset: float = 0.0,
        method: Literal['unbiased', 'algebraic'] = 'unbiased') -> Data:
    """Lead stabilised values, denoised by now, back to grey values."""
def remove_lines(image: Data, *, dim: str = 'y', across: str = 'x',
        method: Literal['median', 'wavelet'] = 'median',
        correction: Literal['subtract', 'divide'] = 'subtract', radius: Length | float | str = 5.0,
        levels: int = 4, width: float = 3.0) -> Data:
    """Take away lines along one dim of an image: columns or rows that are off."""
def remove_rings(image: Data, *, space: Literal['sinogram', 'slice'], dim: str = 'y',
        across: str = 'x', method: Literal['shift', 'sorting'] = 'shift',
        radius: Length | float | str = 5.0,
        center: tuple[Quantity | float | str, Quantity | float | str] | None = None) -> Data:
    """Take away the rings that pixels with a wrong sensitivity leave in tomography."""
def signal_to_noise(image: Array, mask: Array | None = None, *,
        method: Literal['median', 'immerkaer'] = 'median') -> DataFrame:
    """Measure signal, noise and their ratio in one image."""
