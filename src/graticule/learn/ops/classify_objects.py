"""Classes of objects, by a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core import Table, Whole, op
from graticule.core.errors import ParameterError
from graticule.learn.model_file import ModelFile


def _of_objects(given: ModelFile) -> ModelFile:
    if not hasattr(given.model, "classified"):
        raise ParameterError(f"must be a model of objects, not a {given.model.kind}")
    return given


@op(version=1, scope=Whole("a table is small", memory=1), name="learn.classify_objects")
def classify_objects(
    table: Table,
    *,
    model: Annotated[ModelFile, AfterValidator(_of_objects), Field(title="Model")],
) -> Table:
    """Return a table of objects with the class of each.

    Parameters
    ----------
    table : Table
        One row for each object, as of `measure.regions`, with the columns and units the model
        was trained on.
    model : ModelFile
        A fitted `ObjectClassifier`, or the path of its file.

    Returns
    -------
    Table
        The same with two columns more: ``class``, the name of the most probable class, and
        ``class_probability``. An object without a number in one of the columns has the class ``""``
        and NaN.

    Raises
    ------
    ParameterError
        If the model is not one of objects.
    ImageError
        If the table lacks a column, or has it in a unit of another kind.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> from graticule.learn import ObjectClassifier
    >>> table = pd.DataFrame({"area": [3, 4, 90, 80], "kind": ["dust", "", "grain", ""]})
    >>> model = ObjectClassifier(["area"], "tree").fit(table, "kind")
    >>> gt.learn.classify_objects(table[["area"]], model=model)["class"].tolist()
    ['dust', 'dust', 'grain', 'grain']
    """
    found: Table = model.model.classified(table)
    return found
