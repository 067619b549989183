"""The commands, put together."""

from __future__ import annotations

from cyclopts import App

import graticule
from graticule.cli.audit import audit
from graticule.cli.bench import bench
from graticule.cli.check import check
from graticule.cli.compare import compare
from graticule.cli.demo import demo
from graticule.cli.evaluate import evaluate
from graticule.cli.inspect import inspect
from graticule.cli.ops import ops
from graticule.cli.run import run
from graticule.cli.simulate import simulate
from graticule.cli.train import train

_HELP = """Image analysis whose numbers can be defended.

Start with: graticule demo
"""


def make_app() -> App:
    """Return the application."""
    app = App(
        name="graticule",
        help=_HELP,
        version=graticule.__version__,
        version_flags=["--version"],
        suppress_keyboard_interrupt=False,
    )
    for command in (
        demo,
        run,
        train,
        evaluate,
        compare,
        audit,
        check,
        ops,
        inspect,
        simulate,
        bench,
    ):
        app.command(command)
    return app
