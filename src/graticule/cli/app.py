"""The commands, put together."""

from __future__ import annotations

from cyclopts import App

import graticule

_COMMANDS = {
    "demo": "See it work: real images to checked numbers, with a report.",
    "run": "Run a pipeline on images and write a run folder.",
    "check": "Check a pipeline without running it; list the recipes.",
    "ops": "List the operations, or show one.",
    "inspect": "Show what an image file holds.",
    "bench": "Measure every figure with its baseline beside it.",
}


def make_app() -> App:
    """Return the application; each command is imported when it is called."""
    app = App(
        name="graticule",
        help="Image analysis whose numbers can be defended.\n\nStart with: graticule demo",
        version=graticule.__version__,
        version_flags=["--version"],
    )
    for name, text in _COMMANDS.items():
        app.command(f"graticule.cli.{name}:{name}", name=name, help=text)
    return app
