"""A folder with two images to be served, and what a page gets of it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pandas as pd

HOST = "127.0.0.1:8765"

TEXT = """graticule: 1
steps:
  # the grain is finer than the spots
  smooth: {op: filters.gaussian, sigma: 2}
  bright: {op: threshold.otsu}
  cells:  {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table, cells]
"""


def spots(seed: int = 0) -> np.ndarray[Any, Any]:
    y, x = np.mgrid[:300, :400]
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 5, (300, 400))
    for row, column in rng.integers(20, 280, (15, 2)):
        image += 300 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 40)
    return image.astype(np.uint16)


def opened(client: Any, access: Any) -> Any:
    return client.websocket_connect(f"/api/live?token={access.token}", headers={"host": HOST})


def frame_of(content: bytes) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    samples = np.frombuffer(content, f"<{header['dtype']}", offset=4 + length)
    return header, samples.reshape(header["shape"])


def table_of(content: bytes) -> tuple[dict[str, Any], pd.DataFrame]:
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    numbers, place = {}, 4 + length
    for column in header["columns"]:
        if column["kind"] == "number":
            numbers[column["name"]] = np.frombuffer(content, "<f8", header["count"], place)
            place += 8 * header["count"]
    assert place == len(content)
    known = {**numbers, **header["texts"]}
    return header, pd.DataFrame({c["name"]: known[c["name"]] for c in header["columns"]})


def ask(socket: Any, **request: Any) -> tuple[dict[str, Any], Any]:
    """Send a request and return the answer to it: a header and its samples, or a message."""
    base = {"type": "view", "pane": 0, "id": 1, "path": "a.tif", "text": TEXT, "level": 0}
    socket.send_text(json.dumps(base | request))
    while True:
        message = socket.receive()
        if message.get("bytes"):
            is_table = base | request | {"type": "table"} == base | request
            return table_of(message["bytes"]) if is_table else frame_of(message["bytes"])
        told = json.loads(message["text"])
        if told["type"] not in ("progress", "exact", "changed"):
            return told, None
