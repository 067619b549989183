"""Features as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graticule.core import as_image
from graticule.learn.features.feature import dims_of
from graticule.learn.features.places import places_of

if TYPE_CHECKING:
    import pandas as pd

    from graticule.learn.features.bank import Features


def as_table(bank: Features, image: Any, where: Any) -> pd.DataFrame:
    """Return the features of an image, or of some of its samples, as columns."""
    import pandas as pd

    image = as_image(image)
    dims = dims_of(image)
    named = bank.names(image)
    if where is None:
        columns = bank.compute(image).reshape(len(named), -1)
        sizes = [range(image.sizes[dim]) for dim in dims]
        index = pd.MultiIndex.from_product(sizes, names=dims)
    else:
        places = places_of(image, where)
        columns = bank.rows(image, places).T
        index = pd.MultiIndex.from_arrays(list(places.T), names=dims)
    table = pd.DataFrame(columns.T, index=index, columns=[one.name for one in named])
    table.attrs["units"] = {one.name: one.unit for one in named if one.unit}
    table.attrs["scales"] = {one.name: str(one.scale) for one in named if one.scale}
    return table
