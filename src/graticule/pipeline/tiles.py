"""Ops computed in tiles; what may be cut follows from the scope and not from the algorithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graticule.core.image import is_image
from graticule.core.op import Op
from graticule.core.registry import get_op
from graticule.core.scope import Mapper, Reduction, Region, Stitched, Whole
from graticule.pipeline.nodes import (
    OpNode,
    SourceNode,
    assemble,
    is_node,
    read_block,
    strip_template_marks,
    tile_blocks,
)
from graticule.pipeline.stitch import stitch_labels


def apply_to_nodes(
    op: Op,
    inputs: Sequence[Any],
    params: Mapping[str, Any],
    *,
    tile: Mapping[str, int],
    mapper: Mapper = map,
    scratch: Any = None,
) -> tuple[Any, ...]:
    """Return the outputs of an op on nodes: lazy where its scope allows, computed where not.

    Parameters
    ----------
    op : Op
        What to compute.
    inputs : sequence
        A `Node` for each image, the value for anything else, None for what is left out.
    params : mapping
        Validated parameters.
    tile : mapping
        Largest size of a tile by dim.
    mapper : callable
        `map`, or a parallel version that keeps the order.
    scratch : callable, optional
        ``scratch(sizes, dtype) -> array`` for results that must be complete; memory by default.
    """
    scope = op.scope
    if isinstance(scope, Whole) or not any(is_node(item) for item in inputs):
        full = [read_block(item, Region()) for item in inputs]
        bare = [strip_template_marks(item) if is_image(item) else item for item in full]
        out = op.run(bare, params)
        outputs = out if len(op.outputs) > 1 else (out,)
        return tuple(SourceNode(o) if is_image(o) else o for o in outputs)
    if isinstance(scope, Stitched):
        return (stitch_labels(scope, inputs, params, tile, mapper, scratch),)
    if isinstance(scope, Reduction):
        template = next(item for item in inputs if is_node(item)).template
        halo = scope.halo(template, params) if scope.halo else {}
        result = scope.reduce(tile_blocks(inputs, tile, halo), mapper, **params)
        if scope.apply is None:
            return (SourceNode(result) if is_image(result) else result,)
        return OpNode(op, inputs, params, result=result).outputs()
    return OpNode(op, inputs, params).outputs()


def run_tiled(
    op: Op | str,
    data: Sequence[Any],
    params: Mapping[str, Any] | None = None,
    *,
    tile: Mapping[str, int],
    mapper: Mapper = map,
) -> Any:
    """Run one op in tiles, whatever the image's size, and put the result together.

    Parameters
    ----------
    op : Op or str
        The op, or its name.
    data : sequence
        As the op takes it.
    params : mapping, optional
        Parameters, as the op takes them.
    tile : mapping
        Size of a tile by dim; a dim that is not named is not cut.
    mapper : callable
        `map`, or a parallel version that keeps the order.

    Returns
    -------
    Any
        What ``op(*data, **params)`` gives.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> image = as_image(np.eye(9, dtype=np.float32))
    >>> run_tiled("filters.gaussian", [image], {"sigma": 1.0}, tile={"y": 2, "x": 5}).shape
    (9, 9)
    """
    found = get_op(op) if isinstance(op, str) else op
    padded = [*data, *[None] * (len(found.inputs) - len(data))]
    prepared = found.prepare(padded)
    nodes = [SourceNode(item) if is_image(item) else item for item in prepared]
    validated = found.parameters.validate(params or {})
    outputs = apply_to_nodes(found, nodes, validated, tile=tile, mapper=mapper)
    values = [assemble(out, tile, mapper) if is_node(out) else out for out in outputs]
    if len(values) == 1:
        return values[0]
    return found.result_type(*values)
