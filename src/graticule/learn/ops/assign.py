"""Groups of the rows of a table, by a fitted clustering."""

from __future__ import annotations

from graticule.core import Table, Whole, op
from graticule.learn.ops._clustering import DOC, ClusteringFile


@op(version=1, scope=Whole("a table is small", memory=1), name="learn.assign", doc=DOC)
def assign(table: Table, *, model: ClusteringFile) -> Table:
    """Return a table with the group of each row.

    Parameters
    ----------
    table : Table
        With the columns and units the groups were made by.
    %(model)s

    Returns
    -------
    Table
        The same with two columns more: ``group`` (a number from 0; -1 where a row belongs to
        none) and ``group_distance``, from the centre of its group (of the nearest, where it
        belongs to none) in the space that was clustered. A row without a number in one of the
        columns has -1 and NaN.

    Raises
    ------
    %(model_error)s
    ImageError
        If the table lacks a column, or has it in a unit of another kind, or the groups are of
        images.

    See Also
    --------
    learn.assign_image : the group of an image.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> from graticule.learn.clustering import Chain
    >>> from graticule.learn.models.clustering import ClusteringModel
    >>> table = pd.DataFrame({"area": [1.0, 2.0, 1.5, 90.0, 92.0]})
    >>> found = Chain.of([{"step": "kmeans", "n_clusters": 2}]).fit(table, seed=0)
    >>> new = pd.DataFrame({"area": [88.0, 3.0]})
    >>> gt.learn.assign(new, model=ClusteringModel.of(found, table))["group"].tolist()
    [1, 0]
    """
    found: Table = model.model.assigned(table)
    return found
