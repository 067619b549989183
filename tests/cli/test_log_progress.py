"""Progress outside a terminal: a line now and then, with the time left."""

from __future__ import annotations

import io

from graticule.cli.log_progress import LogProgress


def test_a_long_task_says_how_far_it_is_and_a_short_one_nothing() -> None:
    now = 0.0
    page = io.StringIO()
    progress = LogProgress("nuclei", page, clock=lambda: now)
    for done in range(121):
        now = float(done)
        progress(done, 1200, f"image {done}")
    assert page.getvalue().splitlines() == [
        "nuclei: 10 of 1,200 after 10 s, 19 min 50 s left (image 10)",
        "nuclei: 40 of 1,200 after 40 s, 19 min 20 s left (image 40)",
        "nuclei: 70 of 1,200 after 1 min 10 s, 18 min 50 s left (image 70)",
        "nuclei: 100 of 1,200 after 1 min 40 s, 18 min 20 s left (image 100)",
    ]
