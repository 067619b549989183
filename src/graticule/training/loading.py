"""Images and labels of a training document, from files; and the refusal of those already seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import xarray as xr

from graticule.core.errors import CheckError, GraticuleError, RequestError
from graticule.io import content_hash, read
from graticule.io.companions import pair_by_template
from graticule.io.format import within
from graticule.io.outlines import as_large_as
from graticule.io.pairing import Pair, Pairing, pair_files
from graticule.io.reading import read_single_channel
from graticule.learn.crossval.split import groups_by_pattern
from graticule.learn.data.input_spec import as_grey
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import ExtraSpec, FixedTestSet, TrainingDocument
from graticule.learn.methods.method import Method
from graticule.pipeline.folder import result_files

_NAMED = 4
_MOST_BYTES = 2_000_000_000
"""Images that take less are held in memory."""


@dataclass(frozen=True)
class LoadedImages:
    """Images with labels, from files.

    Attributes
    ----------
    data : LabelledImages
        The images, in memory where they take less than 2 GB.
    extra : dict of LabelledImages
        Further training images by name.
    files : tuple of Path
        All files that were read.
    missing : tuple of str
        What had no partner, in words.
    scored_files : tuple of Path
        Those of the images that are judged on, without their labels.
    test : LabelledImages or None
        The fixed test set; its files are not among ``files``, for nothing is learned from them.
    """

    data: LabelledImages
    extra: Mapping[str, LabelledImages] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()
    scored_files: tuple[Path, ...] = ()
    test: LabelledImages | None = None


class ImageFiles:
    """How images and labels come from their files; what is open elsewhere may come from there."""

    def image(self, training: TrainingDocument, path: Path) -> xr.DataArray:
        """Return an image as a document says it is to be taken."""
        return read_image(training, path)

    def labels(self, training: TrainingDocument, path: Path) -> xr.DataArray:
        """Return a label image, or one of targets."""
        return read_single_channel(within(path, training.inputs.labels.dataset))

    def held(self, images: list[xr.DataArray]) -> list[xr.DataArray]:
        """Return images as they are learned from, in memory where there is room."""
        return held_in_memory(images)


def load_images(
    training: TrainingDocument,
    images: Path,
    labels: Path | None = None,
    *,
    files: ImageFiles | None = None,
) -> LoadedImages:
    """Read the images and labels a document is to be applied to, and its extra ones.

    Parameters
    ----------
    training : TrainingDocument
        The document.
    images, labels : Path
        A file or a folder of files each; what belongs together has the same name but for the
        ending and a last word such as ``_mask`` or ``_labels``. Without labels they are where
        ``inputs.labels.path`` of the document says, of as many images as have some.
    files : ImageFiles, optional
        How they are read.

    Raises
    ------
    GraticuleError
        Naming the file at fault.
    """
    reading = files or ImageFiles()
    pairing = _pairing(training, images, labels, reading)
    groups = None
    if training.split.by == "group":
        groups = groups_by_pattern([each.name for each in pairing.pairs], training.split.group)
    data = _data(training, pairing.pairs, groups, reading)
    _require_named(training, data)
    missing = _missing(pairing)
    used = {source for method in training.methods.values() for source in method.on}
    extra, paths = {}, _files(pairing.pairs)
    for name in training.extra:
        if name in used:
            extra[name], own = _extra(training, name, data)
            paths += _files(own.pairs)
            missing += [f"extra.{name}: {words}" for words in _missing(own)]
    scored_files = [each.result for each in pairing.pairs]
    test = None
    if training.split.test is not None:
        first = pairing.pairs[0]
        test, own = _further(training, training.split.test, data, "split.test", first)
        scored_files += [each.result for each in own.pairs]
        missing += [f"split.test: {words}" for words in _missing(own)]
    return LoadedImages(data, extra, tuple(paths), tuple(missing), tuple(scored_files), test)


def _pairing(
    training: TrainingDocument, images: Path, labels: Path | None, files: ImageFiles
) -> Pairing:
    template = training.inputs.labels.path
    if labels is not None:
        return _pairs(images, labels)
    if not template:
        raise RequestError(
            "needs labels", where=training.source, hint="name them, or say inputs.labels.path"
        )
    found = pair_by_template(images, template)
    if training.labels == "mask":
        return found
    drawn = [each for each in found.pairs if bool(files.labels(training, each.truth).any())]
    if not drawn:
        raise RequestError(f"every {template} is empty", where=str(images), hint="draw labels")
    return replace(found, pairs=tuple(drawn))


def _pairs(images: Path, labels: Path) -> Pairing:
    return pair_files(images, labels, words=("image", "label image"), files=result_files)


def _missing(pairing: Pairing) -> list[str]:
    """Return in words what has no partner."""
    missing = [f"{name} has no labels" for name in pairing.without_truth]
    return missing + [f"{name} are labels without an image" for name in pairing.without_result]


def _files(pairs: Sequence[Pair]) -> list[Path]:
    return [file for each in pairs for file in (each.result, each.truth)]


def _data(
    training: TrainingDocument, pairs: Sequence[Pair], groups: Any, files: ImageFiles
) -> LabelledImages:
    images = [files.image(training, each.result) for each in pairs]
    labels = [
        _target(training, e.truth, image, files) for e, image in zip(pairs, images, strict=True)
    ]
    require_alike(images, [each.result for each in pairs])
    images = files.held(images)
    try:
        return LabelledImages.of(
            images,
            labels,
            names=[each.name for each in pairs],
            groups=groups,
            kind=training.labels,
            named=dict(training.classes),
            regression=training.task == "regression",
        )
    except GraticuleError as error:
        where = str(pairs[0].truth) if len(pairs) == 1 else str(pairs[0].truth.parent)
        raise error.at(where) from None


def held_in_memory(images: list[xr.DataArray]) -> list[xr.DataArray]:
    """Return images in memory, unless they take more than 2 GB together."""
    if sum(image.nbytes for image in images) < _MOST_BYTES:
        return [image.compute(scheduler="synchronous") for image in images]
    return images


def _require_named(training: TrainingDocument, data: LabelledImages) -> None:
    """Refuse names for values that no label has: such a class would not be learned."""
    values = [each.value for each in data.classes]
    named = training.classes.items()
    unknown = [f"{value} ({name})" for value, name in named if value not in values]
    if not unknown:
        return
    means = f"the labels hold {', '.join(map(str, values))}"
    hint = "correct the value, or take the name away"
    if data.kind == "mask":
        means = "a mask has 0 for background and 1 for object"
        hint = "whatever is not 0 in the files is 1, object"
    what = f"classes names {', '.join(unknown)}, which no label image holds; {means}"
    raise RequestError(what, where=training.source, hint=hint)


def require_alike(images: Sequence[xr.DataArray], paths: Sequence[Path]) -> None:
    """Refuse images of different dims or channels, by their files."""

    def axes(image: xr.DataArray) -> str:
        dims = " ".join(str(dim) for dim in image.dims if dim != "c")
        return f"{dims} with {image.sizes['c']} channels" if "c" in image.dims else dims

    kinds: dict[str, list[int]] = {}
    for number, image in enumerate(images):
        kinds.setdefault(axes(image), []).append(number)
    if len(kinds) == 1:
        return
    colours = {image.sizes.get("c", 0) for image in images}
    bare = {tuple(dim for dim in image.dims if dim != "c") for image in images}
    hint = "give images of one kind, or convert them"
    if colours <= {0, 1, 3, 4} and len(bare) == 1:
        hint = (
            "say inputs: {image: {channels: grey}} in the document, and all are brought to one "
            "grey, in training and by the model; or learn from grey: write grey.yaml with "
            "{graticule: 1, name: grey, steps: {grey: {op: transform.grey}}, outputs: [grey]}, "
            f"call graticule run grey.yaml {paths[-1].parent} -o grey, and give grey as "
            "the images"
        )
    others = [
        f"{axes(images[numbers[0]])}: {some([str(paths[n]) for n in numbers])}"
        for numbers in kinds.values()
    ]
    other = next(n for n, image in enumerate(images) if axes(image) != axes(images[0]))
    raise RequestError(
        f"the image has {axes(images[other])}, and {paths[0]} has {axes(images[0])}; of all, "
        f"{'; '.join(others)}",
        where=str(paths[other]),
        hint=hint,
    )


def some(names: Sequence[str]) -> str:
    """Return names as a list, or the first of many and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def read_image(training: TrainingDocument, path: Path) -> xr.DataArray:
    """Return an image from a file as a document says it is to be taken."""
    spec = training.inputs.image
    image = read(within(path, spec.dataset), dims=spec.dims, spacing=spec.spacing or None)
    others = [dim for dim in image.dims if image.sizes[dim] == 1 and dim not in ("y", "x")]
    image = image.squeeze(others, drop=True) if image.ndim > 2 else image
    if spec.channels == "grey":
        return _grey(image, path)
    if image.sizes.get("c") in (3, 4) and image.dtype.kind == "u":
        # a grey picture saved as colour has three equal channels
        colours = image.isel(c=slice(0, 3))
        if bool((colours == colours.isel(c=0)).all()):
            return colours.isel(c=0, drop=True)
    return image


