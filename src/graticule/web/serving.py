"""The server as a program: its port, its address, its end."""

from __future__ import annotations

import contextlib
import socket
import webbrowser
from pathlib import Path

import uvicorn

from graticule.web.app import make_app
from graticule.web.guard import LARGEST, Access

HOST = "127.0.0.1"


def serve_folder(folder: Path, *, port: int, opens: bool) -> int:
    """Serve a folder until it is interrupted; return the exit status."""
    listening = _listening(port)
    port = listening.getsockname()[1]
    access = Access({f"{HOST}:{port}", f"localhost:{port}"})
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
    return 0


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
