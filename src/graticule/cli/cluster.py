"""``graticule cluster``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from graticule.core.errors import RequestError, UnknownNameError, suggest

if TYPE_CHECKING:
    from graticule.clustering.document import ClusteringDocument
    from graticule.clustering.run import ClusteringRun


def cluster(
    document: str,
    study: Annotated[list[str] | None, Parameter(negative=())] = None,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    workers: int | None = None,
    memory: str | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Sort a collection without labels: which groups, whether they are there, the odd ones first.

    Images are prepared by a pipeline, described by numbers (columns that the pipeline measures,
    an embedding of the prepared image, or a table that is given), and grouped by chains of
    steps. Every method is held against tables without structure, and made again from parts of
    the rows: k-means finds ten groups in anything, and the report says whether these are more.
    Labels, where there are some, judge the groups and never choose them.

    The folder gets groups.csv (group, distance, oddness and near copies of every image),
    methods.csv, sweeps.csv, set_aside.csv with the reason for each, a model file for each method,
    and report.html. Cut off, the same command goes on; with a changed document it takes up what
    was prepared and only groups anew. A bad image is set aside and named.
    Exit status: 0 all done, 1 some images or methods failed, 2 wrong request.

    A document in short: {graticule: 1, task: clustering, study: "cutouts/*.jpg",
    pipeline: galaxies, refuse: refused, features: {columns: [concentration, asymmetry]},
    methods: {mixture: [standardise, {step: gaussian_mixture, n_components: 3}]}}

    Examples: graticule cluster digits_clusters -o out;
    graticule cluster galaxies.yaml "cutouts/*.jpg" -o out;
    graticule cluster cells.yaml objects.csv -o out

    Then, for next year's images, as a step: {op: learn.assign, model: out/mixture.model}

    Try: graticule simulate galaxies -n 30 -o sky; graticule cluster galaxies sky/images -o groups

    Parameters
    ----------
    document
        A clustering document (YAML), a folder with clustering.yaml, or the name of a recipe.
    study
        Files, folders or patterns of images, or one table (CSV, Parquet); by default what the
        document names, or the example of a recipe.
    out
        The folder.
    workers
        Threads or processes; by default one for each processor.
    memory
        Memory of the process, as 2GB.
    overwrite
        Write into a folder that holds something else.
    """
    from graticule.cli.console import announce_compilation, progress_bar
    from graticule.clustering.document import load
    from graticule.clustering.run import run
    from graticule.recipes import prepared_by
    from graticule.report.clustering.page import write

    path = require_clustering_path(document)
    loaded = load(path)
    pipeline = prepared_by(loaded)
    given = _study(loaded, path, study or [], out)
    announce_compilation()
    done = run(
        loaded,
        given,
        out,
        pipeline=pipeline,
        workers=workers,
        memory=memory,
        overwrite=overwrite,
        command=["graticule", *sys.argv[1:]],
        progress=progress_bar,
        report=write,
    )
    return _tell(done)


def require_clustering_path(name_or_path: str) -> Path:
    """Return the file of a clustering document: a YAML file, in a folder, or of a recipe.

    Raises
    ------
    GraticuleError
        If there is none.
    """
    from graticule.recipes import CLUSTERING, clusterings

    path = Path(name_or_path).expanduser()
    if path.is_file() and path.suffix.lower() in (".yaml", ".yml"):
        return path
    if (path / CLUSTERING).is_file():
        return path / CLUSTERING
    known = clusterings()
    found = known.get(name_or_path.removeprefix("recipes/"))
    if found is not None:
        return found
    if path.suffix.lower() in (".yaml", ".yml"):
        raise RequestError("there is no such clustering document", where=name_or_path)
    raise UnknownNameError(
        f"{name_or_path!r} is neither a clustering document (a YAML file) nor a recipe with one",
        hint=suggest(name_or_path, list(known)),
    )


def _study(document: ClusteringDocument, path: Path, given: list[str], out: Path) -> list[str]:
    """Return the study: what was given, what the document names, or a recipe's example."""
    from graticule.clustering.document import require_study
    from graticule.recipes import clusterings, make_collection

    names = {file: name for name, file in clusterings().items()}
    if given or path not in names:
        return require_study(document, given)
    folder = out.absolute().parent / f"{out.name}-images"
    if not folder.is_dir():
        make_collection(names[path], folder)
    return require_study(document, [str(folder)])


def _tell(done: ClusteringRun) -> int:
    """Say what was found and where it lies, and return the exit status."""
    from graticule.cli.console import print_skipped, print_table
    from graticule.clustering.run import failed_images, methods_table
    from graticule.report.clustering.words import answer

    analysis, collection = done.analysis, done.collection
    for sentence in answer(analysis):
        print(sentence)
    table = methods_table(analysis)
    print_table(table[[name for name in table if not str(name).endswith(("_low", "_high"))]])
    aside = len(collection.set_aside)
    told = f", {aside} set aside (set_aside.csv)" if aside else ""
    print(f"{len(collection.rows)} {collection.noun}s grouped{told} -> {done.folder}")
    print(f"report: {done.folder / 'report.html'}")
    model = done.folder / f"{analysis.main.name}.model"
    op = "learn.assign_image" if analysis.features.image_columns else "learn.assign"
    print(f"in a pipeline: {{op: {op}, model: {model}}}")
    print_skipped(collection.skipped)
    for sentence in analysis.features.left_out:
        print(f"note: {sentence}", file=sys.stderr)
    failed = failed_images(collection)
    for image, why in list(failed.items())[:20]:
        print(f"failed: {image}: {why}", file=sys.stderr)
    if len(failed) > 20:
        print(f"and {len(failed) - 20} more, all in set_aside.csv", file=sys.stderr)
    for method, why in analysis.failed.items():
        print(f"failed: {method}: {why}", file=sys.stderr)
    return 1 if failed or analysis.failed else 0
