"""Clusterings of a served folder: the groups of its images, and what a person makes of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.atomic import atomic_path
from graticule.core.errors import FormatError, RequestError
from graticule.web.folder import OWN, ServedFolder

if TYPE_CHECKING:
    import pandas as pd

_DEEPEST = 4
"""Folders below the served one in which a clustering may lie."""
_SUGGESTED = """graticule: 1
task: clustering
name: {name}
description: Images by what they look like, however they are turned.
features: {{embedding: moments}}
methods:
  kmeans:
    description: As many groups as have the best silhouette.
    chain: [standardise, {{step: pca, n_components: 8}}, {{step: kmeans, n_clusters: 4}}]
    sweep: {{n_clusters: [2, 3, 4, 5, 6, 8]}}
    choose: silhouette
  dense:
    description: What is dense, and what is in no group.
    chain: [standardise, {{step: pca, n_components: 5}}, {{step: hdbscan, min_cluster_size: 5}}]
null: {{n: 39}}
stability: {{n: 10}}
"""
_TEXTS = ("image", "path", "duplicate_of", "known_label")


class Groupings:
    """The clusterings that lie in a served folder, as `graticule cluster` writes them.

    What is regrouped by hand is a sheet in ``graticule/groups/`` with the columns ``image``,
    ``group`` and ``found``; the clustering itself is left as it is.

    Parameters
    ----------
    folder : ServedFolder
        Where they are.
    """

    def __init__(self, folder: ServedFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def listed(self) -> list[dict[str, Any]]:
        """Return the clusterings by name, the path of their folder, with how many rows there are.

        The newest comes first.
        """
        found = []
        for place in _clusterings(self.folder.root, _DEEPEST):
            record = _record(place)
            name = place.relative_to(self.folder.root).as_posix()
            told = {"name": name, "title": record.get("name", name), "rows": record.get("rows", 0)}
            found.append((str(record.get("started", "")), told))
        return [told for _, told in sorted(found, key=lambda each: each[0], reverse=True)]

    def about(self, name: str) -> dict[str, Any]:
        """Return the groups of a clustering: columns of one value for each row, and its methods."""
        place = self._place(name)
        table, changed = _read(place, "groups"), self._changed(name)
        record = _record(place)
        names = [str(image) for image in table["image"]]
        own = [_path_in(self.folder.root, path) for path in table["path"]]
        methods = _read(place, "methods") if (place / "methods.csv").exists() else None
        report = place / "report.html"
        runs = self.folder.own / "runs"
        is_shown = report.exists() and report.is_relative_to(runs)
        return {
            "name": name,
            "title": str(record.get("name", name)),
            "main": str(record.get("document", {}).get("main", "")),
            "report": f"/runs/{report.relative_to(runs).as_posix()}" if is_shown else None,
            "sheet": self._sheet(name).relative_to(self.folder.root).as_posix(),
            "methods": [] if methods is None else _methods(methods),
            "image": names,
            "path": own,
            "found": [int(group) for group in table["group"]],
            "changed": {image: group for image, group in changed.items() if image in set(names)},
            "distance": _numbers(table, "group_distance"),
            "outlier_rank": _numbers(table, "outlier_rank"),
            "duplicate_of": [str(copy) for copy in table.get("duplicate_of", [""] * len(names))],
            "known": [str(k) for k in table["known_label"]] if "known_label" in table else None,
            "map": [_numbers(table, "map_x"), _numbers(table, "map_y")],
        }

    def regroup(self, name: str, groups: Mapping[str, int | None]) -> None:
        """Put images into other groups, or with None back into that which was found.

        Parameters
        ----------
        name : str
            Of the clustering.
        groups : mapping
            By image.

        Raises
        ------
        RequestError
            If it has no such image.
        """
        import pandas as pd

        table = _read(self._place(name), "groups")
        found = dict(zip(map(str, table["image"]), map(int, table["group"]), strict=True))
        if unknown := [image for image in groups if image not in found]:
            raise RequestError("is no image of this clustering", where=unknown[0][:200])
        with self._lock:
            changed = {**self._changed(name), **groups}
            kept = {i: g for i, g in changed.items() if g is not None and found.get(i) != g}
            sheet = self._sheet(name)
            sheet.parent.mkdir(parents=True, exist_ok=True)
            now = [kept.get(image, group) for image, group in found.items()]
            rows = {"image": list(found), "group": now, "found": list(found.values())}
            with atomic_path(sheet) as draft:
                pd.DataFrame(rows).to_csv(draft, index=False)

    def _changed(self, name: str) -> dict[str, int]:
        sheet = self._sheet(name)
        if not sheet.exists():
            return {}
        table = _read(sheet.parent, sheet.stem)
        columns = zip(table["image"], table["group"], table["found"], strict=True)
        return {str(image): int(group) for image, group, found in columns if group != found}

    def _sheet(self, name: str) -> Path:
        inside = name.removeprefix(f"{OWN}/runs/").replace("/", "_")
        return self.folder.own / "groups" / f"{inside}.csv"

    def _place(self, name: str) -> Path:
        place = self.folder.root / name
        self.folder.require_inside(place, name[:200])
        if "\0" in name or not _is_clustering(place):
            raise RequestError("there is no such clustering in the folder", where=name[:200])
        return place


def suggest_clustering(file: Path) -> None:
    """Write a clustering document that suits images of one size, to be changed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as draft:
        draft.write_text(_SUGGESTED.format(name=file.stem), "utf-8")


def _clusterings(folder: Path, depth: int) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            if _is_clustering(path):
                yield path
            elif depth > 1:
                yield from _clusterings(path, depth - 1)


def _is_clustering(place: Path) -> bool:
    return (place / "groups.csv").is_file() and _record(place).get("kind") == "clustering"


def _record(place: Path) -> dict[str, Any]:
    try:
        found = json.loads((place / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(place: Path, name: str) -> pd.DataFrame:
    """Return a table; what is empty is an empty text."""
    import pandas as pd

    file = place / f"{name}.csv"
    try:
        table = pd.read_csv(file, dtype=dict.fromkeys(_TEXTS, str))
    except (OSError, ValueError) as error:
        raise FormatError(f"is no table: {error}", where=file.name) from None
    return table.fillna({column: "" for column in _TEXTS if column in table})


def _numbers(table: pd.DataFrame, column: str) -> list[float | None]:
    if column not in table:
        return [None] * len(table)
    return [None if value != value else float(value) for value in table[column]]


def _methods(table: pd.DataFrame) -> list[dict[str, Any]]:
    shown = [c for c in ("method", "groups", "noise", "silhouette", "p", "stability") if c in table]
    rows: list[dict[str, Any]] = json.loads(table[shown].to_json(orient="records"))
    return rows


def _path_in(root: Path, path: Any) -> str:
    """Return the path of an image from the served folder; nothing of one that lies elsewhere."""
    place = Path(str(path)) if path else root
    try:
        return "" if place == root else place.resolve().relative_to(root).as_posix()
    except (ValueError, OSError):
        return ""
