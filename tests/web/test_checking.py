"""Checks beside what is on screen: of that part until they are exact, and then as of a run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from served_folder import TEXT, opened
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.web.guard import Access

CHECKED = TEXT + "checks:\n  sound: {check: plausibility, of: cells, at: image}\n"
RIPPLE = """graticule: 1
inputs: {image: {dims: [time, distance]}}
steps:
  event: {op: detect.peak}
checks:
  chance: {check: surrogate, of: event.statistic, by: [flip_time], n: 20}
outputs: [event]
"""


def ask(socket: Any, **request: Any) -> list[dict[str, Any]]:
    """Return what is told of the checks of a pipeline."""
    base = {"type": "checks", "pane": 51, "id": 1, "path": "a.tif", "text": CHECKED}
    socket.send_text(json.dumps(base | request))
    while True:
        message = socket.receive()
        told = json.loads(message["text"]) if message.get("text") else {}
        assert told.get("type") != "fault", told
        if told.get("type") == "checks":
            return list(told["checks"])


def wait_until_exact(socket: Any) -> None:
    while True:
        message = socket.receive()
        if message.get("text") and json.loads(message["text"])["type"] == "exact":
            return


def of_run(folder: Path, text: str, path: str = "a.tif") -> Any:
    run = Pipeline.loads(text, source=folder / "p.yaml").run(
        folder / path, folder.parent / "out", cache=False, overwrite=True
    )
    return pd.read_csv(run.folder / "images.csv").iloc[0]


def test_a_check_is_told_with_its_bars_and_as_a_run_has_it(
    client: TestClient, access: Access, folder: Path
) -> None:
    row = of_run(folder, CHECKED)
    with opened(client, access) as socket:
        (told,) = ask(socket)
        assert (told["name"], told["of"], told["state"], told["basis"]) == (
            "sound", "cells", "passed", "exact",
        )  # fmt: skip
        bars = {bar["column"]: bar for bar in told["bars"]}
        assert bars["contrast"]["at_least"] == 4
        assert bars["covered"]["at_most"] == 0.8
        for column in ("objects", "diameter", "covered", "specks", "contrast"):
            assert math.isclose(bars[column]["value"], row[column], rel_tol=1e-12), column
            assert bars[column]["cleared"]
        strict = CHECKED.replace("at: image", "at: image, min_diameter: 60")
        (told,) = ask(socket, text=strict)
        assert told["state"] == "failed"
        cleared = {bar["column"]: bar["cleared"] for bar in told["bars"]}
        assert not cleared["diameter"]
        assert not cleared["implausible"]
        assert cleared["contrast"]
        assert "min_diameter" not in told["meaning"]
        assert "60" in told["meaning"]


def test_a_check_without_bars_measures_with_its_interval(
    client: TestClient, access: Access, folder: Path
) -> None:
    made = Pipeline.loads(TEXT).apply(read(folder / "a.tif"))["cells"]
    truth = made.where(made != 1, 0).astype(np.int32)
    write(folder / "a_truth.tif", truth)
    text = TEXT.replace(
        "steps:", 'inputs: {image: {}, truth: {path: "{stem}_truth.tif"}}\nsteps:'
    ) + ("checks:\n  truth: {check: instances, of: cells, against: truth}\n")
    row = of_run(folder, text)
    with opened(client, access) as socket:
        (told,) = ask(socket, text=text)
    assert (told["state"], told["basis"]) == ("measured", "exact")
    values = {each["column"]: each for each in told["values"]}
    assert values["count_error"]["value"] == row["count_error"] == 1
    assert math.isclose(values["ap_0.5"]["low"], row["ap_0.5_low"], rel_tol=1e-12)


def test_a_check_that_cannot_be_made_says_why(
    client: TestClient, access: Access, folder: Path
) -> None:
    text = CHECKED.replace("of: cells", "of: smooth")
    with opened(client, access) as socket:
        (told,) = ask(socket, text=text)
    assert told["state"] == "fault"
    assert told["fault"]["what"] == "looks at labels"


def test_a_large_image_is_judged_by_its_part_until_the_whole_is_known(
    client: TestClient, access: Access, folder: Path
) -> None:
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:2100, :2100]
    large = rng.normal(100, 3, (2100, 2100)) + 300 * ((y % 60 < 14) & (x % 60 < 14) & (x > 700))
    write(folder / "large.tif", as_image(large.astype(np.uint16)))
    row = of_run(folder, CHECKED, "large.tif")
    asked = {"path": "large.tif", "region": {"y": [0, 600], "x": [900, 1700]}}
    with opened(client, access) as socket:
        (far,) = ask(socket, **asked | {"level": 1, "region": {"y": [0, 1050], "x": [0, 1050]}})
        assert far["state"] == "pending", "bars in samples mean nothing on a coarser copy"
        (part,) = ask(socket, **asked)
        assert part["basis"] == "of the part on screen"
        objects = {bar["column"]: bar["value"] for bar in part["bars"]}["objects"]
        assert 100 < objects < row["objects"]
        wait_until_exact(socket)
        (whole,) = ask(socket, **asked)
        assert whole["basis"] == "exact"
        values = {bar["column"]: bar["value"] for bar in whole["bars"]}
        for column in ("objects", "diameter", "covered", "specks", "contrast"):
            assert math.isclose(values[column], row[column], rel_tol=1e-12), column


def test_what_repeats_the_analysis_is_made_behind(
    client: TestClient, access: Access, folder: Path
) -> None:
    rng = np.random.default_rng(1)
    write(folder / "ripple.npy", rng.normal(size=(40, 30)))
    row = of_run(folder, RIPPLE, "ripple.npy")
    with opened(client, access) as socket:
        (told,) = ask(socket, path="ripple.npy", text=RIPPLE)
        assert told["state"] == "pending"
        wait_until_exact(socket)
        (told,) = ask(socket, path="ripple.npy", text=RIPPLE)
    (bar,) = told["bars"]
    assert told["state"] == ("passed" if row["p"] <= 0.05 else "failed")
    assert (bar["column"], bar["value"], bar["at_most"]) == ("p", row["p"], 0.05)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_implausible_exactly_where_all_bars_are_cleared(seed: int) -> None:
    from graticule.core import Subject
    from graticule.core.registry import get_check

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:90, :110]
    labels = np.zeros(y.shape, np.int32)
    for label in range(1, int(rng.integers(0, 9)) + 1):
        row, column = rng.integers(0, 90), rng.integers(0, 110)
        labels[np.hypot(y - row, x - column) < rng.uniform(0.5, 25)] = label
    image = rng.normal(100, 5, y.shape) + (labels > 0) * rng.normal(0, 40)
    check = get_check("plausibility")
    columns = check(Subject(as_image(labels), as_image(image), lambda each: each)).columns
    bars = check.bars(check.parameters.validate({}))
    numbers = [bar for bar in bars if bar.column != "implausible"]
    cleared = all(bar.is_cleared(columns[bar.column]) for bar in numbers)
    reasons = [r for r in str(columns["implausible"]).split("; ") if "brighter" not in r]
    assert cleared == (not any(reasons))
