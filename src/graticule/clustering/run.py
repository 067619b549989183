"""A clustering document carried out, into a folder; cut off at any moment, it goes on.

::

    groups.csv      groups.parquet      a row for each image or object: group, distance, oddness
    features.csv    features.parquet    the numbers by which was grouped
    set_aside.csv   set_aside.parquet   what takes no part, and why
    methods.csv     methods.parquet     indices, null, stability and labels of each method
    <method>.model                      each method fitted, a step of any pipeline
    images.embedding.model              what makes numbers of an image, where it is learned
    run.json                            what was asked, of what, with which versions
    report.html                         all of it for a reader
    prepared/                           the run of the document's pipeline

Every file is written beside its place and renamed into it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.clustering.analysis import Analysis, MethodResult, analyse, model_of
from graticule.clustering.collection import Collection, collect
from graticule.clustering.document import ClusteringDocument
from graticule.clustering.features import FeatureTable, describe, labels_of
from graticule.clustering.kept import Kept, kept
from graticule.core.atomic import remove
from graticule.core.progress import Progress, no_progress
from graticule.io import read
from graticule.io.escaping import escaped, printable
from graticule.learn.model_file import save_model
from graticule.learn.models.embedding import EmbeddingModel
from graticule.learn.models.image_rows import ImageRows
from graticule.pipeline.folder import locked_run_folder, write_json
from graticule.pipeline.provenance import peak_bytes
from graticule.pipeline.spec import digest
from graticule.pipeline.tables import write_table
from graticule.version import __version__, installed_versions

if TYPE_CHECKING:
    import pandas as pd

EMBEDDING = "images.embedding.model"
TABLES = ("groups", "features", "set_aside", "methods", "sweeps", "null")
_PACKAGES = ("graticule", "numpy", "scipy", "scikit-learn", "pandas")
MEASURES = ("ari", "nmi", "purity", "neighbours_accuracy", "ari_without_noise")
ReportWriter = Callable[["ClusteringRun"], Any]


@dataclass(frozen=True)
class ClusteringRun:
    """A clustering that is done.

    Attributes
    ----------
    folder : Path
        Where everything was written.
    analysis : Analysis
        What was found.
    command : sequence of str
        How to repeat it.
    seconds : float
        How long it took.
    kept : sequence of Kept
        What of the collection is kept where it is described by fewer numbers.
    """

    folder: Path
    analysis: Analysis
    command: Sequence[str] = ()
    seconds: float = 0.0
    kept: Sequence[Kept] = ()

    @property
    def collection(self) -> Collection:
        """What was grouped, and what was set aside."""
        return self.analysis.features.collection


def run(
    document: ClusteringDocument,
    given: Sequence[str | Path],
    out: Path,
    *,
    pipeline: Path | None = None,
    workers: int | None = None,
    memory: str | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
    progress: Callable[[str], Any] | None = None,
    report: ReportWriter | None = None,
) -> ClusteringRun:
    """Group what a document names, and write what was found into a folder.

    Parameters
    ----------
    document : ClusteringDocument
        What to do.
    given : sequence of str or Path
        Files, folders and patterns of images, or one table.
    out : Path
        The folder. If it holds a clustering, what its pipeline prepared is used again where it
        is the same, and the rest is replaced.
    pipeline : Path, optional
        The file of the document's pipeline.
    workers, memory, command
        As of `graticule.Pipeline.run`.
    overwrite : bool
        Whether to write into a folder that holds something else.
    progress : callable, optional
        ``progress(title)`` is a context that gives a `Progress` for a part of the work.
    report : callable, optional
        Writes the page from the finished run.

    Returns
    -------
    ClusteringRun
        What was found.

    Raises
    ------
    GraticuleError
        If nothing can be grouped. What goes wrong with one image, or with a method that is not
        the main one, ends nothing.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    shown = progress or _unseen
    with locked_run_folder(out, {"clustering": 1}, overwrite=overwrite):
        with shown(f"{document.name}: images") as told:
            collection = collect(
                document, given, out, pipeline=pipeline, workers=workers, memory=memory,
                command=command, progress=told,
            )  # fmt: skip
        with shown(f"{document.name}: features") as told:
            features = describe(document, collection, out, workers=workers, progress=told)
        with shown(f"{document.name}: groups") as told:
            labels = labels_of(document, features.collection)
            analysis = analyse(document, features, labels, progress=told)
        held = kept(analysis)
        done = ClusteringRun(out, analysis, command, time.perf_counter() - clock, held)
        _write(done)
        write_json(out / "run.json", _record(done, started))
        if report is not None:
            report(done)
    return done


