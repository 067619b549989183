"""``graticule ops``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graticule.core.op import Op


def ops(name: str | None = None, /) -> int:
    """List operations, or show one: its data, its parameters, its documentation.

    A terminal that can show pictures (kitty, iTerm2, WezTerm, and those with sixels) shows what it
    makes of an image.

    Try: graticule ops filters; graticule ops filters.gaussian

    Parameters
    ----------
    name
        An operation, as filters.gaussian; a family, as filters; or a word to look for, as count.
    """
    from graticule.core.registry import families, get_op, op_names

    if name is None or name in families():
        _list([get_op(op) for op in op_names() if name is None or op.startswith(f"{name}.")])
        return 0
    if name not in op_names() and (found := _about(name, [get_op(op) for op in op_names()])):
        _list(found)
        return 0
    op = get_op(name)
    takes = ", ".join(
        f"{i.name if n else 'input'}: {i.kind}{' (optional)' if i.optional else ''}"
        for n, i in enumerate(op.inputs)
    )
    gives = ", ".join(f"{o.name}: {o.kind}" if o.name else str(o.kind) for o in op.outputs)
    print(f"{op.name}  version {op.version}  {op.scope_name}")
    print(f"takes  {takes}\ngives  {gives}\n")
    for parameter, schema in op.parameters.schema().get("properties", {}).items():
        print(f"  {parameter:14} {_describe_parameter(schema)}")
    print("\n" + (inspect.getdoc(op.function) or ""))
    _show_picture(op.name)
    return 0


def _list(ops: Sequence[Op]) -> None:
    width = max(len(op.name) for op in ops)
    for op in ops:
        print(f"{op.name:{width}}  {_without_markup(op.summary)}")


def _about(word: str, ops: Sequence[Op]) -> list[Op]:
    """Return the ops with a word in name or first line, or else anywhere in their documentation."""
    begins = re.compile(rf"(?<![a-z]){re.escape(word)}", re.IGNORECASE)
    named = [op for op in ops if begins.search(f"{op.name} {op.summary}")]
    return named or [op for op in ops if begins.search(op.function.__doc__ or "")]


def _show_picture(name: str) -> None:
    """Show the picture of an op, if it has one and the terminal can."""
    from graticule.cli.terminal_picture import encode, protocol_of_terminal

    protocol = protocol_of_terminal()
    if protocol is None:
        return
    from graticule.illustrations import draw, illustration_of

    illustration = illustration_of(name)
    if illustration is not None:
        picture, words = draw(illustration)
        print(f"\n{words}\n{encode(picture, protocol)}", end="", flush=True)


def _without_markup(summary: str) -> str:
    r"""Return the first line of a docstring without its marks.

    Examples
    --------
    >>> _without_markup(r"Keep what is above ``t``, :math:`f > \mathrm{median}(f)` [1]_.")
    'Keep what is above t, f > median(f).'
    """
    text = re.sub(r":\w+:`([^`]*)`", r"\1", summary)
    text = re.sub(r"\\mathrm\{(\w+)\}", r"\1", text)
    return re.sub(r" ?\[\d+\]_", "", text).replace("``", "")


def _describe_parameter(schema: dict[str, object]) -> str:
    words = [str(schema.get("title", ""))]
    names = {"minimum": ">=", "ge": ">=", "maximum": "<=", "le": "<="}
    names |= {"exclusiveMinimum": ">", "gt": ">", "exclusiveMaximum": "<", "lt": "<"}
    words += [f"{sign} {schema[key]}" for key, sign in names.items() if key in schema]
    if "enum" in schema:
        words.append(f"one of {schema['enum']}")
    words.append(f"default {schema['default']}" if "default" in schema else "must be given")
    return ", ".join(word for word in words if word)
