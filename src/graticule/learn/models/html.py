"""A trained model as a notebook shows it: what it learned from, its classes, its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_LISTED = 6
"""Files and scores that are listed."""


def of_model(
    title: str,
    card: Mapping[str, Any],
    expects: Mapping[str, Any] | None,
    *,
    description: str = "",
    files: Sequence[str] = (),
    scores: Mapping[str, Any] | None = None,
) -> str:
    """Return a model as a table of a few lines.

    Parameters
    ----------
    title : str
        Of which class it is, or what its file is called.
    card : mapping
        Of its `State`.
    expects : mapping, optional
        An `InputSpec` as JSON values.
    description : str
        In the words of who trained it.
    files : sequence of str
        What it was trained on.
    scores : mapping, optional
        Values by name, or ``{"value", "low", "high"}`` with an interval.

    Examples
    --------
    >>> page = of_model("PixelClassifier", {"counts": {"spot": 40}}, None,
    ...                 scores={"dice": {"value": 0.91, "low": 0.88, "high": 0.93}})
    >>> "spot (40 samples)" in page, "dice 0.91 (0.88 to 0.93)" in page
    (True, True)
    """
    rows = {
        "trained on": _listed(list(files)),
        "takes": _taken(expects),
        "classes": _classes(card),
        "score": _listed([_score(name, value) for name, value in (scores or {}).items()]),
        **{name: _short(value) for name, value in card.get("parameters", {}).items() if value},
    }
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(told)}</td></tr>"
        for name, told in rows.items()
        if told
    )
    about = f"<p>{escape(description)}</p>" if description else ""
    return f"<div><b>{escape(title)}</b>{about}<table><tbody>{body}</tbody></table></div>"


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _LISTED} more" if len(parts) > _LISTED else ""
    return ", ".join(parts[:_LISTED]) + more


def _taken(expects: Mapping[str, Any] | None) -> str:
    if expects is None:
        return ""
    spacing = [f"{dim} {step:g} {unit}" for dim, (step, unit) in expects["spacing"].items()]
    channels = [f"{expects['channels']} channels"] if expects["channels"] else []
    return ", ".join([" ".join(expects["dims"]), expects["dtype"], *channels, *spacing])


def _classes(card: Mapping[str, Any]) -> str:
    counts = card.get("counts")
    if isinstance(counts, Mapping):
        return ", ".join(f"{name} ({count:,} samples)" for name, count in counts.items())
    return ", ".join(str(name) for _, name in card.get("classes", ()))


def _score(name: str, value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{name} {_short(value)}"
    return f"{name} {value['value']:.3g} ({value['low']:.3g} to {value['high']:.3g})"


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items() if each)
    if isinstance(value, (list, tuple)):
        return " ".join(map(_short, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