def _grey(image: xr.DataArray, path: Path) -> xr.DataArray:
    if image.sizes.get("c", 3) not in (3, 4):
        raise RequestError(
            f"has {image.sizes['c']} channels, which are no colours to be brought to one grey",
            where=str(path),
            hint="leave inputs.image.channels out, and give images of as many channels each",
        )
    return as_grey(image)


def _target(
    training: TrainingDocument, path: Path, image: xr.DataArray, files: ImageFiles
) -> xr.DataArray:
    values = files.labels(training, path)
    try:
        values = as_large_as(values, image)
    except GraticuleError as error:
        raise error.at(str(path)) from None
    if training.task == "regression" or values.dtype.kind != "f":
        return values
    if bool((values == values.round()).all()):
        return values.astype("int64")
    raise RequestError(
        "holds fractions; labels are whole numbers, 0 for unlabelled or background",
        where=str(path),
        hint="for continuous targets say task: regression",
    )


def _extra(
    training: TrainingDocument, name: str, data: LabelledImages
) -> tuple[LabelledImages, Pairing]:
    """Return further training images; their classes are those of the given ones."""
    spec = training.extra[name]
    where = f"extra.{name}"
    if not spec.simulate:
        return _further(training, spec, data, where)
    from graticule.simulate.dataset import samples

    simulated = list(
        samples(spec.simulate, spec.count, seed=spec.seed, parameters=dict(spec.parameters))
    )
    images, labels = [each.image for each in simulated], [each.labels for each in simulated]
    if training.inputs.image.channels == "grey":
        images = [as_grey(image) for image in images]
    names = [each.name for each in simulated]
    return _with_known_classes(training, images, labels, names, data, where), Pairing(())


