"""The graph of an ONNX file: read from its own bytes alone, and refused where it asks for more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graticule.core.errors import FormatError, RequestError, UnsafeFileError

_LARGEST = 2**31 - 1
"""Bytes that protobuf reads at once."""
_FOREIGN_OPS = ("EPContext",)
"""Operators that name files."""
_AGAIN = "export it again as one file, as by onnx.save(model, path, save_as_external_data=False)"


@dataclass(frozen=True)
class Tensor:
    """An input or output of a network.

    Attributes
    ----------
    name : str
        As the graph has it.
    dtype : str
        Of its values.
    shape : tuple of int or None
        Sizes; None where any size will do.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Graph:
    """What a graph takes and gives."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def onnx_module(name: str) -> Any:
    """Import a package of ONNX, or say how to install it."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise RequestError(
            f"a network of ONNX needs the package {name.partition('.')[0]}, which is not installed",
            hint="pip install 'graticule[onnx]'",
        ) from None


def read_graph(content: bytes) -> Graph:
    """Return what the graph of an ONNX file takes and gives.

    Raises
    ------
    FormatError
        If the bytes are no sound ONNX.
    UnsafeFileError
        If it names other files.
    """
    onnx = onnx_module("onnx")
    if len(content) > _LARGEST:
        raise FormatError(f"has {len(content)} bytes; ONNX in one file has {_LARGEST} at most")
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's own, of which no name is public
        what = f"is no ONNX, or damaged ({type(error).__name__}: {error})"
        raise FormatError(what, hint="export or copy it again") from None
    _require_alone(model)
    try:
        onnx.checker.check_model(content)
    except Exception as error:
        raise FormatError(f"is no sound ONNX: {str(error).strip()[:400]}") from None
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(_tensor(each, onnx) for each in model.graph.input if each.name not in weights)
    outputs = tuple(_tensor(each, onnx) for each in model.graph.output)
    return Graph(inputs, outputs)


def _tensor(value: Any, onnx: Any) -> Tensor:
    held = value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        raise FormatError(f"its {value.name} is no tensor")
    if not held.elem_type or held.elem_type not in onnx.TensorProto.DataType.values():
        raise FormatError(f"its {value.name} is of no type that is known")
    shape = tuple(
        size.dim_value if size.HasField("dim_value") and size.dim_value > 0 else None
        for size in held.shape.dim
    )
    dtype = onnx.helper.tensor_dtype_to_np_dtype(held.elem_type)
    return Tensor(str(value.name), str(dtype), shape)


def _require_alone(model: Any) -> None:
    """Raise `UnsafeFileError` if anything in a model says that it lies in another file."""
    left: list[Any] = [model.graph, *model.functions]
    while left:
        at = left.pop()
        for tensor in _tensors(at):
            if tensor.data_location == tensor.EXTERNAL or tensor.external_data:
                paths = [e.value for e in tensor.external_data if e.key == "location"]
                raise UnsafeFileError(
                    f"keeps {tensor.name or 'its weights'} in another file ({', '.join(paths)}), "
                    "and paths in a model are never followed",
                    hint=_AGAIN,
                )
        for node in at.node:
            if node.op_type in _FOREIGN_OPS:
                raise UnsafeFileError(f"its operator {node.op_type} names another file")
            for attribute in node.attribute:
                left += [attribute.g] if attribute.HasField("g") else []
                left += list(attribute.graphs)


def _tensors(graph: Any) -> Iterator[Any]:
    """Give all tensors of a graph or a function, those of attributes included."""
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
