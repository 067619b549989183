"""The ops of `segment`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.core import Area, Length

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class Bivariate(NamedTuple, Generic[Data]):
    labels: Data
    clusters: DataFrame
    histogram: DataFrame

class Clusters(NamedTuple, Generic[Data]):
    labels: Data
    clusters: DataFrame
    features: DataFrame

class Mixture(NamedTuple, Generic[Data]):
    labels: Data
    probability: Data
    clusters: DataFrame
    features: DataFrame

class Parents(NamedTuple, Generic[Data]):
    labels: Data
    children: DataFrame
    parents: DataFrame

class SpotGrid(NamedTuple, Generic[Data]):
    labels: Data
    spots: DataFrame
    grid: DataFrame

class Tracks(NamedTuple, Generic[Data]):
    labels: Data
    objects: DataFrame
    tracks: DataFrame
    frames: DataFrame

def bivariate(image: Data, other: Array, mask: Array | None = None, *, clusters: int = 3,
        method: Literal['gaussian_mixture', 'kmeans'] = 'gaussian_mixture',
        scaling: Literal['robust', 'standard', 'none'] = 'robust', bins: int = 64,
        seed: int = 0) -> Bivariate[Data]:
    """Find phases in the plane of values of two registered images of the same thing."""
def clear_border(labels: Data, *, margin: Length | float | str = 0.0) -> Data:
    """Remove the objects that touch the border of the image."""
def closing(mask: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Fill gaps of a mask that are narrower than a footprint."""
def combine(mask: Data, other: Array, *,
        rule: Literal['and', 'or', 'xor', 'minus'] = 'and') -> Data:
    """Combine two masks sample by sample."""
