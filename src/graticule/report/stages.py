"""Every stage of a pipeline on one image: a row of pictures with their histograms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from graticule.core.errors import GraticuleError, RequestError
from graticule.core.image import Kind, as_image
from graticule.report._sklearn_stages import Samples, StageResult, is_sklearn, run_stages
from graticule.report.grid import plain
from graticule.report.html import fragment, save
from graticule.report.preview import Picture, picture_of
from graticule.report.strip import Panel, panel_of
from graticule.report.wording import file_of, number, parameters, unit
from graticule.version import __version__

_row_number = itertools.count()


@dataclass(frozen=True)
class Stages:
    """The stages of a pipeline on one image; a notebook shows them as a row of pictures.

    Attributes
    ----------
    title : str
        Name of the pipeline.
    panels : tuple of Panel
        Inputs and steps in order, each with its picture and its histogram.
    values : mapping
        What each stage gave, by its name: images as they are, not made small.
    """

    title: str
    panels: tuple[Panel, ...]
    values: Mapping[str, Any]

    def __repr__(self) -> str:
        names = " > ".join(panel.name for panel in self.panels)
        return f"<Stages of {self.title}: {names}>"

    def _repr_html_(self) -> str:
        rules = (files("graticule.report") / "strip.css").read_text("utf-8").splitlines()
        scoped = "".join(f".graticule-stages {rule}\n" for rule in rules if rule)
        about = {"title": self.title, "note": "", "panels": self.panels, "style": _BASE + scoped}
        return fragment("stages.html", about)

    def save(self, path: str | Path) -> Path:
        """Write the row as a page that needs nothing else.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        content = {
            "title": self.title,
            "version": __version__,
            "row": self._repr_html_(),
            "style": _PAGE,
        }
        return save(fragment("stages_page.html", content), Path(path).expanduser().absolute())


_BASE = """.graticule-stages {
  --soft: #7a8490; --line: #9aa5b155; --shade: #9aa5b122; --accent: #2f7fb5;
  font: 14px/1.45 system-ui, sans-serif;
}
.graticule-stages h4 { font-size: .95rem; margin: 0 0 .2rem; }
.graticule-stages .soft { color: var(--soft); }
.graticule-stages .small { font-size: .85rem; }
"""
_PAGE = "body { margin: 1.5rem; color: #1f2933; background: #fff; }\n"


def show(
    pipeline: Any,
    image: Any,
    *,
    inputs: Mapping[str, Any] | None = None,
    samples: Samples = "auto",
) -> Stages:
    """Show what every stage of a pipeline makes of an image.

    Parameters
    ----------
    pipeline : Pipeline or sklearn.pipeline.Pipeline
        Of Graticule, or of scikit-learn with steps that take images, or rows of pixels. A
        scikit-learn step that is not fitted and needs no labels is fitted to this image, and
        its panel says so; the pipeline itself is not changed.
    image : DataArray or array_like
        Computed whole, in memory.
    inputs : mapping, optional
        Images for the further inputs of a Graticule pipeline, by name.
    samples : {"auto", "images", "pixels"}
        What the first step of a scikit-learn pipeline takes: the image as it is, or a row per
        pixel with a column per channel. By default what it was fitted to; one that was fitted
        to nothing takes the image if it has nothing to learn, and pixels else.

    Returns
    -------
    Stages
        A notebook shows it; ``save`` writes it as a page; ``values`` holds the images.

    Raises
    ------
    RequestError
        If it is no pipeline, an input is missing, or a step needs to be fitted first.
    GraticuleError
        What a step finds wrong, with the name of the step.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> image = np.random.default_rng(0).normal(size=(32, 32)); image[8:20, 8:20] += 5
    >>> gt.show(make_pipeline(StandardScaler(), KMeans(2, random_state=0)), image)
    <Stages of StandardScaler > KMeans: image > standardscaler > kmeans>
    """
    if hasattr(pipeline, "first_input"):
        title, results = pipeline.name, list(_run_pipeline(pipeline, image, inputs or {}))
    elif is_sklearn(pipeline):
        title = " > ".join(type(step).__name__ for _, step in pipeline.steps)
        results = run_stages(pipeline, as_image(image), samples)
    else:
        raise RequestError(
            f"a pipeline of Graticule or scikit-learn is needed, not {type(pipeline).__name__}",
            hint="Pipeline.load(path), or sklearn.pipeline.make_pipeline(...)",
        )
    return Stages(title, tuple(_panels(results)), {one.name: one.value for one in results})