class _Unseen:
    """Takes no note of how far the work is."""

    def __enter__(self) -> Progress:
        return no_progress

    def __exit__(self, *_: object) -> None:
        pass


def _unseen(title: str) -> _Unseen:
    return _Unseen()


def _write(done: ClusteringRun) -> None:
    """Write tables and models, and remove those of an earlier call that are no more."""
    analysis, out = done.analysis, done.folder
    tables = {
        "groups": groups_table(analysis),
        "features": _features_table(analysis.features),
        "methods": methods_table(analysis),
        "set_aside": set_aside_table(done.collection),
        "sweeps": sweeps_table(analysis),
        "null": null_table(analysis),
    }
    for name in TABLES:
        table = tables.get(name)
        if table is not None and len(table):
            write_table(out, name, table)
            continue
        for ending in ("parquet", "csv", "csv-metadata.json"):
            remove(out / (f"{name}.{ending}" if ending != "csv-metadata.json"
                          else f"{name}.csv-metadata.json"))  # fmt: skip
    for name, result in analysis.methods.items():
        model = model_of(result, analysis.features)
        told = f"{analysis.document.name}: {name}. {analysis.document.description}".strip()
        save_model(model, out / f"{name}.model", description=told, scores=_scores(result))
    written = {f"{name}.model" for name in analysis.methods}
    made = analysis.features.image_rows
    if made is not None and made.is_learned:
        written.add(EMBEDDING)
        _save_embedding(done, made)
    for stale in out.glob("*.model"):
        if stale.name not in written:
            remove(stale)


def _save_embedding(done: ClusteringRun, made: ImageRows) -> None:
    collection = done.collection
    first = next(filter(None, (*collection.prepared, *collection.original)))
    told = f"{done.analysis.document.name}: numbers of an image, learned from the collection"
    save_model(EmbeddingModel(made, read(first)), done.folder / EMBEDDING, description=told)


def groups_table(analysis: Analysis) -> pd.DataFrame:
    """Return a row for each image or object: its group by each method, and how odd it is."""
    import pandas as pd

    collection, main = analysis.features.collection, analysis.main
    names = np.array(collection.names, object)
    columns: dict[str, Any] = {"image": names}
    for key in ("label", "row"):
        if key in collection.rows and analysis.document.rows != "images":
            columns[key] = collection.rows[key].to_numpy()
    columns["group"] = main.labels
    columns["group_distance"] = main.distances
    columns["outlier"] = analysis.outlier
    columns["outlier_rank"] = analysis.outlier_rank
    copies = analysis.duplicate
    columns["duplicate_of"] = np.where(copies >= 0, names[copies], "")
    if analysis.labels is not None:
        columns["known_label"] = np.array(analysis.labels, object)
    for name, result in analysis.methods.items():
        columns[f"group_{name}"] = result.labels
    columns["map_x"], columns["map_y"] = analysis.plane.places.T
    paths = [escaped(path) if path else "" for path in collection.original]
    columns["path"] = np.array(paths, object)
    return pd.DataFrame(columns)


def _features_table(features: FeatureTable) -> pd.DataFrame:
    table = features.table.copy()
    table.insert(0, "image", features.collection.names)
    table.attrs = dict(features.table.attrs)
    return table


