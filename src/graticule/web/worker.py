"""A run in a process of its own, that says how far it is in lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from graticule.core.errors import GraticuleError
from graticule.interrupts import heeded


def _say(**told: object) -> None:
    print(json.dumps(told), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run a pipeline on images, to a folder; ``arguments`` name these."""
    from graticule.pipeline import Pipeline

    pipeline, out, *images = arguments
    try:
        with heeded():
            run = Pipeline.load(pipeline).run(
                images,
                out,
                overwrite=True,
                progress=lambda done, total, message: _say(done=done, total=total, message=message),
            )
    except KeyboardInterrupt:
        return 130
    except GraticuleError as error:
        _say(what=error.what, where=error.where, hint=error.hint)
        return 2
    _say(finished=len(run.results), failed=len(run.failed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
