"""``graticule inspect``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

_CARDS = 60
"""Lines of a header that are shown."""


def inspect(file: str, /, *, as_json: Annotated[bool, Parameter("--json")] = False) -> int:
    """Show what a file holds: dims, sizes, spacing, units, levels, header and value range.

    Of a file of several images also what each is and how it is named; what of the file was not
    understood, or is left out, is told in notes.

    Of a model: what it was trained on, what it expects, how it scored, and whether it still says
    of its test image what it said when it was saved.

    Try: graticule simulate nuclei -n 1 -o fields; graticule inspect fields/images/nuclei_0000.tif

    Parameters
    ----------
    file
        An image, a dataset within one (scan.h5/entry/data), a Zarr folder, or a model.
    as_json
        Print it as JSON.
    """
    from graticule.learn.model_file import is_model

    if is_model(file):
        return _show_model(file, as_json=as_json)
    return _show_image(file, as_json=as_json)


def _show_image(file: str, *, as_json: bool) -> int:
    """Show an image and what else its file holds; of several, what there is to choose from."""
    from graticule.core.errors import FormatError
    from graticule.io import content_hash, contents, read
    from graticule.io.format import format_of, locate

    held = contents(file)
    about: dict[str, Any] = {
        "file": file,
        "format": format_of(locate(file).path).name,
        "sha256": content_hash(file),
    }
    try:
        about |= _about_image(file, read(file))
    except FormatError as error:
        if all(each.trouble for each in held):
            raise
        about["several"] = f"{error.what} ({error.hint})" if error.hint else error.what
    is_choice = len(held) > 1 or "several" in about
    about["images"] = [asdict(each) for each in held] if is_choice else []
    return _print_json(about) if as_json else _print_image(about)


def _about_image(file: str, image: Any) -> dict[str, Any]:
    from graticule.io import levels, read

    sizes = levels(file)
    scaled = [image, *(read(file, level=number) for number in range(1, len(sizes)))]
    return {
        "dtype": str(image.dtype),
        "sizes": {str(dim): int(size) for dim, size in image.sizes.items()},
        "spacing": {str(dim): _axis_step(image, dim) for dim in image.dims},
        "first": {str(dim): _first(image, dim) for dim in image.dims},
        "levels": [{str(dim): int(n) for dim, n in each.items()} for each in sizes],
        "level_spacing": [{str(dim): _axis_step(at, dim) for dim in at.dims} for at in scaled],
        "units": image.attrs.get("units"),
        "range": _value_range(image),
        "notes": image.attrs.get("notes") or [],
        "header": image.attrs.get("header") or {},
    }


def _print_image(about: dict[str, Any]) -> int:
    print(f"{about['file']}\n  {'format':10} {about['format']}   sha256 {about['sha256'][:16]}...")
    if "several" in about:
        print(f"  {'images':10} {about['several']}")
    else:
        _print_axes(about)
    for held in about["images"]:
        sizes = ", ".join(f"{dim} {size}" for dim, size in held["sizes"].items())
        what = held["trouble"] or ", ".join(filter(None, [sizes, held["dtype"], held["title"]]))
        print(f"  {'  /' + held['name']:10}   {what}")
    return 0


def _print_axes(about: dict[str, Any]) -> None:
    from graticule.core.image import SPATIAL

    print(f"  {'dtype':10} {about['dtype']}")
    for dim, size in about["sizes"].items():
        axis = _describe_axis(about["spacing"][dim], about["first"][dim])
        print(f"  {dim:10} {size:>8} samples{axis}")
    if not any(about["first"][dim] is not None for dim in about["sizes"] if dim in SPATIAL):
        print(f"  {'spacing':10} not in the file: sizes are in pixels, unless a pipeline says, as")
        print(f"  {'':10} inputs: {{image: {{default_spacing: {{y: 0.5 um, x: 0.5 um}}}}}}")
    for number, (sizes, spacing) in enumerate(
        zip(about["levels"], about["level_spacing"], strict=True)
    ):
        steps = [f"{step[0]:.6g} {step[1] or 'px'}" for step in spacing.values() if step]
        of = f" of {' x '.join(steps)}" if steps else ""
        if number:
            print(f"  level {number:<4} {' x '.join(str(size) for size in sizes.values())}{of}")
    if about["units"]:
        print(f"  {'values in':10} {about['units']}")
    ends = about["range"]
    print(f"  {'range':10} {f'{ends[0]:.6g} to {ends[1]:.6g}' if ends else 'no numbers'}")
    for note in about["notes"]:
        print(f"  {'note':10} {note}")
    header = list(about["header"].items())
    for key, value in header[:_CARDS]:
        print(f"    {key} = {str(value)[:100]}")
    if len(header) > _CARDS:
        print(f"    and {len(header) - _CARDS} more, all shown by --json")


def _first(image: Any, dim: Any) -> float | None:
    known = dim in image.coords and image.coords[dim].size and image.coords[dim].dtype.kind in "iuf"
    return float(image.coords[dim].values[0]) if known else None


def _describe_axis(step: tuple[float, str] | None, first: float | None) -> str:
    if first is None:
        return ""
    if step is None:
        return ", unevenly spaced"
    return f" of {step[0]:.6g} {step[1] or 'px'}, the first at {first:.6g}"


def _axis_step(image: Any, dim: Any) -> tuple[float, str] | None:
    """Return the distance between samples and its unit; None where it is uneven or not known."""
    from graticule.core import step_of
    from graticule.core.errors import UnitsError

    try:
        return step_of(image, dim) if dim in image.coords else None
    except UnitsError:
        return None


def _value_range(image: Any) -> tuple[float, float] | None:
    """Return least and largest value, read block by block."""
    if image.size == 0 or image.dtype.kind not in "buif":
        return None
    low, high = image.min(skipna=True), image.max(skipna=True)
    return float(low.compute()), float(high.compute())


def _print_json(value: Any) -> int:
    import json

    print(json.dumps(value, indent=1, ensure_ascii=False, default=str))
    return 0


def _show_model(file: str, *, as_json: bool) -> int:
    """Show a model's card, and whether the model opens; 1 where it does not."""
    from graticule.core.errors import FormatError
    from graticule.learn.model_file import card_of, open_model

    card = card_of(file)
    try:
        open_model(file)
        fault = ""
    except FormatError as error:
        fault = str(error)
    if as_json:
        _print_json({"file": file, **card, "opens": not fault, "trouble": fault})
    else:
        _print_card(file, card, fault)
    return 1 if fault else 0