def set_aside_table(collection: Collection) -> pd.DataFrame:
    """Return what takes no part, and why."""
    import pandas as pd

    rows = [(each.image, each.why, each.failed) for each in collection.set_aside]
    return pd.DataFrame(rows, columns=["image", "why", "failed"])


def methods_table(analysis: Analysis) -> pd.DataFrame:
    """Return a row for each method: how many groups, and how good they are."""
    import pandas as pd

    rows = []
    for name, result in analysis.methods.items():
        row: dict[str, Any] = {"method": name, "groups": result.groups, "noise": result.noise}
        row |= _scores(result)
        rows.append(row)
    return pd.DataFrame(rows)


def sweeps_table(analysis: Analysis) -> pd.DataFrame | None:
    """Return every value of every sweep, with what came of it."""
    import pandas as pd

    parts = []
    for name, result in analysis.methods.items():
        if result.sweep is not None:
            part = result.sweep.table.copy()
            part.insert(0, "method", name)
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else None


def null_table(analysis: Analysis) -> pd.DataFrame | None:
    """Return the statistic of every table without groups."""
    import pandas as pd

    rows = [
        (name, kind, found.statistic, number, float(value))
        for name, result in analysis.methods.items()
        if result.null is not None
        for kind, found in result.null.kinds.items()
        for number, value in enumerate(found.surrogates)
    ]
    columns = ["method", "by", "statistic", "draw", "value"]
    return pd.DataFrame(rows, columns=columns) if rows else None


def _scores(result: MethodResult) -> dict[str, float]:
    """Return everything by which a method is judged, by name."""
    found = {name: float(value) for name, value in result.indices.items()}
    found |= {k: float(v) for k, v in result.clustering.method.facts.items() if k == "bic"}
    if result.null is not None:
        found["p"] = result.null.p
        found |= {f"p_{kind}": each.p.p for kind, each in result.null.kinds.items()}
    if result.stability is not None:
        found["stability"] = float(np.median(result.stability.ari))
    if result.agreement is not None:
        for name in MEASURES:
            each = getattr(result.agreement, name)
            if each is not None:
                found |= {name: each.estimate, f"{name}_low": each.low, f"{name}_high": each.high}
    return found


def _record(done: ClusteringRun, started: datetime) -> dict[str, Any]:
    analysis, collection = done.analysis, done.collection
    return {
        "graticule": 1,
        "kind": "clustering",
        "version": __version__,
        "name": analysis.document.name,
        "description": analysis.document.description,
        "document": analysis.document.plain,
        "text": analysis.document.text,
        "command": [printable(word) for word in done.command],
        "source": collection.source,
        "rows": len(collection.rows),
        "columns": list(analysis.features.table.columns),
        "left_out": list(analysis.features.left_out),
        "image_rows": analysis.features.image_rows and analysis.features.image_rows.state(),
        "key": digest("clustering", analysis.document.plain),
        "images_key": analysis.features.images_key,
        "table_sha256": collection.sha256,
        "methods": {name: _method_record(each) for name, each in analysis.methods.items()},
        "failed_methods": dict(analysis.failed),
        "kept": [each.plain() for each in done.kept],
        "set_aside": len(collection.set_aside),
        "skipped": [{"path": escaped(path), "why": why} for path, why in collection.skipped],
        "notes": list(collection.notes),
        "versions": installed_versions(_PACKAGES),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(done.seconds, 3),
        "memory": {"peak": peak_bytes()},
    }


def _method_record(result: MethodResult) -> dict[str, Any]:
    return {
        "chain": result.clustering.chain.plain(),
        "chosen": dict(result.chosen),
        "facts": result.clustering.describe(),
        "indices": dict(result.indices),
    }


def failed_images(collection: Collection) -> Mapping[str, str]:
    """Return why something went wrong with an image, by its name."""
    return {each.image: each.why for each in collection.set_aside if each.failed}
