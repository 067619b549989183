"""Run the tests that draw their examples again and again, and keep what fails.

Each round draws new examples, in another order of files. A failure is written down once, with the
smallest example that shows it, and the search goes on until the time is over or Ctrl-C.

    python tests/tools/explore.py [--minutes 60] [--output exploration.txt] [PYTEST ARGUMENT ...]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest


class Explorer:
    """A pytest plugin that repeats the tests and collects distinct failures in a file."""

    def __init__(self, minutes: float, output: Path) -> None:
        self.end = time.monotonic() + 60 * minutes
        self.output = output
        self.failures: set[tuple[str, str]] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run tests until the time is over."""
        if session.testsfailed or not session.items:
            return None  # pytest says what is wrong with the collection
        items = endless(session.items)
        item = next(items)
        try:
            while time.monotonic() < self.end:
                following = next(items)
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                item = following
        finally:
            session.config.option.tbstyle = "no"  # the file has them, once each
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a failure down unless this test has failed at this line before."""
        if not report.failed:
            return
        text = report.longreprtext
        crash = getattr(report.longrepr, "reprcrash", None)
        place = f"{crash.path}:{crash.lineno}" if crash else text
        if (report.nodeid, place) not in self.failures:
            self.failures.add((report.nodeid, place))
            with self.output.open("a", encoding="utf-8") as file:
                print(f"{'=' * 100}\n{time.ctime()}  {report.nodeid}\n\n{text}\n", file=file)


def endless(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield tests forever, file by file in an order that is shuffled each time."""
    files = [list(group) for _, group in groupby(items, lambda item: item.path)]
    while True:
        random.shuffle(files)
        for file in files:
            yield from file


def main() -> int:
    """Explore; return 1 if anything was found."""
    parser = argparse.ArgumentParser(description="Explore with tests that draw their examples.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--output", type=Path, default=Path("exploration.txt"))
    own, others = parser.parse_known_args()
    explorer = Explorer(own.minutes, own.output)
    options = ["-m", "hypothesis", "--hypothesis-profile", "explore", "-q", "--tb=short", "-rN"]
    status = pytest.main([*options, "-p", "no:cacheprovider", *others], plugins=[explorer])
    if explorer.failures:
        print(f"{len(explorer.failures)} distinct failures: see {own.output}")
        return 1
    return 0 if status == pytest.ExitCode.INTERRUPTED else int(status)


if __name__ == "__main__":
    sys.exit(main())