def _further(
    training: TrainingDocument,
    spec: ExtraSpec | FixedTestSet,
    data: LabelledImages,
    where: str,
    first: Pair | None = None,
) -> tuple[LabelledImages, Pairing]:
    """Return further images from files; with a ``first`` pair they must be like its image."""
    try:
        pairing = _pairs(training.folder / spec.images, training.folder / spec.labels)
    except GraticuleError as error:
        raise error.at(where) from None
    pairs = pairing.pairs
    images = [read_image(training, each.result).compute() for each in pairs]
    if first is not None:
        require_alike([data.images[0], *images], [each.result for each in (first, *pairs)])
    files = ImageFiles()
    labels = [
        _target(training, e.truth, image, files) for e, image in zip(pairs, images, strict=True)
    ]
    names = [each.name for each in pairs]
    return _with_known_classes(training, images, labels, names, data, where), pairing


def _with_known_classes(
    training: TrainingDocument,
    images: Sequence[xr.DataArray],
    labels: Sequence[xr.DataArray],
    names: Sequence[str],
    data: LabelledImages,
    where: str,
) -> LabelledImages:
    """Return further images with labels, whose classes must be among those of the given ones."""
    own = LabelledImages.of(
        images,
        labels,
        names=names,
        kind=data.kind,
        named=dict(training.classes),
        regression=not data.classes,
    )
    values = {each.value for each in data.classes}
    unknown = [each.name for each in own.classes if each.value not in values]
    if unknown:
        judged = "given images" if where == "split.test" else "images that are judged on"
        raise RequestError(
            f"has the class{'es' if len(unknown) > 1 else ''} {', '.join(unknown)}, which the "
            f"{judged} do not have",
            where=where,
        )
    return own


def require_unseen(methods: Sequence[Method], files: Sequence[Path]) -> None:
    """Refuse images to judge on from which a model of a method has learned.

    Such models are the weights that a network starts from, and those in fixed pipelines. They
    are known by the hashes of their training data, which their files hold.

    Parameters
    ----------
    methods : sequence of Method
        All that are compared.
    files : sequence of Path
        Images that are judged on.

    Raises
    ------
    CheckError
        Naming method, model and image.
    """
    from graticule.learn.model_file import card_of

    hashes: dict[str, Path] = {}
    for method in methods:
        for model in method.model_files:
            learned = {str(each.get("sha256")) for each in card_of(model).get("data") or []}
            if learned:
                hashes = hashes or {content_hash(file): file for file in files}
            for sha in sorted(learned & set(hashes)):
                raise CheckError(
                    f"{model} has learned from {hashes[sha]}, which is to be judged on",
                    where=f"methods.{method.name}",
                    hint="judge on other images, or train that model on others",
                )
