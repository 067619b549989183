"""A page for every command, from what the command line itself is made of."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from typing import Any

from graticule import cli
from graticule.cli.app import COMMANDS, commands_after, make_app, summary
from reference.page import Page, code, heading, joined, literal, plain, table, toctree

_STATUS = re.compile(r"Exit status: (.*?)\.(?= |\n|$)", re.DOTALL)


def pages() -> Iterator[Page]:
    """Give the page of every command, and the one that lists them."""
    rows = [(f":doc:`{name}`", plain(summary(name))) for name in COMMANDS]
    yield Page(
        "commands/index",
        joined(
            heading("Commands"),
            "The program is ``graticule COMMAND``; ``graticule COMMAND --help`` shows the same as "
            "the pages here.",
            table(("command", "what it does"), rows, widths="20 80"),
            heading("Exit status", 1),
            _statuses(cli.__doc__ or ""),
            toctree(COMMANDS, hidden=True),
        ),
    )
    for name in COMMANDS:
        yield Page(f"commands/{name}", _command(name))


def _statuses(docstring: str) -> str:
    found = _STATUS.search(docstring)
    return plain(" ".join(found[1].split())) + "." if found else "0 all done, 2 wrong request."


def _command(name: str) -> str:
    app = make_app([name])[name]
    docstring = inspect.cleandoc(app.default_command.__doc__ or "")
    prose = docstring.partition("\n\nParameters\n")[0]
    paragraphs = [p for p in prose.split("\n\n") if not p.startswith(("Example", "Try: "))]
    arguments = app.assemble_argument_collection(parse_docstring=True)
    positional = [a for a in arguments if a.field_info.kind is inspect.Parameter.POSITIONAL_ONLY]
    options = [a for a in arguments if a not in positional]
    words = [*map(_usage, positional), *map(_usage, options)]
    return joined(
        heading(name),
        code(_wrapped(f"graticule {name}", words), "text"),
        *(plain(_STATUS.sub("", part)) for part in paragraphs),
        _tried(prose),
        _examples(prose),
        heading("Arguments", 1) if positional else "",
        table(("name", "default", "what it is"), map(_row, positional)),
        heading("Options", 1) if options else "",
        table(("name", "default", "what it is"), map(_row, options)),
        heading("Exit status", 1),
        _statuses(prose),
    )


def lines_to_try(command: str) -> list[str]:
    """Return what can be typed in an empty folder to see a command at work."""
    docstring = inspect.cleandoc(make_app([command])[command].default_command.__doc__ or "")
    return commands_after("Try", docstring)


def _tried(prose: str) -> str:
    about = "In an empty folder these lines work as they are:"
    text = "\n".join(f"$ {line}" for line in commands_after("Try", prose))
    return joined(heading("Try it", 1), about, code(text, "console"))


def _examples(prose: str) -> str:
    lines = commands_after("Examples?", prose)
    return joined(heading("Examples", 1), code("\n".join(lines), "console")) if lines else ""


def _usage(argument: Any) -> str:
    name = argument.names[0]
    if name.startswith("-") and not _is_switch(argument):
        name = f"{name} {_value_of(argument)}"
    return name if argument.required else f"[{name}]"


def _wrapped(head: str, words: list[str]) -> str:
    """Return a usage in lines of a width that is read without moving."""
    lines = [head]
    for word in words:
        if len(lines[-1]) + len(word) > 76:
            lines.append(" " * len(head))
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _is_switch(argument: Any) -> bool:
    return argument.hint is bool


def _value_of(argument: Any) -> str:
    kinds = [each for each in _kinds(argument.hint) if each is not type(None)]
    return {int: "N", float: "X"}.get(kinds[0], argument.names[0].strip("-").upper())


def _kinds(hint: Any) -> tuple[Any, ...]:
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_union else (hint,)


def _row(argument: Any) -> tuple[str, str, str]:
    names = ", ".join(map(literal, argument.names))
    default = argument.field_info.default
    shown = "" if default in (None, [], (), inspect.Parameter.empty, False) else literal(default)
    choices = [c for k in _kinds(argument.hint) if typing.get_origin(k) is typing.Literal
               for c in typing.get_args(k)]  # fmt: skip
    said = plain(" ".join((argument.parameter.help or "").split()))
    one_of = f" One of {', '.join(map(literal, choices))}." if choices else ""
    return names, "required" if argument.required else shown, f"{said}{one_of}"
