"""W1, W3, W11: the page in a browser: its first picture, its sliders, clicks to a table."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import numpy as np

from graticule.bench.row import Row, row
from graticule.bench.workbench import SIDE, write_large

_WATCH = """
(() => {
  const own = window.WebSocket;
  window.asked = []; window.painted = [];
  class Watched extends own {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', (event) => {
        if (typeof event.data === 'string') return;
        const length = new DataView(event.data).getUint32(0, true);
        const head = JSON.parse(new TextDecoder().decode(new Uint8Array(event.data, 4, length)));
        const bytes = event.data.byteLength;
        requestAnimationFrame(() => setTimeout(() => window.painted.push(
          {id: head.id, of: head.of, basis: head.basis, bytes, at: performance.now()}), 0));
      });
    }
    send(text) {
      const message = JSON.parse(text);
      if (message.type === 'view')
        window.asked.push({id: message.id, of: message.of, at: performance.now()});
      super.send(text);
    }
  }
  window.WebSocket = Watched;
})();
"""
_MOVE = """
async ([step, parameter, share]) => {
  const box = document.querySelector(
    `[data-step="${step}"] [data-parameter="${parameter}"] input[type=range]`);
  const before = window.asked.length, started = performance.now();
  box.value = String(Math.round(Number(box.max) * share));
  box.dispatchEvent(new Event('input', {bubbles: true}));
  for (;;) {
    await new Promise((done) => setTimeout(done, 1));
    const asked = window.asked.slice(before);
    const ids = new Set(window.painted.map((each) => each.id));
    if (asked.length && asked.every((each) => ids.has(each.id))) break;
    if (performance.now() - started > 20000) throw new Error('nothing was painted');
  }
  const last = window.painted[window.painted.length - 1];
  return {milliseconds: last.at - started, basis: last.basis};
}
"""
PIPELINES = {
    "threshold": ("graticule: 1\nsteps:\n  bright: {op: threshold.fixed, value: 1200}\n", "bright"),
    "gaussian": ("graticule: 1\nsteps:\n  smooth: {op: filters.gaussian, sigma: 2}\n", "smooth"),
    "five": (
        "graticule: 1\nsteps:\n  level: {op: filters.background, width: 50}\n"
        "  smooth: {op: filters.gaussian, sigma: 2}\n  bright: {op: threshold.otsu}\n"
        "  cells: {op: segment.label}\n  table: {op: measure.regions, intensity: level}\n"
        "outputs: [table, cells]\n",
        "cells",
    ),
}
_SLIDERS: dict[str, tuple[str, str, int]] = {
    "threshold": ("bright", "value", 60),
    "gaussian": ("smooth", "sigma", 120),
    "five": ("level", "width", 250),
}
_MOVES = 20


def chromium() -> str | None:
    """Return where the browser is; None if there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder in a process of its own; give the address of its page."""
    command = [sys.executable, "-m", "graticule.cli", "serve", str(folder), "--port", "0"]
    environment = {**os.environ, "GRATICULE_CACHE_DIR": str(folder.parent / "cache")}
    process = subprocess.Popen(
        [*command, "--no-open"], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"http://\S+", line):
                yield match[0]
                break
        else:
            raise RuntimeError("the server did not start")
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def page(*, width: int = 1280, height: int = 800) -> Iterator[Any]:
    """Give a page of a browser without a screen, that notes what is asked and painted."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            opened = browser.new_page(viewport={"width": width, "height": height})
            opened.add_init_script(_WATCH)
            yield opened
        finally:
            browser.close()


def why_not() -> str:
    """Return why the rows cannot be measured here; nothing where they can."""
    try:
        import playwright  # noqa: F401
        import starlette  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return "" if chromium() else "there is no chromium"


