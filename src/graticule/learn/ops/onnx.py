"""A network from elsewhere, by ONNX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from graticule.core import Image, Neighbourhood, Region, op
from graticule.core.errors import GraticuleError, ParameterError, suggest
from graticule.learn.interchange.declaration import BATCH, CHANNELS, SPACE, Declaration, Operation
from graticule.learn.interchange.network import Network
from graticule.learn.interchange.parameter import OnnxFile

Size: TypeAlias = Annotated[int, Field(ge=1, le=65536)]
Activation: TypeAlias = Literal["none", "sigmoid", "softmax"]
_CLASS = "class"


def network_of(
    *,
    model: OnnxFile,
    axes: str | None,
    scaling: str,
    gain: float,
    offset: float,
    tile: int,
    halo: int | None,
    multiple: int | None,
    activation: str | None,
    output: str | None,
    of: str | None = None,
) -> Network:
    """Return the network as it is declared by its description and the parameters.

    Raises
    ------
    ParameterError
        If what is needed is declared by neither, or does not fit the network.
    """
    told = _with_axes(model.declaration, axes)
    space = [letter for letter in told.axes if letter in SPACE]
    if halo is None and not told.output_axes:
        raise ParameterError(
            "nothing tells how many samples at the border of a window are not good",
            where="halo",
            hint="give halo: how far the network looks, in samples (0 for one that looks nowhere)",
        )
    if halo is not None or not told.output_axes:
        told = replace(told, halo=dict.fromkeys(space, halo or 0))
    if multiple is not None:
        told = replace(told, multiple=dict.fromkeys(space, multiple), least={})
    if output is not None:
        told = replace(told, output=output)
    told = replace(
        told,
        output_axes=told.output_axes or told.axes,
        before=_before(told, scaling, gain, offset),
        after=told.after if activation is None else _after(activation),
    )
    return Network(model.session, model.graph, told, tile)


def _with_axes(told: Declaration, axes: str | None) -> Declaration:
    if axes is not None:
        letters = axes.lower()
        if len(set(letters)) < len(letters) or not set(letters) <= set(BATCH + CHANNELS + SPACE):
            what = f"must be letters of b c z y x, each once, as bcyx, not {axes!r}"
            raise ParameterError(what, where="axes")
        # axes that are given are those of input and output alike
        return replace(told, axes=letters, output_axes=letters if told.output_axes else "")
    if not told.axes:
        raise ParameterError(
            "nothing tells what the axes of the network are",
            where="axes",
            hint="give axes, as bcyx (batch, channels, rows, columns) or bczyx",
        )
    return told


def _before(told: Declaration, scaling: str, gain: float, offset: float) -> tuple[Operation, ...]:
    own: tuple[Operation, ...] = (("linear", (gain, offset)),) if (gain, offset) != (1, 0) else ()
    if scaling == "given":
        return own
    if told.whole:
        raise ParameterError(
            f"the network wants {told.whole[0]} of the whole image, which no window knows",
            where="scaling",
            hint="bring the image to that scale in a step before, by transform.normalise, and give "
            "scaling: given",
        )
    return own + told.before


def _after(activation: str) -> tuple[Operation, ...]:
    return () if activation == "none" else ((activation, ()),)


def _lattice(image: Image, params: Mapping[str, Any], *, name: str) -> Mapping[str, int]:
    """Return what the network says of an image: its halo, or the lattice it is aligned to."""
    try:
        return dict(getattr(network_of(**params), name)(image))
    except GraticuleError:
        return {}  # the op itself says what is wrong


def _halo(image: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    return _lattice(image, params, name="halo")


def _align(image: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    return _lattice(image, params, name="align")


def _part(image: Image, *, region: Region | None = None, of: str | None, **params: Any) -> Image:
    """Return what the network gives for a region of an image."""
    network = network_of(**params)
    if region is not None:  # an answer has no channels
        bounds = {dim: span for dim, span in region.bounds.items() if dim not in (CHANNELS, _CLASS)}
        region = Region(bounds)
    found = network.apply(image, region)
    names = [str(name) for name in found[_CLASS].values]
    if of is not None and of not in names:
        raise ParameterError(f"there is no output {of!r}", where="of", hint=suggest(of, names))
    if of is None and len(names) > 1:
        return found
    return found.isel({_CLASS: names.index(of) if of is not None else 0}, drop=True)


@op(
    version=1,
    scope=Neighbourhood(_halo, align=_align, compute_region=_part, memory=12),
    dtype="float32",
    name="learn.onnx",
)
def onnx(
    image: Image,
    *,
    model: Annotated[OnnxFile, Field(title="Network")],
    axes: Annotated[str | None, Field(title="Axes")] = None,
    scaling: Annotated[Literal["declared", "given"], Field(title="Scaling")] = "declared",
    gain: Annotated[float, Field(title="Gain")] = 1.0,
    offset: Annotated[float, Field(title="Offset")] = 0.0,
    tile: Annotated[Size, Field(title="Tile")] = 256,
    halo: Annotated[int | None, Field(title="Halo", ge=0, le=32768)] = None,
    multiple: Annotated[Size | None, Field(title="Multiple of")] = None,
    activation: Annotated[Activation | None, Field(title="Activation")] = None,
    output: Annotated[str | None, Field(title="Output")] = None,
    of: Annotated[str | None, Field(title="Channel")] = None,
) -> Image:
    """Apply a network from elsewhere: any of ONNX that gives an image of the same size.

    The image goes through the network in windows on a lattice, of which what is nearer to the
    border than ``halo`` is not used: with a halo as wide as the network looks, the result is that
    of the whole image at once. It runs on the processor by ONNX Runtime, and is the same whatever
    the tiles of a run. A window's weights are in the file alone: paths in it are never followed.

    Parameters
    ----------
    image : Image
        With the axes of space of the network, and ``c`` if it takes several channels. Along
        further dims, as ``t``, or ``z`` of a network of planes, each plane is taken by itself.
    model : OnnxFile
        Path of an ``.onnx`` file; or of an ``rdf.yaml`` of the BioImage Model Zoo, its folder or
        ZIP, which declares the axes, scaling, sizes and halo.
    axes : str, optional
        Letters of the network's axes, as ``"bcyx"``: batch, channels, and those of space. Needed
        where no description tells them.
    scaling : {"declared", "given"}
        Whether values are scaled as the description declares, or are given as the network wants
        them. What is of whole images, as their mean and deviation, is a step of its own before:
        `transform.normalise`.
    gain, offset : float
        Values are multiplied by the one, and the other is added, first of all.
    tile : int
        Samples of a window along each axis, where the network takes any size.
    halo : int, optional
        Samples at each border of a window that are not good, as far as the network looks. Needed
        where no description tells it.
    multiple : int, optional
        What sizes must be multiples of, as 16 for a U-Net of four poolings; else as described, or
        1. An image of another size is continued by its mirror image.
    activation : {"none", "sigmoid", "softmax"}, optional
        What makes probabilities of the network's output; else as described.
    output : str, optional
        Name of the output, of a network of several.
    of : str, optional
        Name of one of its channels; else all.

    Returns
    -------
    Image
        float32, without ``c``; NaN where a value of the image is missing, which the network sees
        as 0. Of several channels the dim ``class`` comes first, with their names.

    Raises
    ------
    ParameterError
        If something must be declared, does not fit the network, or the file is none, is damaged
        or asks for other files.
    ImageError
        If the image has other axes or channels than the network takes.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from onnx import TensorProto, helper
    >>> images = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1, None, None])
    ...           for n in ("image", "edges")]
    >>> node = helper.make_node("Abs", ["image"], ["edges"])
    >>> graph = helper.make_graph([node], "absolute", images[:1], images[1:])
    >>> opset = [helper.make_opsetid("", 17)]
    >>> model = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    >>> gt.learn.onnx(np.array([[-1.0, 2.0], [3.0, -4.0]]), model=model, axes="bcyx", halo=0)
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return _part(
        image,
        model=model,
        axes=axes,
        scaling=scaling,
        gain=gain,
        offset=offset,
        tile=tile,
        halo=halo,
        multiple=multiple,
        activation=activation,
        output=output,
        of=of,
    )
