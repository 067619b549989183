"""The page Numbers: what was measured, what was wanted, and whether it is reached.

It is made from ``docs/bench.json`` and ``docs/reliability.json``, which the benchmarks write, and
from what the benchmarks say of themselves. A page beside the reference shows single rows by
the directive ``measured``.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from graticule.bench.record import read_record
from graticule.bench.row import Benchmark, benchmarks
from reference.margins import limits_figure, ratios_figure
from reference.page import Page, directive, heading, joined, plain, table

_DOCS = Path(__file__).parents[2]
_BUSY = 0.1

SUBJECTS: dict[str, tuple[str, ...]] = {
    "Whole tasks beside other programs": ("libraries", "cellprofiler"),
    "Filters, segmentation and measuring": (
        "thresholds", "filters", "kernels", "regions", "superpixels", "measure",
    ),
    "Counting nuclei and spots": ("nuclei", "spots", "spots_border", "deep_spots"),
    "Learning": (
        "features", "pixels", "forest", "networks", "deep_mitochondria", "deep_vessels",
        "deep_roots",
    ),
    "A faint signal along a path": ("sunquake", "sunquake_noise"),
    "Spectra": ("spectral_groups", "spectra_truth", "bragg_edges", "spectra_streaming"),
    "Galaxies and groups": (
        "galaxies", "morphology", "galaxy_groups", "clustering", "collection",
    ),
    "Plates, tracks and exchange": ("experiment", "tracking", "exchange"),
    "From command to answer": ("answer", "startup"),
    "Large files, tiles and kills": ("files", "tiling", "volume", "durability"),
    "The workbench": (
        "workbench_page", "workbench", "workbench_training", "workbench_objects",
        "workbench_hour",
    ),
}  # fmt: skip
"""Which modules of `graticule.bench` are told of together."""


def pages() -> Iterator[Page]:
    """Give the page and its figures."""
    record = read_record(_DOCS / "bench.json")
    rows: list[dict[str, Any]] = record["rows"]
    yield Page("numbers/ratios", ratios_figure(rows), ".svg")
    yield Page("numbers/limits", limits_figure(rows), ".svg")
    yield Page("numbers/index", _numbers(record["machines"], rows))


def _numbers(machines: Sequence[Mapping[str, Any]], rows: Sequence[dict[str, Any]]) -> str:
    judged = [row for row in rows if row["reached"] is not None]
    missed = [row for row in judged if not row["reached"]]
    days = sorted(row["measured"][:10] for row in rows)
    return joined(
        heading("Numbers"),
        "What was measured, beside the peer that does the same in the same run, and what was "
        "wanted before. ``make bench``, ``make bench-web`` and ``make bench-deep`` measure it "
        "again and write ``docs/bench.json``, from which this page is made; "
        "``graticule bench --only S5`` measures one row. :doc:`/comparison` says what other "
        "programs do better.",
        f"**Of {len(judged)} figures that had something to reach, {len(judged) - len(missed)} "
        f"reach it and {len(missed)} do not.** Measured from {days[0]} to {days[-1]}. "
        "A time that was measured beside other work is too long, and a ratio is too small where "
        "Graticule uses all processors and its peer one.",
        heading("Not reached", 1),
        rows_table(missed),
        heading("Beside the peers", 1),
        "Each dot is a time of a peer over that of Graticule: right of 1 Graticule is faster. "
        "The bar is what was wanted.",
        directive("image:: ratios.svg", alt=_alt(rows, "ratio"), width="100%"),
        heading("Against a limit", 1),
        "Each dot is a time, a size or a memory as a part of the limit it had: left of the line it "
        "is within.",
        directive("image:: limits.svg", alt=_alt(rows, "limit"), width="100%"),
        heading("Machines", 1),
        _machines(machines),
        *(_subject(title, modules, rows) for title, modules in SUBJECTS.items()),
        heading("Reliability", 1),
        _reliability(),
        heading("Not measured", 1),
        _unmeasured({row["id"] for row in rows}),
    )


def _alt(rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    if kind == "ratio":
        return (
            f"Ratios of {sum(row['ratio'] is not None for row in rows)} rows on a logarithmic axis."
        )
    return "Figures as parts of their limits on a logarithmic axis."


def _machines(machines: Sequence[Mapping[str, Any]]) -> str:
    listed = (
        (
            str(number),
            plain(f"{each['processor']}, {each['cores']} cores"),
            plain(f"{each['system']}, Python {each['python']}"),
            plain(", ".join(f"{name} {version}" for name, version in each["versions"].items())),
        )
        for number, each in enumerate(machines, 1)
    )
    return table(("machine", "processor", "system", "versions"), listed)


def _subject(title: str, modules: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    declared = by_module()
    members = [each for module in modules for each in declared[module]]
    parts, told = [], set[str]()
    for module in modules:
        ids = {each.id for each in declared[module]} - told  # what two modules share is told once
        told |= ids
        shown = [row for row in rows if row["id"] in ids]
        measured = {row["id"] for row in shown}
        parts += [f"**{each.id}** {_docstring(each)}" for each in members if each.id in measured]
        parts.append(rows_table(shown))
    return joined(heading(title, 1), *parts) if any(parts) else ""


def by_module() -> dict[str, list[Benchmark]]:
    """Return the benchmarks by the module they stand in."""
    found: dict[str, list[Benchmark]] = {}
    for each in (*benchmarks(), *benchmarks(deep=True)):
        found.setdefault(each.measure.__module__.rpartition(".")[2], []).append(each)
    return found


def _docstring(benchmark: Benchmark) -> str:
    return inspect.cleandoc(benchmark.measure.__doc__ or "").partition("\n\n")[0]


def rows_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a table; that a figure is not reached is as visible as that it is."""
    head = ("id", "what was measured", "figure", "peer", "ratio", "peak memory", "wanted",
            "reached", "day, machine")  # fmt: skip
    listed = table(head, map(_cells, rows), widths="4 33 9 9 8 8 11 9 10")
    return listed.replace("   :header-rows: 1", "   :header-rows: 1\n   :class: numbers", 1)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    unit = row["unit"]
    mark = {True: ":reached:`reached`", False: ":missed:`not reached`", None: "not judged"}
    busy = row.get("others", 0.0)
    return (
        row["id"],
        plain(_wrappable(row["what"])),
        _figure(row["value"], unit),
        _figure(row["baseline"], unit),
        _figure(row["ratio"], "times"),
        _figure(row["peak_mb"] and round(row["peak_mb"]), "MB"),
        plain(row["bar"]),
        mark[row["reached"]],
        f"{row['measured'][:10]}, {row['machine'] + 1}"
        + (f", beside other work ({busy:.0%})" if busy > _BUSY else ""),
    )


