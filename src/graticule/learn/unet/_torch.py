"""PyTorch, where it is there: threads and devices."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from graticule.core.errors import ParameterError, RequestError


def require_torch() -> Any:
    """Return the module torch, or say how it is had."""
    return require_package("torch")


def require_package(module: str) -> Any:
    """Return a module of the extra ``deep``, or say how it is had.

    Raises
    ------
    RequestError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise RequestError(
            f"this needs the package {package}, which is not installed",
            hint="pip install 'graticule[deep]'",
        ) from None


def device_of(name: str) -> Any:
    """Return a torch device; ``auto`` is the first GPU, or the processor where there is none."""
    torch = require_torch()
    gpu = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if gpu else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ParameterError(f"must be auto, cpu or cuda, not {name!r}", where="device") from None
    if device.type == "cuda" and not gpu:
        raise ParameterError(
            "there is no GPU that PyTorch can use", where="device", hint="device='auto'"
        )
    return device


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread, and as many as before afterwards."""
    torch = require_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def deterministic(*, exact: bool = False) -> Iterator[None]:
    """Choose kernels of the GPU that give the same bytes each time, and restore the choice.

    ``exact``: with all digits of float32, where a GPU would leave some away.
    """
    torch = require_torch()
    if not torch.cuda.is_available():
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32
    cudnn.deterministic, cudnn.benchmark = True, False
    cudnn.allow_tf32 = before[2] and not exact
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = before