def address(url: str, image: str, pipeline: str, show: str, *, zoom: float | None = None) -> str:
    """Return the address of an image with a pipeline, in one pane."""
    place = f"&x={SIDE / 2}&y={SIDE / 2}&zoom={zoom}" if zoom else ""
    return (
        f"{url}#image={quote(image)}&pipeline={quote(pipeline)}&panes=1&show={quote(show)}{place}"
    )


@row("W1")
def first_view() -> list[Row]:
    """Ask for the page with a large image, and wait for its first picture."""
    bar = "<= 1.5 s"
    if reason := why_not():
        return [Row("W1", f"first view ({reason})", None, "s", bar, None)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        _write_study(folder)
        with served(folder) as url:
            seconds, size = [], 0
            for _ in range(4):
                with page() as opened:
                    spent, size = _first(opened, address(url, "large.npy", "gaussian", "image"))
                    seconds.append(spent)
    what = f"first view of {SIDE} x {SIDE} after the page is asked for"
    value = median(seconds[1:])
    return [
        Row("W1", f"{what}, coarser copies made with it", round(seconds[0], 2), "s", "", None),
        Row("W1", what, round(value, 2), "s", bar, value <= 1.5),
        Row("W1", f"{what}: bytes", round(size / 1e6, 2), "MB", "<= 1.5 MB", size <= 1.5e6),
    ]


def _write_study(folder: Path) -> None:
    (folder / "graticule" / "pipelines").mkdir(parents=True)
    write_large(folder / "large.npy")
    for name, (text, _) in PIPELINES.items():
        (folder / "graticule" / "pipelines" / f"{name}.yaml").write_text(text, "utf-8")


def _first(opened: Any, url: str) -> tuple[float, int]:
    sizes: list[int] = []
    client = opened.context.new_cdp_session(opened)
    client.send("Network.enable")
    client.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    started = time.perf_counter()
    opened.goto(url)
    _wait_for_a_picture(opened)
    spent = time.perf_counter() - started
    return spent, int(sum(sizes)) + int(opened.evaluate("window.painted[0].bytes"))


def _wait_for_a_picture(opened: Any) -> None:
    started = time.perf_counter()
    while not opened.evaluate("window.painted.length"):
        if time.perf_counter() - started > 60:
            raise RuntimeError("nothing was painted")
        time.sleep(0.005)


@row("W3")
def sliders() -> list[Row]:
    """Move sliders, and wait until what they change is painted."""
    if reason := why_not():
        return [Row("W3", f"sliders ({reason})", None, "ms", "<= 60 ms", None)]
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        _write_study(folder)
        with served(folder) as url, page() as opened:
            for name, (step, parameter, bar) in _SLIDERS.items():
                for scale, zoom in (("fit", None), ("100 %", 1.0)):
                    spent = _moves(opened, url, name, step, parameter, zoom)
                    rows.append(_slider_row(f"{name}, {scale}", spent[2:], bar))
    return rows


def _moves(
    opened: Any, url: str, name: str, step: str, parameter: str, zoom: float | None
) -> list[float]:
    """Return the milliseconds after each move of a slider."""
    opened.goto("about:blank")
    opened.goto(address(url, "large.npy", name, PIPELINES[name][1], zoom=zoom))
    _wait_for_a_picture(opened)
    opened.wait_for_timeout(1500)
    shares = [0.45 + 0.1 * n / _MOVES for n in range(_MOVES)]
    return [_moved(opened, step, parameter, share) for share in shares]


def _moved(opened: Any, step: str, parameter: str, share: float) -> float:
    found = opened.evaluate(_MOVE, [step, parameter, share])
    opened.wait_for_timeout(60)
    return float(found["milliseconds"])


def _slider_row(name: str, spent: list[float], bar: int) -> Row:
    value, slow = median(spent), float(np.percentile(spent, 95))
    what = f"slider to repaint, {SIDE} x {SIDE}, {name} (95th percentile {slow:.0f} ms)"
    told = f"median <= {bar}, 95th percentile <= {2 * bar} ms"
    return Row("W3", what, round(value, 1), "ms", told, value <= bar and slow <= 2 * bar)


_DASH = """
async ([limit, sigma]) => {
  const wanted = `${limit}/${sigma}`, started = performance.now();
  window.dash_clientside.set_props('range', {value: [limit, 3000]});
  window.dash_clientside.set_props('sigma', {value: sigma});
  for (;;) {
    await new Promise((done) => setTimeout(done, 1));
    const title = document.querySelector('#mask .gtitle');
    if (title && title.textContent === wanted) break;
    if (performance.now() - started > 20000) throw new Error('nothing was painted');
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - started;
}
"""


@contextlib.contextmanager
def _dash_served(path: Path) -> Iterator[str]:
    """Serve the page of the peer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("_dash_page.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url).close()
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _dash_figures(path: Path) -> tuple[float, dict[str, float]]:
    """Return seconds to the first picture of the peer, and milliseconds after its sliders."""
    firsts, moves = [], {}
    with _dash_served(path) as url:
        for _ in range(4):
            with page() as opened:
                started = time.perf_counter()
                opened.goto(url)
                opened.wait_for_selector("#mask .gtitle", state="attached", timeout=60_000)
                firsts.append(time.perf_counter() - started)
        with page() as opened:
            opened.goto(url)
            opened.wait_for_selector("#mask .gtitle", state="attached", timeout=60_000)
            opened.wait_for_timeout(1000)
            for name in ("threshold", "gaussian"):
                spent = []
                for number in range(_MOVES):
                    moved = name == "threshold"
                    limit = 1000 + 10 * number if moved else 1200
                    sigma = 2 if moved else round(1 + number / 10, 1)
                    spent.append(opened.evaluate(_DASH, [limit, sigma]))
                    opened.wait_for_timeout(60)
                moves[name] = median(spent[2:])
    return median(firsts[1:]), moves


@row("W7")
def against_dash() -> list[Row]:
    """Compare the first picture and sliders with a page of plotly Dash on the same image."""
    bar = ">= 3 times faster"
    reason = why_not() or ("" if importlib.util.find_spec("dash") else "dash is not installed")
    if reason:
        return [Row("W7", f"a page of plotly Dash ({reason})", None, "", bar, None)]
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        _write_study(folder)
        first, moves = _dash_figures(folder / "large.npy")
        with served(folder) as url:
            firsts = []
            for _ in range(4):
                with page() as opened:
                    firsts.append(_first(opened, address(url, "large.npy", "gaussian", "image"))[0])
            rows.append(_beside("first picture", median(firsts[1:]), first, "s"))
            with page() as opened:
                for name, theirs in moves.items():
                    step, parameter, _ = _SLIDERS[name]
                    ours = median(_moves(opened, url, name, step, parameter, None)[2:])
                    rows.append(_beside(f"slider to repaint, {name}", ours, theirs, "ms"))
    return rows


def _beside(name: str, ours: float, theirs: float, unit: str) -> Row:
    ratio = theirs / ours
    what = f"{name}, {SIDE} x {SIDE}, beside a page of plotly Dash that shows 800 x 800 of it"
    return Row(
        "W7", what, round(ours, 2), unit, ">= 3 times faster", ratio >= 3, theirs, round(ratio, 1)
    )


@row("W11")
def clicks() -> Row:
    """Count the clicks from the page to a table of coins."""
    bar = "<= 6 clicks"
    if reason := why_not():
        return Row("W11", f"clicks to a table of coins ({reason})", None, "clicks", bar, None)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        folder.mkdir()
        with served(folder) as url, page() as opened:
            opened.goto(url)
            opened.locator('[data-example="coins"]').click()
            opened.get_by_role("tab", name="Objects").click()
            opened.get_by_text("24 objects").first.wait_for(timeout=30_000)
    return Row("W11", "from the page to a table of 24 coins", 2, "clicks", bar, True)
