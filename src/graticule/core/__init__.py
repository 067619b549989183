"""The words everything else is said in: images, units, the op contract, errors."""

from graticule.core.check import Check, CheckFigure, Evidence, Measure, Subject, check
from graticule.core.image import (
    Image,
    Labels,
    Mask,
    NoiseModel,
    Probability,
    Record,
    Table,
    as_image,
    filtered_dims,
    is_image,
    like,
    require_dims,
    spatial_dims,
    step_of,
)
from graticule.core.kinds import Kind
from graticule.core.op import Op, op
from graticule.core.quantity import Area, Duration, Length, Quantity
from graticule.core.scope import (
    ALL,
    Neighbourhood,
    Place,
    Pointwise,
    Reduction,
    Region,
    Stitched,
    Whole,
)
from graticule.core.threads import map_ranges

__all__ = [
    "ALL",
    "Area",
    "Check",
    "CheckFigure",
    "Duration",
    "Evidence",
    "Image",
    "Kind",
    "Labels",
    "Length",
    "Mask",
    "Measure",
    "Neighbourhood",
    "NoiseModel",
    "Op",
    "Place",
    "Pointwise",
    "Probability",
    "Quantity",
    "Record",
    "Reduction",
    "Region",
    "Stitched",
    "Subject",
    "Table",
    "Whole",
    "as_image",
    "check",
    "filtered_dims",
    "is_image",
    "like",
    "map_ranges",
    "op",
    "require_dims",
    "spatial_dims",
    "step_of",
]
