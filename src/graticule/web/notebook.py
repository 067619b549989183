"""Pipelines and ops on an image in a notebook: live where its packages are, else as pictures."""

from __future__ import annotations

import importlib.util
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from graticule.core.errors import RequestError
from graticule.core.image import as_image
from graticule.core.op import Op
from graticule.core.registry import get_op
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.report.stages import Stages, show
from graticule.web.folder import ServedFolder

if TYPE_CHECKING:
    from graticule.web.widget import Explorer

_NEEDED = ("anywidget", "starlette")
_HINT = "pip install 'graticule[notebook]'"


@dataclass(frozen=True)
class StaticExplorer:
    """What every step makes of an image, as pictures, and how to get the live view.

    Attributes
    ----------
    stages : Stages
        The pictures.
    missing : str
        The package that the live view needs.
    """

    stages: Stages
    missing: str

    def __repr__(self) -> str:
        return f"{self.stages!r} (live with {_HINT})"

    def _repr_html_(self) -> str:
        note = f"<p>These are pictures; to tune it here: <code>{_HINT}</code> ({self.missing}).</p>"
        return self.stages._repr_html_() + note


def explore(pipeline: Pipeline, image: Any, *, height: int = 640) -> Explorer | StaticExplorer:
    """Show the workbench in a notebook, with a pipeline on an image.

    Parameters
    ----------
    pipeline : Pipeline
        Its first input is the image; further ones are files beside it.
    image : path, DataArray or array_like
        A file is looked at in its folder, where the pipeline and what is painted are kept in
        ``graticule/``; an array in a folder that goes with the widget.
    height : int
        Of the frame, in pixels.

    Returns
    -------
    Explorer or StaticExplorer
        The widget; ``pipeline`` is the pipeline as it was tuned. Without the packages of the
        ``notebook`` extra it is a row of pictures, one for each step.

    Raises
    ------
    RequestError
        If the pipeline has further inputs and the image is no file.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> pipeline = gt.Pipeline.loads("{graticule: 1, steps: {bright: {op: threshold.otsu}}}")
    >>> view = gt.explore(pipeline, np.eye(32))  # shown where it is the last line of a cell
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    is_file = isinstance(image, (str, Path))
    if missing:
        values = read(Path(image)) if is_file else as_image(image)
        return StaticExplorer(show(pipeline, values), missing[0])
    from graticule.web.widget import Explorer

    if is_file:
        file, temporary = Path(image).expanduser().absolute(), None
        folder = ServedFolder(file.parent)
        folder.file(file.name)  # says what is wrong where there is none
    else:
        if len(pipeline.inputs) > 1:
            further = ", ".join(list(pipeline.inputs)[1:])
            raise RequestError(
                f"the pipeline also takes {further}, which must be a file beside the image",
                hint="give the path of the image",
            )
        temporary = tempfile.TemporaryDirectory(prefix="graticule-")
        file = Path(temporary.name) / "image.ome.zarr"
        write(file, as_image(image))
        folder = ServedFolder(file.parent)
    name = _kept(folder, pipeline)
    last = str(pipeline.outputs[0])
    place = {"image": file.name, "pipeline": name, "panes": 2, "active": 1}
    shown = urlencode({**place, "show": f"{pipeline.first_input},{last}"})
    return Explorer(folder.root, shown, folder.pipeline_file(name), height, temporary)


def interact(op: Op | str, image: Any, *, height: int = 560, **parameters: Any) -> Any:
    """Show an op on an image in a notebook, with a slider or a choice for each parameter.

    Parameters
    ----------
    op : callable or str
        As ``gt.threshold.otsu``, or its name.
    image : path, DataArray or array_like
        As `explore` takes it.
    height : int
        Of the frame, in pixels.
    **parameters
        What the parameters are at first.

    Returns
    -------
    Explorer or StaticExplorer
        As of `explore`; ``pipeline`` is the op with its parameters as they were tuned.

    Raises
    ------
    UnknownNameError
        If there is no such op.
    PipelineError
        If the op needs more than an image, or a parameter is wrong.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> view = gt.interact(gt.filters.gaussian, np.eye(32), sigma=2)
    """
    known = get_op(op) if isinstance(op, str) else op
    step = known.name.rpartition(".")[2]
    body = json.dumps({"op": known.name, **parameters}, default=str)
    text = f"graticule: 1\nname: {step}\nsteps:\n  {step}: {body}\n"
    return explore(Pipeline.loads(text), image, height=height)


def _kept(folder: ServedFolder, pipeline: Pipeline) -> str:
    """Return the name under which a pipeline is kept in a folder, beside others of its name."""
    if not pipeline.text:
        raise RequestError("the pipeline has no text", hint="Pipeline.load or Pipeline.loads")
    stem = re.sub(r"[^\w .()+-]", "", pipeline.name).strip(" .") or "pipeline"
    name, number, there = stem, 1, folder.pipelines()
    while name in there and folder.load(name).text != pipeline.text:
        number += 1
        name = f"{stem}-{number}"
    if name not in there:
        folder.save(name, pipeline.text, "")
    return name
