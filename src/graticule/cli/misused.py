"""What is said where a command cannot be understood: what it needs, an example, where help is."""

from __future__ import annotations

import inspect

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError

from graticule.cli.app import commands_after


def explain(error: CycloptsError) -> tuple[str, str]:
    """Return what is wrong with a command line, and the way out.

    Parameters
    ----------
    error : CycloptsError
        From the parsing of the command line.

    Returns
    -------
    what, hint : str
        For people; of a command that lacks something, what that is and an example.
    """
    command = " ".join(error.command_chain or ())
    hint = f"see graticule {f'{command} ' if command else ''}--help"
    if isinstance(error, UnusedCliTokensError):
        return f"{command} has no use for {' '.join(error.unused_tokens or ())}", hint
    if not isinstance(error, MissingArgumentError) or error.argument is None or error.keyword:
        return str(error).strip(), hint
    names = error.argument.names
    wanted = " or ".join(sorted(names, key=len)) if names[0].startswith("-") else names[0]
    about = inspect.getdoc(error.target) or ""
    shown = commands_after("Examples?", about) or commands_after("Try", about)[-1:]
    what = f"{command} needs {wanted}: {_about(error, names)}"
    return what, f"as: {shown[0]}; {hint}" if shown else hint


def _about(error: CycloptsError, names: tuple[str, ...]) -> str:
    """Return what the command's docstring says of an argument."""
    assert error.app is not None
    arguments = error.app.assemble_argument_collection(parse_docstring=True)
    said = next((a.parameter.help for a in arguments if a.names == names), "") or ""
    return " ".join(said.split()).rstrip(".")
