"""The ops of `spectra`: made by ``python -m graticule.testing.stubs``."""

from typing import Any, TypeAlias, TypeVar
from numpy.typing import NDArray
from xarray import DataArray
from graticule.core import Duration, Length

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

def to_time_of_flight(image: Data, *, flight_path: Length | float | str,
        offset: Duration | float | str = 0.0) -> Data:
    """Tell the bins of a cube by the time the neutrons took and not by their wavelength."""
def to_wavelength(image: Data, *, flight_path: Length | float | str,
        offset: Duration | float | str = 0.0) -> Data:
    """Tell the bins of a cube by the wavelength of the neutrons and not by their time of flight."""