def _run_pipeline(pipeline: Any, image: Any, inputs: Mapping[str, Any]) -> Iterator[StageResult]:
    """Give the inputs and what every step makes of them."""
    from graticule.pipeline.evaluate import Evaluation

    needed = [name for name in pipeline.inputs if name != pipeline.first_input]
    missing = [name for name in needed if name not in inputs]
    if missing or set(inputs) - set(needed):
        raise RequestError(
            f"the pipeline takes {', '.join(needed) or 'nothing'} beside the image, "
            f"not {', '.join(inputs) or 'nothing'}",
            hint="show(pipeline, image, inputs={name: image})",
        )
    data = {
        name: value if isinstance(value, pd.DataFrame) else pipeline.inputs[name].prepare(value)
        for name, value in {pipeline.first_input: image, **inputs}.items()
    }
    yield from (StageResult(name, "", {}, value) for name, value in data.items())
    evaluation = Evaluation(pipeline, data)
    for name, step in pipeline.steps.items():
        outputs = evaluation.outputs_of(name)
        seconds = evaluation.facts[name].seconds
        for output, value in zip(step.op.outputs, outputs, strict=True):
            label = f"{name}.{output.name}" if len(outputs) > 1 else name
            params = {key: _spoken(each) for key, each in step.params.items()}
            words, names = _words(value), _classes(step.params)
            yield StageResult(
                label, step.op.name, params, value, output.kind, seconds, words, names
            )


def _classes(params: Mapping[str, Any]) -> dict[int, str] | None:
    """Return the names of the classes of a model among the parameters, by their values."""
    files = (value.described() for value in params.values() if hasattr(value, "described"))
    named = {
        value: name for file in files
        for value, name in zip(file.get("values", ()), file.get("classes", ()), strict=True)
    }  # fmt: skip
    return named or None


def _spoken(value: Any) -> Any:
    if hasattr(value, "described"):
        return file_of(**{key: value.described()[key] for key in ("file", "kind", "sha256")})
    plain = isinstance(value, bool | int | float | str | list | tuple) or value is None
    return value if plain else str(value)


def _words(value: Any) -> str:
    """Return a table or a record in words; nothing for what is drawn."""
    if not isinstance(value, pd.DataFrame):
        return "" if isinstance(value, xr.DataArray) else "no picture"
    units = value.attrs.get("units", {})
    if len(value) != 1:
        return f"a table of {len(value):,} rows: {', '.join(map(str, value.columns[:8]))}"
    texts = [
        f"{name} = {number(plain(value[name].iloc[0]))} {unit(units.get(name, ''))}".strip()
        for name in value.columns[:6]
    ]
    return ", ".join(texts)


def _panels(results: list[StageResult]) -> Iterator[Panel]:
    """Give a panel for each; masks are outlined on the first image of their shape."""
    from graticule.pipeline.preview import to_picture

    row = next(_row_number)
    grounds: list[Picture] = []
    for index, one in enumerate(results):
        about: dict[str, Any] = {
            "name": one.name,
            "op": one.op,
            "params": parameters(one.params),
            "seconds": one.seconds,
        }
        if not isinstance(one.value, xr.DataArray):
            yield Panel(**about, note=one.note)
            continue
        picture = picture_of(*to_picture(one.value, one.kind)).flat()
        under = next((g for g in grounds if g.values.shape[:2] == picture.values.shape[:2]), None)
        if picture.kind == Kind.IMAGE and len(picture.axes) >= 2:
            grounds.append(picture)
        ground = under if picture.kind == Kind.MASK else None
        try:
            panel = panel_of(picture, f"stage-{row}-{index}", ground, classes=one.classes, **about)
        except (GraticuleError, ValueError, TypeError, IndexError) as error:
            panel = Panel(**about, note=f"This picture cannot be drawn: {error}")
        yield replace(panel, note=", ".join(text for text in (panel.note, one.note) if text))
