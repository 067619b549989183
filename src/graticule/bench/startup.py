"""H2: how long a command takes before it does anything."""

from __future__ import annotations

import subprocess
import sys

from graticule.bench.row import Row, row, seconds

_BARS = {"--help": 0.35, "ops": 0.6, "check coins": 1.0}


def _wall_time(*arguments: str) -> float:
    command = [sys.executable, *arguments]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True), repeat=7)


@row("H2")
def start_of_commands() -> list[Row]:
    """Time each command less what Python itself takes to start."""
    rows = []
    for command, bar in _BARS.items():
        python = _wall_time("-c", "pass")
        whole = _wall_time("-m", "graticule.cli", *command.split())
        rows.append(
            Row(
                id="H2",
                what=f"graticule {command}, less the start of Python",
                value=round(whole - python, 3),
                unit="s",
                bar=f"<= {bar} s",
                reached=whole - python <= bar,
                baseline=round(python, 3),
                ratio=round(python / whole, 3),
            )
        )
    return rows
