"""The server as a program: its port, its address, its end."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import sys
import webbrowser
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

from graticule.core.atomic import atomic_path
from graticule.web.app import make_app
from graticule.web.folder import OWN, require_folder
from graticule.web.guard import LARGEST, Access

HOST = "127.0.0.1"
PORT = 8765
_NOTE = ".server.json"
_LEAST = 24
"""Characters that a token has."""


def serve_folder(folder: Path, *, port: int | None, opens: bool) -> NoReturn:
    """Serve a folder until it is interrupted, and end the program."""
    require_folder(folder)
    before = _last(folder)
    listening = _listening(port if port is not None else before.get("port", PORT))
    port = int(listening.getsockname()[1])
    access = Access({f"{HOST}:{port}", f"localhost:{port}"}, **_token(before))
    _note(folder, port, access.token)
    app = make_app(folder, access)
    address = f"http://{HOST}:{port}/?token={access.token}"
    print(
        f"The workbench of {folder.resolve()} is at\n\n  {address}\n\nEnd it with Ctrl-C.",
        flush=True,
    )
    if opens:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(address)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, ws="websockets-sansio", ws_max_size=LARGEST,
        ws_per_message_deflate=False, server_header=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    sys.stdout.flush()
    os._exit(0)  # all is on the disk, and a step that is under way would be waited for


def _last(folder: Path) -> dict[str, Any]:
    """Return the port and token of the server before, so that open pages find this one.

    Only a file that nobody else may read is believed.
    """
    path = folder / OWN / _NOTE
    with contextlib.suppress(OSError, ValueError):
        about = path.lstat()
        is_own = not hasattr(os, "getuid") or about.st_uid == os.getuid()
        if stat.S_ISREG(about.st_mode) and is_own and not about.st_mode & 0o077:
            told = json.loads(path.read_text("utf-8"))
            if isinstance(told, dict) and isinstance(told.get("port"), int):
                return told
    return {}


def _token(before: dict[str, Any]) -> dict[str, str]:
    token = before.get("token")
    return {"token": token} if isinstance(token, str) and len(token) >= _LEAST else {}


def _note(folder: Path, port: int, token: str) -> None:
    """Keep port and token where only the owner can read them; where that fails, do without."""
    path = folder / OWN / _NOTE
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with atomic_path(path) as draft:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as note:
                json.dump({"port": port, "token": token}, note)


def _listening(port: int) -> socket.socket:
    """Return a socket of this machine alone, at a port or, where it is in use, another."""
    for wanted in (port, 0):
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((HOST, wanted))
        except OSError:
            held.close()
            if wanted == 0:
                raise
            continue
        held.listen(128)
        return held
    raise AssertionError
