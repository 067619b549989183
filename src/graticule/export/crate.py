"""The RO-Crate of a finished run, made again: every file hashed as it is now, with who answers."""

from __future__ import annotations

from pathlib import Path

from graticule.core.attribution import Attribution
from graticule.export.exported import Exported
from graticule.pipeline.crate import write_crate
from graticule.pipeline.opened import open_run, recorded


def crate(folder: Path, who: Attribution) -> Exported:
    """Write the metadata of a run into its folder, with each of its images and files."""
    run = open_run(folder)
    target = write_crate(folder, recorded(folder), run.results, who, each=None)
    return Exported([target], (), run.failed)
