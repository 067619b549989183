"""The ops of `filters`: made by ``python -m graticule.testing.stubs``."""

from typing import Any, Literal, TypeAlias, TypeVar
from numpy.typing import NDArray
from xarray import DataArray
from graticule.core import Length

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

def background(image: Data, *, width: Length | float | str = 50.0,
        method: Literal['gaussian', 'opening', 'rolling_ball'] = 'gaussian', height: float = 50.0,
        correction: Literal['subtract', 'divide'] = 'subtract') -> Data:
    """Take away the light that varies slowly across an image."""
def background_polynomial(image: Data, *, degree: int = 2,
        correction: Literal['subtract', 'divide'] = 'subtract') -> Data:
    """Take away a smooth surface fitted to the whole image."""
def bilateral(image: Data, *, sigma_value: float, sigma: Length | float | str = 1.5) -> Data:
    """Smooth an image but not across its edges."""
def closing(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Fill dark structures narrower than a footprint."""
def difference_of_gaussians(image: Data, *, sigma_low: Length | float | str = 1.0,
        sigma_high: Length | float | str = 1.6) -> Data:
    """Keep structures between two sizes: a band-pass."""
def dilation(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Give each sample the largest value under a footprint around it."""
def erosion(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Give each sample the smallest value under a footprint around it."""
def gaussian(image: Data, *, sigma: Length | float | str = 1.0, truncate: float = 4.0) -> Data:
    """Smooth an image with a Gaussian of width ``sigma``."""
def hessian_eigenvalues(image: Data, *, sigma: Length | float | str = 1.0,
        which: Literal['largest', 'middle', 'smallest'] = 'largest') -> Data:
    """Return an eigenvalue of the matrix of second derivatives at a scale."""
def laplacian(image: Data, *, sigma: Length | float | str = 0.0) -> Data:
    """Return the sum of the second derivatives, after smoothing if wanted."""
def mean(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['box', 'ball', 'diamond'] = 'box') -> Data:
    """Replace each sample by the mean of a window around it."""
def median(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['box', 'ball', 'diamond'] = 'box') -> Data:
    """Replace each sample by the median of a window around it."""
def non_local_means(image: Data, *, strength: float, noise: float = 0.0,
        patch: Length | float | str = 3.0, search: Length | float | str = 7.0) -> Data:
    """Average samples whose surroundings look alike."""
def opening(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Remove bright structures narrower than a footprint."""
def rank(image: Data, *, percentile: float = 50.0, radius: Length | float | str = 1.0,
        shape: Literal['box', 'ball', 'diamond'] = 'box') -> Data:
    """Replace each sample by a percentile of a window around it."""
def reconstruction(image: Data, marker: Array, *,
        method: Literal['dilation', 'erosion'] = 'dilation', connectivity: int = 1) -> Data:
    """Grow a marker under an image until nothing moves."""
def scharr(image: Data, *, dim: str | None = None) -> Data:
    """Return the slope of an image: along one dim, or its steepest."""
def sobel(image: Data, *, dim: str | None = None) -> Data:
    """Return the slope of an image: along one dim, or its steepest."""
def structure_tensor_eigenvalues(image: Data, *, sigma: Length | float | str = 1.0,
        rho: Length | float | str = 2.0,
        which: Literal['largest', 'middle', 'smallest'] = 'largest') -> Data:
    """Return an eigenvalue of the mean product of slopes around each sample."""
def tophat(image: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball',
        method: Literal['white', 'black'] = 'white') -> Data:
    """Keep bright or dark structures narrower than a footprint."""
def total_variation(image: Data, *, weight: float, iterations: int = 100) -> Data:
    """Flatten an image and keep its edges sharp."""
def unsharp_mask(image: Data, *, sigma: Length | float | str = 1.0, amount: float = 1.0) -> Data:
    """Sharpen an image by adding what smoothing takes away."""
