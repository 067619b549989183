"""The ops of `learn`: made by ``python -m graticule.testing.stubs``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from numpy.typing import NDArray
from pandas import DataFrame
from xarray import DataArray
from graticule.learn.models.model import Model

Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

class SpectralClusters(NamedTuple, Generic[Data]):
    labels: Data
    mixed: Data
    abundance: Data
    raw: Data
    clusters: DataFrame
    spectra: DataFrame
    raw_spectra: DataFrame
    summary: DataFrame

def assign(table: DataFrame, *, model: Model | Path | str) -> DataFrame:
    """Return a table with the group of each row."""
def assign_image(image: Array, table: DataFrame | None = None, *,
        model: Model | Path | str) -> DataFrame:
    """Tell the group of an image."""
def classify(image: Data, *, model: Model | Path | str,
        spacing: Literal['refuse', 'ignore', 'rescale'] = 'refuse') -> Data:
    """Return the most probable class of each sample."""
def classify_image(image: Array, *, model: Model | Path | str) -> DataFrame:
    """Tell the class of a whole image."""
def classify_objects(table: DataFrame, *, model: Model | Path | str) -> DataFrame:
    """Return a table of objects with the class of each."""
def embed(image: Array, *, embedding: str = 'moments',
        settings: Mapping[str, int | float | bool | str] = {},
        model: Model | Path | str | None = None) -> DataFrame:
    """Describe an image by numbers, for tables that are grouped or searched."""
def onnx(image: Data, *, model: Path | str | bytes, axes: str | None = None,
        scaling: Literal['declared', 'given'] = 'declared', gain: float = 1.0, offset: float = 0.0,
        tile: int = 256, halo: int | None = None, multiple: int | None = None,
        activation: Literal['none', 'sigmoid', 'softmax'] | None = None, output: str | None = None,
        of: str | None = None) -> Data:
    """Apply a network from elsewhere: any of ONNX that gives an image of the same size."""
def probability(image: Data, *, model: Model | Path | str, of: str | None = None,
        spacing: Literal['refuse', 'ignore', 'rescale'] = 'refuse') -> Data:
    """Return the probability of each class, or of one, at each sample."""
def regress(image: Data, *, model: Model | Path | str,
        spacing: Literal['refuse', 'ignore', 'rescale'] = 'refuse') -> Data:
    """Return the value a model predicts for each sample."""
def regress_image(image: Array, *, model: Model | Path | str) -> DataFrame:
    """Tell the value of a whole image."""
def spectral_clusters(image: Data, mask: Array | None = None, *,
        quantity: Literal['reflectance', 'transmission', 'attenuation'] = 'reflectance',
        groups: int | None = None, most_groups: int = 8, method: Literal['merged_mixture',
        'gaussian_mixture', 'spherical_kmeans', 'nmf', 'nfindr', 'kmeans', 'minibatch_kmeans'] =
        'merged_mixture', pure: float = 0.9, beta: float = 0.0, smallest: float = 0.02,
        names: Mapping[int, str] = {}, alpha: float = 0.05, surrogates: int = 99,
        seed: int = 0) -> SpectralClusters[Data]:
    """Divide the pixels of a cube into groups of one material each, whatever their thickness."""
def uncertainty(image: Data, *, model: Model | Path | str,
        spacing: Literal['refuse', 'ignore', 'rescale'] = 'refuse') -> Data:
    """Return how undecided a model is at each sample: where another stroke helps most."""
