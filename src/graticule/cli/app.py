"""The commands, put together: each is imported when it is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App

from graticule.version import __version__

COMMANDS = (
    "demo",
    "serve",
    "run",
    "study",
    "train",
    "cluster",
    "evaluate",
    "export",
    "compare",
    "audit",
    "check",
    "ops",
    "inspect",
    "simulate",
    "cite",
    "docs",
    "bench",
)
"""A command is the function of its name in the module of its name."""

_HELP = """Image analysis whose numbers can be defended.

Start with: graticule demo
"""


def make_app(arguments: Sequence[str]) -> App:
    """Return the application for a command line."""
    app = App(
        name="graticule",
        help=_HELP,
        version=__version__,
        version_flags=["--version"],
        suppress_keyboard_interrupt=False,
    )
    called = not set(COMMANDS).isdisjoint(arguments)
    for name in COMMANDS:
        # a given help would also stand in the place of the docstring of the command called
        app.command(f"graticule.cli.{name}:{name}", help=None if called else summary(name))
    return app


def summary(command: str) -> str:
    """Return the first line of a command's docstring, without importing the command.

    Examples
    --------
    >>> summary("simulate")
    'Simulate images with their truth, to train and to test with.'
    """
    source = Path(__file__).with_name(f"{command}.py").read_text(encoding="utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    text = next(ast.get_docstring(node) for node in functions if node.name == command)
    return (text or "").partition("\n")[0]


def commands_after(mark: str, docstring: str) -> list[str]:
    r"""Return the command lines of the paragraph of a docstring that begins with a mark.

    Examples
    --------
    >>> commands_after("Try", "Run.\n\nTry: graticule run a;\ngraticule run b -o c\n\nParameters")
    ['graticule run a', 'graticule run b -o c']
    """
    found = re.search(rf"^{mark}: (.*?)(?=\n\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
    lines = re.split(r";\s*(?=graticule )", found[1]) if found else []
    return [" ".join(each.split()) for each in lines]
