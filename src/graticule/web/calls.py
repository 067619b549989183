"""What may be asked over HTTP: each call with what it takes, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from graticule.core.errors import RequestError
from graticule.recipes import clusterings, make_collection, make_example, question_of, recipes
from graticule.version import __version__
from graticule.web.classifier_settings import Settings
from graticule.web.folder import OWN
from graticule.web.groupings import suggest_clustering
from graticule.web.parsed import described_ops
from graticule.web.starting import Start
from graticule.web.workbench import Workbench

_PNG = "image/png"
Method = Literal["GET", "POST", "PUT", "DELETE"]
_Text = Annotated[str, Field(max_length=2**20)]
_Name = Annotated[str, Field(max_length=1000)]


class Nothing(BaseModel):
    """What a call takes that takes nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class OfImage(Nothing):
    """An image, by its path from the folder."""

    path: _Name


class OfName(Nothing):
    """A recipe, a pipeline or an op, by its name."""

    name: _Name


class OfText(Nothing):
    """A pipeline as it is written."""

    text: _Text


class Saving(Nothing):
    """A pipeline to be kept, and the revision that it is a change of; none of a new one."""

    name: _Name
    text: _Text
    revision: _Name = ""


class OfView(Nothing):
    """How an image is looked at with a pipeline; without an image, what all images share."""

    path: _Name = ""
    pipeline: _Name = ""


class Viewing(OfView):
    """What is to be kept of a view beside what is; with null it is forgotten."""

    values: Annotated[dict[_Name, Any], Field(max_length=1000)]


class OfLayer(Nothing):
    """Painted labels beside an image."""

    path: _Name
    layer: _Name


class Correcting(Nothing):
    """The image whose labels are corrected, and the step that they are begun from, if any.

    With ``anew`` they are begun again where they were.
    """

    path: _Name
    text: _Text = ""
    of: _Name = ""
    pipeline: _Name = ""
    anew: bool = False


class Running(Nothing):
    """A kept pipeline, and the image that it is run on; without one on all."""

    pipeline: _Name
    path: _Name | None = None


class OfClassifier(Nothing):
    """What learns from painted labels, by its name, and from which layer."""

    name: _Name
    layer: _Name


class Choosing(OfClassifier):
    """What a classifier is to be."""

    settings: Settings


class Training(OfClassifier):
    """A classifier that is to learn, and what its classes are called."""

    classes: Annotated[dict[int, _Name], Field(max_length=255)] = {}


class Regrouping(OfName):
    """Images that go to other groups; with null back to that which was found."""

    groups: Annotated[dict[_Name, int | None], Field(max_length=200_000)]


class Clustering(Nothing):
    """A clustering document that is kept here, or a recipe with its own images."""

    name: _Name
    example: bool = False


class OfTask(Nothing):
    """A task, by its number."""

    id: _Name


