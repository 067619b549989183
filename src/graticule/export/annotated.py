"""The objects of a run as AnnData (``.h5ad``), which scanpy and squidpy open.

Written with h5py by the format's own description, version 0.1.0 of its root, so that it needs no
further package (https://anndata.readthedocs.io/en/latest/fileformat-prose.html).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError
from graticule.export.exported import Exported
from graticule.pipeline.opened import open_run
from graticule.version import __version__

if TYPE_CHECKING:
    import pandas as pd

_FIRST = ("image", "label")
_INDEX = "_index"
"""Name of the column of names of a data frame."""


def anndata(folder: Path, out: Path, of: str | None = None) -> Exported:
    """Write a file for each object table of a run, called as the table.

    Raises
    ------
    RequestError
        If the run has no table of objects, or not the one that is asked for.
    """
    run = open_run(folder)
    tables = {name: table for name, table in run.tables.items() if "image" in table}
    if of is not None:
        tables = {name: table for name, table in tables.items() if name in (of, f"objects_{of}")}
    if not tables:
        known = ", ".join(run.tables) or "none"
        hint = f"tables of this run: {known}"
        what = "the run has no table of objects" + (f" {of!r}" if of else "")
        raise RequestError(what, where=str(folder), hint=hint)
    files = []
    for name, table in tables.items():
        files.append(out / f"{name}.h5ad")
        write_anndata(files[-1], table, of_images=list(map(str, run.images)))
    return Exported(files, (), run.failed)


def write_anndata(path: Path, table: pd.DataFrame, of_images: Collection[str] = ()) -> None:
    """Write a table of objects.

    ``X`` holds the numbers that were measured, a row for each object; their names and units are
    in ``var``. Image, label, text, and numbers that are the same for all objects of an image, as
    a dose, are in ``obs``. Centroids are in ``obsm["spatial"]`` as x, y and, where there is one, z.

    Parameters
    ----------
    path : Path
        The file.
    table : DataFrame
        With a column ``image``; units are in ``attrs["units"]``.
    of_images : collection of str
        Columns that are known to be of whole images.
    """
    import h5py

    units = table.attrs.get("units", {})
    measured = [name for name in table if name not in of_images and _is_measured(table, str(name))]
    with atomic_path(path) as draft, h5py.File(draft, "w") as file:
        _mark(file, "anndata", "0.1.0")
        values = table[measured].to_numpy(np.float64) if measured else np.zeros((len(table), 0))
        _array(file, "X", values)
        own = [str(name) for name in table if name not in measured]
        _frame(file, "obs", _names(table), {name: table[name] for name in own})
        _frame(file, "var", [str(name) for name in measured],
               {"unit": np.array([units.get(name, "") for name in measured], object)})  # fmt: skip
        places = [name for axis in "xyz" if (name := f"centroid_{axis}") in table]
        groups = {name: _group(file, name) for name in ("obsm", "varm", "obsp", "varp", "layers",
                                                        "uns")}  # fmt: skip
        if len(places) > 1:
            _array(groups["obsm"], "spatial", table[places].to_numpy(np.float64))
            _text(groups["uns"], "spatial_unit", str(units.get(places[0], "")))
        _text(groups["uns"], "graticule_version", __version__)


def _is_measured(table: pd.DataFrame, name: str) -> bool:
    """Whether a column is a number of objects, and not one of whole images."""
    column = table[name]
    if name in _FIRST or column.dtype.kind not in "iuf":
        return False
    by_image = column.groupby(table["image"], sort=False, observed=True)
    if by_image.ngroups < 2 or by_image.ngroups == len(column):
        return True
    return bool((by_image.nunique(dropna=False) > 1).any())


def _names(table: pd.DataFrame) -> list[str]:
    """Return a name for each object: of its image and label, or, were they several, its row."""
    if "label" in table:
        pairs = zip(table["image"].astype(str), table["label"], strict=True)
        names = [f"{image}:{label}" for image, label in pairs]
        if len(set(names)) == len(names):
            return names
    return [f"{image}:{row}" for row, image in enumerate(table["image"].astype(str))]


def _mark(node: Any, kind: str, version: str) -> None:
    node.attrs["encoding-type"], node.attrs["encoding-version"] = kind, version


def _group(parent: Any, name: str) -> Any:
    made = parent.create_group(name)
    _mark(made, "dict", "0.1.0")
    return made


def _array(parent: Any, name: str, values: Any) -> None:
    packed = {"compression": "gzip", "compression_opts": 4} if values.size else {}
    _mark(parent.create_dataset(name, data=values, **packed), "array", "0.2.0")


def _text(parent: Any, name: str, text: str) -> None:
    import h5py

    _mark(parent.create_dataset(name, data=text, dtype=h5py.string_dtype()), "string", "0.2.0")


def _strings(parent: Any, name: str, values: Any) -> None:
    import h5py

    texts = np.array([_storable(value) for value in values], object)
    made = parent.create_dataset(name, shape=len(texts), dtype=h5py.string_dtype())
    made[...] = texts
    _mark(made, "string-array", "0.2.0")


def _storable(value: Any) -> str:
    """Return text as HDF5 holds it, without the zero that ends its strings."""
    text = "" if value is None or value != value else str(value)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _frame(parent: Any, name: str, index: list[str], columns: Mapping[str, Any]) -> None:
    import h5py

    made = parent.create_group(name)
    _mark(made, "dataframe", "0.2.0")
    made.attrs["_index"] = _INDEX
    told = _keys(columns)
    made.attrs.create("column-order", told, shape=len(told), dtype=h5py.string_dtype())
    _strings(made, _INDEX, index)
    for key, column in zip(told, columns.values(), strict=True):
        values = np.asarray(column)
        if values.dtype.kind in "iufb":
            _array(made, key, values)
        elif key == "image":
            _categories(made, key, column)
        else:
            _strings(made, key, column)


def _keys(columns: Iterable[str]) -> list[str]:
    """Return names of columns as HDF5 holds them, in which a stroke is a folder, each once.

    Examples
    --------
    >>> _keys(["a/b", "a|b", "_index"])
    ['a|b', 'a|b 2', '_index 2']
    """
    found = [_INDEX]
    for name in columns:
        plain = called = name.replace("/", "|").replace("\0", "")
        number = 1
        while called in found:
            number += 1
            called = f"{plain} {number}"
        found.append(called)
    return found[1:]


def _categories(parent: Any, name: str, column: Any) -> None:
    import pandas as pd

    codes, categories = pd.factorize(column, sort=True)
    made = parent.create_group(name)
    _mark(made, "categorical", "0.2.0")
    made.attrs["ordered"] = False
    _array(made, "codes", codes.astype(np.int32))
    _strings(made, "categories", categories)
