"""The group of an image, by a fitted clustering."""

from __future__ import annotations

from graticule.core import Image, Record, Table, Whole, op
from graticule.learn.ops._clustering import DOC, ClusteringFile


@op(version=1, scope=Whole("an image is one thing", memory=4), name="learn.assign_image", doc=DOC)
def assign_image(image: Image, table: Table | None = None, *, model: ClusteringFile) -> Record:
    """Tell the group of an image.

    Parameters
    ----------
    image : Image
        Like those the groups were made of: the prepared one, where a pipeline prepared them.
    table : Table, optional
        What was measured of it, one row, where the groups were made by that too.
    %(model)s

    Returns
    -------
    Record
        One row: ``group`` (a number from 0; -1 where it belongs to none) and
        ``group_distance``, from the centre of its group (of the nearest, where it belongs to
        none) in the space that was clustered. Without a number in one of the columns it has -1
        and NaN.

    Raises
    ------
    %(model_error)s
    ImageError
        If the image has another size or other channels than those, a column is lacking, or the
        table has not one row.

    See Also
    --------
    learn.assign : the groups of the rows of a table.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> import pandas as pd
    >>> from graticule.core import as_image
    >>> from graticule.learn.clustering import Chain
    >>> from graticule.learn.models.clustering import ClusteringModel
    >>> from graticule.learn.models.image_rows import ImageRows
    >>> images = [as_image(np.full((2, 2), value)) for value in (0.0, 0.1, 0.2, 5.0, 5.1)]
    >>> rows = ImageRows.of("values").seen(images[0])
    >>> table = pd.DataFrame([rows.row(each) for each in images], columns=rows.columns)
    >>> found = Chain.of([{"step": "kmeans", "n_clusters": 2}]).fit(table, seed=0)
    >>> model = ClusteringModel.of(found, table, rows, rows.columns)
    >>> gt.learn.assign_image(np.full((2, 2), 4.9), model=model)["group"].tolist()
    [1]
    """
    found: Record = model.model.of_image(image, table)
    return found
