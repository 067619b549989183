"""What the texts of options mean: ``--set``, ``--over`` and ``--region``."""

from __future__ import annotations

import shlex
from typing import Any

from graticule.core.errors import RequestError


def parse_assignment(text: str) -> tuple[str, Any]:
    """Split ``step.parameter=value``; the value is read as YAML, or else as text.

    Examples
    --------
    >>> parse_assignment("smooth.sigma=0.5 um"), parse_assignment("chance.n=199")
    (('smooth.sigma', '0.5 um'), ('chance.n', 199))
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise RequestError(
            f"--set needs step.parameter=value, not {shlex.quote(text)}",
            hint="as --set smooth.sigma=2",
        )
    return name.strip(), _from_yaml(value, default=value)


def parse_values(text: str) -> tuple[str, list[Any]]:
    """Split ``step.parameter=value,value``; the values are read as YAML.

    Examples
    --------
    >>> parse_values("smooth.sigma=0,1,2")
    ('smooth.sigma', [0, 1, 2])
    """
    name, sign, values = text.partition("=")
    listed = _from_yaml(f"[{values}]", default=None)
    if not sign or not name.strip() or not listed:
        raise RequestError(
            f"--over needs step.parameter=value,value, not {shlex.quote(text)}",
            hint="as --over smooth.sigma=0,1,2,4",
        )
    return name.strip(), list(listed)


def _from_yaml(text: str, *, default: Any) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError):
        return default


def parse_region(text: str | None) -> dict[str, tuple[int, int]]:
    """Return start and stop by dim.

    Examples
    --------
    >>> parse_region("y=0:512,x=100:400")
    {'y': (0, 512), 'x': (100, 400)}
    """
    region = {}
    for part in filter(None, (text or "").split(",")):
        dim, _, bounds = part.partition("=")
        start, _, stop = bounds.partition(":")
        if not (dim and start.isdecimal() and stop.isdecimal()):
            raise RequestError(
                f"--region needs dim=start:stop, not {shlex.quote(part)}",
                hint="as --region y=0:512,x=100:400",
            )
        region[dim.strip()] = (int(start), int(stop))
    return region
