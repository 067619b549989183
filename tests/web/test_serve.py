"""The command that serves: its address, its end, and what it says where it cannot."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from graticule.cli.serve import serve
from graticule.core.errors import RequestError


def begun(folder: Path, tmp_path: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "graticule.cli", "serve", str(folder), "--no-open"]
    environment = {**os.environ, "GRATICULE_CACHE_DIR": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if "http://" in line)
    found = re.search(r"http://\S+", line)
    assert found is not None
    return process, found[0]


def test_the_page_is_at_the_address_and_ends_with_the_command(folder: Path, tmp_path: Path) -> None:
    process, url = begun(folder, tmp_path)
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert b"<title>" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(url.partition("?")[0], timeout=30)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stdout is not None
        process.stdout.close()


def test_it_listens_to_this_machine_alone(folder: Path, tmp_path: Path) -> None:
    import psutil

    process, _ = begun(folder, tmp_path)
    try:
        listening = [
            c for c in psutil.Process(process.pid).net_connections() if c.status == "LISTEN"
        ]
        assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is no folder"):
        serve(tmp_path / "none", open_browser=False)
    assert not (tmp_path / "none").exists()


def test_without_its_packages_it_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "graticule.web.serving", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(RequestError, match="the workbench needs the package uvicorn") as caught:
        serve(tmp_path, open_browser=False)
    assert caught.value.hint == "pip install 'graticule[web]'"
