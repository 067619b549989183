"""The ops of `spectra`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Duration, Length, Quantity

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class Denoised(NamedTuple, Generic[Data]):
    image: Data
    error: Data
    components: DataFrame

class EdgeMaps(NamedTuple, Generic[Data]):
    position: Data
    position_error: Data
    width: Data
    width_error: Data
    height: Data
    height_error: Data
    spacing: Data
    strain: Data
    strain_error: Data
    spread: Data
    reason: Data

class Measured(NamedTuple, Generic[Data]):
    image: Data
    error: Data

def attenuation(image: Data, error: Array | None = None, thickness: Array | None = None, *,
        path: Length | float | str | None = None) -> Measured[Data]:
    """Turn transmission into attenuation, or into the attenuation coefficient."""
def bragg_edge_maps(image: Data, error: Array | None = None, open_beam: Array | None = None, *,
        phase: Literal['ferrite', 'austenite', 'aluminium', 'nickel', 'copper', 'chromium',
        'tungsten', 'silicon'] | None = None, plane: str = '',
        lattice: Literal['bcc', 'fcc', 'sc', 'diamond'] | None = None,
        lattice_parameter: float | None = None, position: float | None = None, window: float = 0.05,
        search: float = 0.01, width: float | None = None, decay: float = 0.0,
        free_decay: bool = False, dose: float = 1.0, beam_fall: float = 0.0) -> EdgeMaps[Data]:
    """Fit a Bragg edge in every pixel: its position, width and height, and the lattice strain."""
def bragg_edges(spectra: DataFrame, open_beam: DataFrame | None = None, *, phase: Literal['ferrite',
        'austenite', 'aluminium', 'nickel', 'copper', 'chromium', 'tungsten', 'silicon'] | None =
        None, planes: Sequence[str] = (),
        lattice: Literal['bcc', 'fcc', 'sc', 'diamond'] | None = None,
        lattice_parameter: float | None = None, positions: Sequence[float] = (),
        window: float = 0.05, search: float = 0.01, width: float | None = None, decay: float = 0.0,
        free_decay: bool = False, dose: float = 1.0, beam_fall: float = 0.0,
        confidence: float = 0.95) -> DataFrame:
    """Fit the Bragg edges of regions: position, width, height, lattice spacing and strain."""
def dead_pixels(image: Data, *, low: float = 0.3, high: float = 3.0, radius: int = 2) -> Data:
    """Find the pixels that are dead, dim or hot by their counts over the whole spectrum."""
def denoise(image: Data, error: Array | None = None, *, method: Literal['pca', 'nmf'] = 'pca',
        rank: int | None = None, iterations: int = 500, seed: int = 0) -> Denoised[Data]:
    """Keep of all spectra what a few common components make, as many as stand above the noise."""
def dose(image: Array, open_beam: Array, error: Array | None = None,
        open_beam_error: Array | None = None, dark: Array | None = None, *,
        region: Mapping[str, tuple[Quantity | float | str, Quantity | float | str]] = {},
        per: Literal['cube', 'bin'] = 'cube') -> DataFrame:
    """Measure how many times more neutrons came than with the open beam."""
def expected_edges(image: Array, *, phase: Literal['ferrite', 'austenite', 'aluminium', 'nickel',
        'copper', 'chromium', 'tungsten', 'silicon'] | None = None,
        lattice: Literal['bcc', 'fcc', 'sc', 'diamond'] | None = None,
        lattice_parameter: float | None = None, material: str = '') -> DataFrame:
    """Return where the Bragg edges of a phase are expected, within the spectrum of an image."""
def gaussian_mixture(image: Data, mask: Array | None = None, *, clusters: int = 3,
        components: int = 6, scaling: Literal['none', 'unit'] = 'none', iterations: int = 50,
        tolerance: float = 0.0001, seed: int = 0) -> Data:
    """Divide the pixels of a cube among Gaussians of any shape, of whatever size the cube is."""
def kmeans(image: Data, mask: Array | None = None, *, clusters: int = 3,
        scaling: Literal['none', 'unit'] = 'none', iterations: int = 20, seed: int = 0) -> Data:
    """Divide the pixels of a cube into groups of similar spectra, of whatever size it is."""
def moving_average(image: Data, error: Array | None = None, *, bins: int = 1,
        pixels: int = 0) -> Measured[Data]:
    """Average each value with those around it: bins of its spectrum, and pixels beside it."""
def open_beam(image: Data, open_beam: Array, error: Array | None = None,
        open_beam_error: Array | None = None, dark: Array | None = None,
        dose: DataFrame | None = None, dead: Array | None = None, *,
        exposure: Literal['same', 'triggers', 'any'] = 'same') -> Measured[Data]:
    """Turn a cube into the transmission of the sample, bin by bin."""
def overlap_correction(image: Data, error: Array | None = None, *, triggers: Sequence[float] = (),
        starts: Sequence[int] = (),
        method: Literal['published', 'exact'] = 'published') -> Measured[Data]:
    """Give back the events that a counting detector lost because a pixel was occupied."""
def rebin(image: Data, error: Array | None = None, spectrum: DataFrame | None = None, *,
        bins: int | None = None, width: Quantity | float | str | None = None,
        counts: float | None = None, statistic: Literal['sum', 'mean'] = 'sum') -> Measured[Data]:
    """Join neighbouring bins of every spectrum to fewer and wider ones."""
def regions(image: Array, labels: Array | None = None, mask: Array | None = None,
        error: Array | None = None, *, names: Mapping[int, str] = {}, boxes: Mapping[str,
        Mapping[str, tuple[Quantity | float | str, Quantity | float | str]]] = {},
        differences: Sequence[tuple[str, str]] = ()) -> DataFrame:
    """Return the mean spectrum of each region with its standard errors, a row for every bin."""
def to_time_of_flight(image: Data, *, flight_path: Length | float | str,
        offset: Duration | float | str = 0.0) -> Data:
    """Tell the bins of a cube by the time the neutrons took and not by their wavelength."""
def to_wavelength(image: Data, *, flight_path: Length | float | str,
        offset: Duration | float | str = 0.0) -> Data:
    """Tell the bins of a cube by the wavelength of the neutrons and not by their time of flight."""