def _print_card(file: str, card: dict[str, Any], fault: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # where it is not read by a person at a terminal, no line is broken
    console = Console(width=None if Console().is_terminal else 200)
    table = Table(title=file, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    for name, text in _card_lines(card, fault):
        table.add_row(name, Text(text))
    console.print(table)


def _card_lines(card: dict[str, Any], fault: str) -> list[tuple[str, str]]:
    from graticule.report.wording import scores

    expects = card.get("expects") or {}
    spacing = ", ".join(
        f"{dim} {step:g} {unit}" for dim, (step, unit) in _items(expects, "spacing")
    )
    classes = [
        " ".join(dict.fromkeys((str(about["value"]), str(about["name"]))))
        for about in card.get("classes") or []
    ]
    data = [f"{about['file']} ({about['sha256'][:12]})" for about in card.get("data") or []]
    more = f" and {len(data) - 5} more" if len(data) > 5 else ""
    channels = f", {expects['channels']} channels" if expects.get("channels") else ""
    channels += ", colours brought to one grey" if expects.get("grey") else ""
    lines = [
        ("kind", str(card.get("kind", "")).replace("-", " ")),
        ("for", str(card.get("description") or "")),
        ("classes", ", ".join(classes)),
        ("expects", f"{' '.join(expects['dims'])}{channels}" if expects else _of_rows(card)),
        ("spacing", spacing or ("any" if expects else "")),
        ("held out", scores(card.get("scores") or {}) or "no scores"),
        ("trained on", ", ".join(data[:5]) + more or "not said"),
        ("training", _describe_training(card)),
        *_clustering_lines(card),
        *(
            (f"  {key}", _shorten(value))
            for key, value in _items(card, "model")
            if key not in ("history", "classes") and card.get("kind") != "clustering"
        ),
        ("written with", ", ".join(f"{k} {v}" for k, v in _items(card, "versions"))),
        ("sha256", str(card["sha256"])),
        ("test image", fault or "its answer is as it was when the model was saved"),
    ]
    return [(name, text) for name, text in lines if text]


def _of_rows(card: dict[str, Any]) -> str:
    """Return what a model of rows expects: a table, or images of a size."""
    held = dict(_items(card, "model"))
    image = held.get("image_rows")
    if not isinstance(image, dict):
        return "a table"
    channels = image.get("image_channels")
    size = " x ".join(str(n) for n in image.get("shape") or ())
    own = set(held.get("image_columns") or ())
    columns = set((held.get("clustering") or {}).get("columns") or ()) - own
    beside = ", and a table" if columns else ""
    return f"an image of {size}{f' of {channels} channels' if channels else ''}{beside}"


def _describe_training(card: dict[str, Any]) -> str:
    """Return in words how a network was trained; empty of other models."""
    plain = dict(_items(card, "model")).get("history")
    if not isinstance(plain, dict):
        return ""
    from graticule.learn.unet.history import History
    from graticule.learn.unet.live import sparkline

    try:
        history = History.from_json(plain)
        losses = [float(each["loss"]) for each in history.records]
        return f"{history.words()}   loss {sparkline(losses)}" if losses else history.words()
    except (KeyError, TypeError, ValueError, AttributeError):
        return "its history cannot be read"


def _clustering_lines(card: dict[str, Any]) -> list[tuple[str, str]]:
    """Return in words what a clustering is made of; nothing of other models."""
    if card.get("kind") != "clustering":
        return []
    from graticule.report.wording import parameters, some

    held = dict(_items(card, "model"))
    fitted = held.get("clustering") or {}
    steps = [
        f"{values.get('step')} {_format_nested({k: v for k, v in values.items() if k != 'step'})}"
        for values in fitted.get("chain") or []
        if isinstance(values, dict)
    ]
    own = set(held.get("image_columns") or ())
    columns = [str(name) for name in fitted.get("columns") or [] if name not in own]
    image = held.get("image_rows")
    said = f"{len(own):,} numbers of each image: {parameters(image)}" if image and own else ""
    return [
        ("  chain", " → ".join(steps)),
        ("  columns", some(columns, 12)),
        ("  of images", said),
        ("  units", _format_value(held.get("units") or {})),
    ]


def _items(card: dict[str, Any], name: str) -> list[tuple[str, Any]]:
    held = card.get(name)
    return list(held.items()) if isinstance(held, dict) else []


def _shorten(value: Any) -> str:
    text = _format_value(value)
    return text if len(text) <= 700 else f"{text[:697]}..."


def _format_value(value: Any) -> str:
    """Return a value of a card in words: what was not set is left out."""
    if isinstance(value, dict):
        own = {key.replace("_", " "): each for key, each in value.items() if each not in (None, [])}
        return ", ".join(f"{key} {_format_nested(each)}" for key, each in own.items())
    if isinstance(value, list):
        return ", ".join(_format_nested(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _format_nested(value: Any) -> str:
    return f"({_format_value(value)})" if isinstance(value, (dict, list)) else _format_value(value)