def dilation(mask: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Add to a mask every sample that a footprint around its samples reaches."""
def distance(mask: Data, *, limit: Length | float | str | None = None) -> Data:
    """Measure how far each sample of a mask is from the background."""
def erosion(mask: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Keep the samples of a mask whose whole footprint lies in it."""
def etps(image: Data, mask: Array | None = None, *, segments: int = 400, compactness: float = 10.0,
        smoothness: float = 50.0, least: float = 0.25, colour: Literal['lab', 'none'] = 'lab',
        features: Sequence[str] | None = None) -> Data:
    """Divide an image into superpixels whose borders follow those of objects (ETPS)."""
def expand_labels(labels: Data, *, distance: Length | float | str = 1.0) -> Data:
    """Give background the label that is nearest, if it is near enough."""
def extremal_regions(image: Data, *, objects: Literal['auto', 'bright', 'dark'] = 'auto',
        smoothing: float = 0.05, min_diameter: float = 0.3, extent: float = 0.5,
        min_contrast: float = 3.0) -> Data:
    """Find compact objects of any brightness, with the size of them measured in the image."""
def fill_holes(mask: Data) -> Data:
    """Add to a mask the background that it encloses."""
def filter_by_size(labels: Data, *, min_size: Area | float | str = 64.0,
        max_size: Area | float | str | None = None) -> Data:
    """Remove objects that are smaller or larger than they should be."""
def gaussian_mixture(image: Data, mask: Array | None = None, *, clusters: int = 3,
        position: float = 0.0, weights: Mapping[str, float] = {},
        scaling: Literal['robust', 'standard', 'none'] = 'robust', iterations: int = 200,
        features: Sequence[str] | None = None, seed: int = 0) -> Mixture[Data]:
    """Divide samples among Gaussians whose sum is fitted to the values."""
def h_maxima(image: Data, *, h: float = 1.0, connectivity: int = 1) -> Data:
    """Mark the maxima that stand at least ``h`` above the way to a higher place."""
def join(labels: Data, others: Array) -> Data:
    """Give a number to each pair of labels that meet."""
def kmeans(image: Data, mask: Array | None = None, *, clusters: int = 3, position: float = 0.0,
        weights: Mapping[str, float] = {},
        scaling: Literal['robust', 'standard', 'none'] = 'robust', iterations: int = 100,
        features: Sequence[str] | None = None, seed: int = 0) -> Clusters[Data]:
    """Divide samples into clusters of similar values, and of near positions if so wanted."""
def label(mask: Data, *, connectivity: int = 1) -> Data:
    """Give a number to each connected part of a mask."""
def level_set(image: Data, start: Array, *, method: Literal['regions', 'edges'] = 'regions',
        steps: int = 50, smoothing: int = 1, balloon: float = 0.0) -> Data:
    """Move a contour until it parts two regions, or lies on an edge."""
def local_maxima(image: Data, *, connectivity: int = 1) -> Data:
    """Mark the places that are higher than all around them."""
def markers(image: Data, mask: Array | None = None, *, h: float = 0.0,
        min_distance: Length | float | str = 0.0, connectivity: int = 1) -> Data:
    """Give a number to each maximum of an image that stands out and apart."""
def markov(image: Data, mask: Array | None = None, *, phases: int = 2, beta: float = 1.0,
        fractions: Sequence[float] | None = None,
        likelihood: Literal['mixture', 'histogram'] = 'mixture',
        method: Literal['graph_cut', 'icm'] = 'graph_cut', iterations: int = 10,
        features: Sequence[str] | None = None, seed: int = 0) -> Data:
    """Divide an image into phases by their values, with a cost for every border (Potts model)."""
def merge_regions(labels: Data, image: Array, *, by: Literal['mean', 'boundary'] = 'mean',
        threshold: float | None = None, number: int | None = None) -> Data:
    """Merge neighbouring regions, the most alike first, as superpixels to objects."""
def opening(mask: Data, *, radius: Length | float | str = 1.0,
        shape: Literal['ball', 'box', 'diamond'] = 'ball') -> Data:
    """Remove from a mask what is narrower than a footprint."""
def outline(labels: Data, *, width: Length | float | str = 1.0) -> Data:
    """Keep of each object the samples next to something else."""
def parents(labels: Data, parents: Array, *, min_share: float = 0.0) -> Parents[Data]:
    """Find for each object the one of another image that it lies in: nuclei in cells."""
def quadtree(image: Data, *, threshold: float, criterion: Literal['range', 'deviation'] = 'range',
        min_size: Length | float | str = 1.0, merge: float | None = None) -> Data:
    """Divide an image into blocks that are even inside (quad-tree, oct-tree); merge alike ones."""
def random_walker(image: Data, markers: Array, mask: Array | None = None, *, beta: float = 130.0,
        tolerance: float = 1e-05) -> Data:
    """Give each sample the label of the marker that a random walker reaches first."""
def reconstruction(mask: Data, marker: Array, *, connectivity: int = 1) -> Data:
    """Keep the objects of a mask that hold a sample of a marker, whole."""
def region_means(labels: Data, image: Array) -> Data:
    """Give every sample the mean value of its region."""
def relabel(labels: Data) -> Data:
    """Give objects the numbers 1, 2, ... by their first sample in raster order."""
def remove_small_holes(mask: Data, *, min_size: Area | float | str = 64.0,
        connectivity: int = 1) -> Data:
    """Fill small holes of a mask."""
def remove_small_objects(mask: Data, *, min_size: Area | float | str = 64.0,
        connectivity: int = 1) -> Data:
    """Remove small objects of a mask."""
def ring(labels: Data, *, width: Length | float | str = 3.0,
        gap: Length | float | str = 0.0) -> Data:
    """Return the ring around each object, with its number."""
def skeleton(mask: Data) -> Data:
    """Thin a mask to lines of one sample that are connected as it is."""
def slic(image: Data, mask: Array | None = None, *, segments: int = 400, compactness: float = 10.0,
        iterations: int = 10, colour: Literal['lab', 'none'] = 'lab',
        features: Sequence[str] | None = None) -> Data:
    """Divide an image into compact superpixels of similar colour, by local k-means (SLIC)."""
def split(mask: Data, *, depth: Length | float | str = 1.0,
        min_distance: Length | float | str = 0.0, connectivity: int = 1,
        lines: bool = False) -> Data:
    """Give a number to each object, and part those that touch at a neck."""
def spot_grid(labels: Data, *, rows: int | None = None, columns: int | None = None,
        diameter: Length | float | str | None = None) -> SpotGrid[Data]:
    """Find the regular grid that spots lie on, and give every spot its row and column."""
def subtract(labels: Data, others: Array, *, own: bool = False) -> Data:
    """Take from each object what is labelled in another image; the rest keeps its number."""
def thickness(mask: Data) -> Data:
    """Measure how thick a structure is: the largest ball that fits in and holds a sample."""
def track(labels: Data, *, max_distance: Length | float | str = 20.0, max_gap: int = 2,
        divisions: bool = True, motion: Literal['random', 'steady'] = 'random',
        size_weight: float = 1.0) -> Tracks[Data]:
    """Follow objects from frame to frame, over gaps and through divisions."""
def watershed(image: Data, markers: Array | None = None, mask: Array | None = None, *,
        connectivity: int = 1, lines: bool = False) -> Data:
    """Divide an image into the basins that floods from markers fill."""