@dataclass(frozen=True)
class Call:
    """What may be asked.

    Attributes
    ----------
    method, path : str
        As HTTP has them.
    takes : type
        A model of the query, or of the JSON of the request.
    answer : callable
        ``answer(workbench, asked)``: JSON values, or a response.
    in_query : tuple of str
        What stands in the query although there is a body.
    """

    method: Method
    path: str
    takes: type[Nothing]
    answer: Callable[[Workbench, Any], Any]
    in_query: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it does, in words."""
        return (self.answer.__doc__ or "").partition("\n")[0]


def _start(bench: Workbench, asked: Nothing) -> Any:
    """Return the images and pipelines of the folder, and the examples."""
    told = {name: question_of(name) for name in recipes()}
    return {
        "version": __version__,
        "folder": bench.folder.root.name,
        "images": [{"path": path, "name": Path(path).name} for path in bench.folder.images()],
        "pipelines": bench.folder.pipelines(),
        "examples": [{"name": n, "title": title, "summary": s} for n, (title, s) in told.items()],
    }


def _ops(bench: Workbench, asked: Nothing) -> Any:
    """Return all ops, with the JSON schema of their parameters."""
    return described_ops()


def _thumbnail(bench: Workbench, asked: OfImage) -> Any:
    """Return a small picture of an image, as PNG."""
    return Response(bench.engine.ask("thumbnail", asked.path), media_type=_PNG)


def _illustration(bench: Workbench, asked: OfName) -> Any:
    """Return what an op makes of its own example, as PNG; or why it has no picture."""
    found = bench.engine.ask("illustration", asked.name)
    return {"without": found} if isinstance(found, str) else Response(found, media_type=_PNG)


def _open(bench: Workbench, asked: OfImage) -> Any:
    """Return the dims, sizes and spacing of an image, and its coarsest level."""
    return bench.engine.ask("about", asked.path)


def _example(bench: Workbench, asked: OfName) -> Any:
    """Make the example of a recipe, and a pipeline of its name."""
    name, known = asked.name, recipes()
    if name not in known:
        raise RequestError("there is no such example", where=name[:100])
    folder = bench.folder.example_folder(name)
    if not folder.is_dir():
        make_example(name, folder)
    if name not in bench.folder.pipelines():
        bench.folder.save(name, (known[name] / "pipeline.yaml").read_text("utf-8"), "")
    first = bench.engine.ask("first_of", bench.folder.load(name).text, folder)
    return {"path": first.relative_to(bench.folder.root).as_posix(), "pipeline": name}


def _load(bench: Workbench, asked: OfName) -> Any:
    """Return the text of a pipeline, and its revision."""
    saved = bench.folder.load(asked.name)
    return {"name": asked.name, "text": saved.text, "revision": saved.revision}


def _save(bench: Workbench, asked: Saving) -> Any:
    """Keep a pipeline; 409 with the text that is there, if it was changed elsewhere."""
    saved = bench.folder.save(asked.name, asked.text, asked.revision)
    bench.tell_all({"type": "changed", "pipeline": asked.name, "revision": saved.revision})
    return {"revision": saved.revision}


def _view(bench: Workbench, asked: OfView) -> Any:
    """Return how an image was last looked at with a pipeline; empty if it never was."""
    return bench.views.load(asked.path, asked.pipeline)


def _keep_view(bench: Workbench, asked: Viewing) -> Any:
    """Keep how an image is looked at, in a file of the folder."""
    bench.views.change(asked.values, asked.path, asked.pipeline)
    return {}


def _layer(bench: Workbench, asked: OfLayer) -> Any:
    """Open painted labels beside an image, and say how a pipeline reads them."""
    return bench.engine.ask("layer", asked.path, asked.layer)


def _correct(bench: Workbench, asked: Correcting) -> Any:
    """Open corrected labels beside an image, or have them begun from the result of a step."""
    start = Start(asked.path, asked.text, asked.of, asked.pipeline)
    return bench.engine.ask("correct", start, asked.anew)


def _classifier(bench: Workbench, asked: OfName) -> Any:
    """Return what a classifier is, how a pipeline takes its model, and if there is one."""
    return bench.engine.ask("classifier", asked.name)


def _choose(bench: Workbench, asked: Choosing) -> Any:
    """Change the features or the estimator of a classifier."""
    return bench.engine.ask("choose", asked.name, asked.layer, asked.settings)


def _train(bench: Workbench, asked: Training) -> Any:
    """Let a classifier learn from all that is painted in the folder, and write its model."""
    return bench.engine.ask("train", asked.name, asked.layer, asked.classes)


def _evaluate(bench: Workbench, asked: OfName) -> Any:
    """Begin to judge a classifier on painted labels that it has not learned from."""
    document = bench.engine.ask("written", asked.name)
    out = bench.folder.run_folder(f"{asked.name}-evaluation")
    title = f"evaluation of {asked.name}"
    return {"task": bench.tasks.evaluate(title, document, bench.folder.root, out).number}


def _groupings(bench: Workbench, asked: Nothing) -> Any:
    """Return the clusterings in the folder, and what may be clustered."""
    return {
        "clusterings": bench.groupings.listed(),
        "documents": bench.folder.clusterings(),
        "examples": list(clusterings()),
    }


def _grouping(bench: Workbench, asked: OfName) -> Any:
    """Return the groups of a clustering, and what was regrouped by hand."""
    return bench.groupings.about(asked.name)


def _regroup(bench: Workbench, asked: Regrouping) -> Any:
    """Put images into other groups; they are kept in a sheet."""
    bench.groupings.regroup(asked.name, asked.groups)
    bench.tell_all({"type": "regrouped", "name": asked.name})
    return {}


def _cluster(bench: Workbench, asked: Clustering) -> Any:
    """Begin to group images as a clustering document says."""
    document = bench.folder.clustering_file(asked.name)
    given = [bench.folder.root / each for each in _own_images(bench)]
    if asked.example:
        if asked.name not in clusterings():
            raise RequestError("there is no such example", where=asked.name[:100])
        document = clusterings()[asked.name]
        images = bench.folder.example_folder(asked.name)
        if not images.is_dir():
            make_collection(asked.name, images)
        given = [images]
    else:
        if not document.exists():
            suggest_clustering(document)
        bench.folder.require_clusters(document)
    out = bench.folder.run_folder(f"{asked.name}-groups")
    title = f"groups of {asked.name}"
    return {"task": bench.tasks.cluster(title, document, given, out).number}


def _own_images(bench: Workbench) -> list[str]:
    """Return the images of the folder without those of examples."""
    return [each for each in bench.folder.images() if not each.startswith(f"{OWN}/")]


def _check(bench: Workbench, asked: OfText) -> Any:
    """Return the steps of a pipeline, and every fault with its line."""
    return bench.parsed.check(asked.text)


def _run(bench: Workbench, asked: Running) -> Any:
    """Begin a run of a pipeline."""
    text = bench.folder.load(asked.pipeline).text
    if asked.path is not None:
        images, what = [bench.folder.file(asked.path)], Path(asked.path).name
    else:
        images = [bench.folder.root / each for each in _own_images(bench)]
        what = "all images"
    if bench.parsed.pipeline(text).is_paired:
        images = [bench.folder.root]
    bench.engine.ask("before_run", text, images)
    task = bench.tasks.start(
        f"{asked.pipeline} on {what}",
        bench.folder.pipeline_file(asked.pipeline),
        images,
        bench.folder.run_folder(asked.pipeline),
    )
    return {"task": task.number}


def _tasks(bench: Workbench, asked: Nothing) -> Any:
    """Return the runs, how far they are, and their reports."""
    return bench.tasks.listed()


def _cancel(bench: Workbench, asked: OfTask) -> Any:
    """End a run; what it had done is kept, and the next goes on from it."""
    bench.tasks.cancel(asked.id)
    return bench.tasks.listed()


CALLS = (
    Call("GET", "/api/start", Nothing, _start),
    Call("GET", "/api/ops", Nothing, _ops),
    Call("GET", "/api/thumbnail", OfImage, _thumbnail),
    Call("GET", "/api/illustration", OfName, _illustration),
    Call("POST", "/api/open", OfImage, _open),
    Call("POST", "/api/example", OfName, _example),
    Call("GET", "/api/pipeline", OfName, _load),
    Call("PUT", "/api/pipeline", Saving, _save, ("name",)),
    Call("GET", "/api/view", OfView, _view),
    Call("PUT", "/api/view", Viewing, _keep_view, ("path", "pipeline")),
    Call("POST", "/api/check", OfText, _check),
    Call("POST", "/api/layer", OfLayer, _layer),
    Call("POST", "/api/correct", Correcting, _correct),
    Call("GET", "/api/classifier", OfName, _classifier),
    Call("PUT", "/api/classifier", Choosing, _choose, ("name",)),
    Call("POST", "/api/train", Training, _train),
    Call("GET", "/api/groupings", Nothing, _groupings),
    Call("GET", "/api/grouping", OfName, _grouping),
    Call("PUT", "/api/grouping", Regrouping, _regroup, ("name",)),
    Call("POST", "/api/cluster", Clustering, _cluster),
    Call("POST", "/api/evaluate", OfName, _evaluate),
    Call("POST", "/api/run", Running, _run),
    Call("GET", "/api/tasks", Nothing, _tasks),
    Call("DELETE", "/api/task", OfTask, _cancel),
)


def openapi() -> dict[str, Any]:
    """Return the calls as an OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        schema = call.takes.model_json_schema()
        known = schema.get("properties", {})
        has_body = call.method in ("POST", "PUT")
        query = [name for name in known if not has_body or name in call.in_query]
        told: dict[str, Any] = {
            "summary": call.summary,
            "parameters": [
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", []),
                    "schema": known[name],
                }
                for name in query
            ],
            "responses": {
                "200": {"description": "what was asked for"},
                "400": {"description": "a fault, in words", "content": _JSON},
                "403": {"description": "without the token, or from elsewhere", "content": _JSON},
            },
        }
        if has_body:
            rest = {name: value for name, value in known.items() if name not in query}
            required = [name for name in schema.get("required", []) if name in rest]
            body = {"type": "object", "properties": rest, "required": required}
            told["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": body}},
            }
        paths.setdefault(call.path, {})[call.method.lower()] = told
    header = {"type": "apiKey", "in": "header", "name": "X-Graticule-Token"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Graticule workbench", "version": __version__},
        "paths": paths,
        "components": {"securitySchemes": {"token": header}},
        "security": [{"token": []}],
    }


_FAULT = {
    "type": "object",
    "properties": {"fault": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("what", "where", "hint")},
    }},
}  # fmt: skip
_JSON = {"application/json": {"schema": _FAULT}}