def _wrappable(text: str) -> str:
    """Return a text whose long names may be broken after an underscore."""
    return re.sub(r"(?<=\w{12})_(?=\w)", "_\u200b", text)


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    shown = f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return plain(f"{shown}\u00a0{unit}".strip())


def _reliability() -> str:
    found = json.loads((_DOCS / "reliability.json").read_text("utf-8"))
    listed = (
        (
            row["id"],
            plain(row["what"]),
            f"{row['trials']:,}",
            f"{row['faults']:,}",
            ":reached:`reached`" if row["reached"] else ":missed:`not reached`",
            row["measured"][:10],
        )
        for row in found["rows"]
    )
    return joined(
        "What is promised when things go wrong, and how often it was tried; "
        ":doc:`/reliability` tells how.",
        table(("row", "promise", "trials", "faults", "reached", "measured"), listed),
    )


def _unmeasured(measured: set[str]) -> str:
    known = {each.id: each for each in (*benchmarks(), *benchmarks(deep=True))}
    listed = [(name, _docstring(each)) for name, each in known.items() if name not in measured]
    if not listed:
        return "Every row was."
    about = "Rows that can be measured and are not in the record yet."
    return joined(about, table(("id", "what it measures"), listed, widths="10 90"))


class Measured(Directive):
    """``measured:: F5 S1`` shows rows of the record."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        record = _DOCS / "bench.json"
        self.state.document.settings.env.note_dependency(str(record))
        wanted = self.arguments[0].split()
        known = {each.id for each in (*benchmarks(), *benchmarks(deep=True))}
        if unknown := set(wanted) - known:
            raise self.error(f"there is no row {', '.join(sorted(unknown))}")
        rows = [row for row in read_record(record)["rows"] if row["id"] in wanted]
        absent = set(wanted) - {row["id"] for row in rows}
        shown = joined(
            rows_table(rows),
            f"Not measured yet: {', '.join(sorted(absent))}." if absent else "",
        )
        holder = nodes.container()
        self.state.nested_parse(StringList(shown.splitlines(), record.name), 0, holder)
        return holder.children


def setup(app: Sphinx) -> None:
    """Declare the directive, and the roles that tell what is reached."""
    from docutils.parsers.rst.roles import CustomRole, generic_custom_role

    app.add_directive("measured", Measured)
    for name in ("reached", "missed"):
        app.add_role(name, CustomRole(name, generic_custom_role, {"class": [name]}))
