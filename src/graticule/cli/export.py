"""``graticule export``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from graticule.core.errors import ParameterError, RequestError

if TYPE_CHECKING:
    from graticule.core.attribution import Attribution
    from graticule.export.exported import Exported

_SHOWN = 5


def export(
    run: Path,
    /,
    *,
    to: Literal["roi", "geojson", "coco", "tiff", "xlsx", "anndata", "crate"],
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    of: str | None = None,
    author: str | None = None,
    orcid: str | None = None,
    license_: Annotated[str | None, Parameter(name="--license")] = None,
) -> int:
    """Write a finished run in the files of other programs.

    LABELS of each image, exact to the pixel, with the measurements of each object: roi (a ZIP
    for the ROI Manager of ImageJ and Fiji), geojson (detections for QuPath), coco (one JSON file
    for all images, as detectors are trained on), tiff (labels with colours and spacing, which
    Fiji and napari open).

    TABLES with their units: xlsx (a workbook, a sheet for each), anndata (.h5ad of the objects,
    for scanpy and squidpy).

    THE RUN: crate (ro-crate-metadata.json in the run folder itself, by RO-Crate 1.1: who, what,
    versions, the hash of each file). Every run has one; this makes it again, with who answers, the
    files as they are now, and each image also of many.

    Exit status: 0 all written, 1 the run had set images aside, which are named, 2 wrong request.

    Examples: graticule export out --to roi -o rois; graticule export out --to xlsx -o tables;
    graticule export out --to crate --author "A. Name" --orcid 0000-0002-1825-0097

    Try: graticule demo coins -o tried; graticule export tried/coins --to roi -o rois

    Parameters
    ----------
    run
        The folder of a finished run.
    to
        What to write.
    out
        Folder for the files; what has their names there is replaced.
    of
        The output to write of a run with several: labels, a mask, or for anndata a table.
    author
        For a crate: who answers for it; by default GRATICULE_AUTHOR.
    orcid
        For a crate: number of that person; by default GRATICULE_ORCID.
    license_
        For a crate: address of the licence of the data; by default GRATICULE_LICENSE.
    """
    exported = _written(run, to, out, of, author, orcid, license_)
    for note in exported.notes:
        print(f"note: {note}", file=sys.stderr)
    for result in exported.failed:
        what = (result.error or {}).get("what", "")
        print(f"not there, for the run set it aside: {result.image}: {what}", file=sys.stderr)
    shown = ", ".join(map(str, exported.files[:_SHOWN]))
    more = f", and {len(exported.files) - _SHOWN} more" if exported.files[_SHOWN:] else ""
    print(f"-> {shown}{more}")
    return 1 if exported.failed else 0


def _written(
    run: Path,
    to: str,
    out: Path | None,
    of: str | None,
    author: str | None,
    orcid: str | None,
    license_: str | None,
) -> Exported:
    from graticule.cli._training import make_folder
    from graticule.export.annotated import anndata
    from graticule.export.crate import crate
    from graticule.export.label_tiff import tiff
    from graticule.export.outlines import coco, geojson, rois
    from graticule.export.workbook import xlsx
    from graticule.pipeline.opened import recorded

    recorded(run)
    if to == "crate":
        if out is not None or of is not None:
            what = "a crate is the run folder itself, and is written into it"
            raise RequestError(what, hint="leave out --out and --of")
        return crate(run, _attribution(author, orcid, license_))
    for name, given in (("author", author), ("orcid", orcid), ("license", license_)):
        if given is not None:
            raise RequestError(f"--{name} goes with --to crate")
    if out is None:
        hint = "name it, as -o exported"
        raise RequestError(f"--to {to} needs a folder to write into", hint=hint)
    make_folder(out)
    writers = {"roi": rois, "geojson": geojson, "coco": coco, "tiff": tiff, "xlsx": xlsx,
               "anndata": anndata}  # fmt: skip
    return writers[to](run, out, of)


def _attribution(author: str | None, orcid: str | None, license_: str | None) -> Attribution:
    """Return who answers: as the options say, and otherwise the settings."""
    from graticule.core.attribution import Attribution, license_address, orcid_number
    from graticule.core.settings import settings

    known = settings().attribution
    if orcid and not (author or known.author):
        raise RequestError("--orcid needs --author", hint='as --author "A. Name"')
    own = known.orcid if author is None else ""  # the number is of one person
    number = own if orcid is None else _read("--orcid", orcid_number, orcid)
    address = known.license if license_ is None else _read("--license", license_address, license_)
    return Attribution(author or known.author, number, address)


def _read(option: str, reader: Callable[[str], str], text: str) -> str:
    try:
        return reader(text)
    except ParameterError as error:
        raise error.at(option) from None
