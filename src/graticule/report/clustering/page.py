"""The page of a clustering."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graticule.clustering.analysis import Analysis
from graticule.clustering.run import ClusteringRun, failed_images, methods_table
from graticule.report import wording
from graticule.report.clustering import figures, maps
from graticule.report.clustering.reconstruction import reconstruction
from graticule.report.clustering.sheets import are_pairs, near_copies, odd_ones, sheets
from graticule.report.clustering.thumbnails import Thumbnails
from graticule.report.clustering.words import answer, chain_in_words
from graticule.report.html import render, save

_LISTED = 50
_HEADS = {
    "method": "Method",
    "groups": "Groups",
    "noise": "In none",
    "silhouette": "Silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "bic": "BIC",
    "p": "p against one cloud",
    "stability": "Made again (ARI)",
    "ari": "ARI with labels",
    "nmi": "NMI",
    "purity": "Purity",
    "neighbours_accuracy": "Neighbours right",
}


def write(done: ClusteringRun) -> Path:
    """Write ``report.html`` into the folder of a clustering: one file that needs nothing else."""
    return save(page(done), done.folder / "report.html")


def page(done: ClusteringRun) -> str:
    """Return the page as HTML."""
    analysis, collection = done.analysis, done.collection
    pictures = Thumbnails()
    copies, many_copies = near_copies(analysis, pictures)
    failed = failed_images(collection)
    refused = [(each.image, each.why) for each in collection.set_aside if not each.failed]
    content: dict[str, Any] = {
        "title": analysis.document.name,
        "about": analysis.document.description,
        "source": collection.source,
        "rows": len(collection.rows),
        "what": f"{collection.noun}s",
        "seconds": done.seconds,
        "summary": answer(analysis),
        "failed": list(failed.items())[:_LISTED],
        "failed_methods": list(analysis.failed.items()),
        "many_failed": len(failed),
        "refused": _by_reason(refused),
        "many_refused": len(refused),
        "left_out": list(analysis.features.left_out),
        "sheets": sheets(analysis, pictures),
        "groups": analysis.main.groups,
        "double": are_pairs(analysis),
        "maps": maps.maps(analysis, pictures),
        "odd": odd_ones(analysis, pictures),
        "copies": copies,
        "many_copies": many_copies,
        "evidence": figures.evidence(analysis),
        "sweeps": figures.sweeps(analysis),
        "trees": figures.trees(analysis),
        "effects": figures.effects(analysis),
        "kept": done.kept,
        "reconstruction": reconstruction(analysis),
        "head": [_HEADS[name] for name in _shown(analysis)],
        "methods": _methods(analysis),
        "chains": _chains(analysis),
        "document": analysis.document.text.strip(),
        "command": shlex.join(done.command),
        "columns": list(analysis.features.table.columns),
    }
    return render(
        "template.html", content, package="graticule.report.clustering", styles=("sheets.css",)
    )


def _by_reason(refused: Sequence[tuple[str, str]]) -> list[tuple[str, int, str]]:
    """Return the reasons for which images were refused: how many, and some of their names."""
    by_reason: dict[str, list[str]] = {}
    for name, why in refused:
        by_reason.setdefault(why, []).append(name)
    rows = [(why, len(names), wording.some(names)) for why, names in by_reason.items()]
    return sorted(rows, key=lambda row: -row[1])


def _shown(analysis: Analysis) -> list[str]:
    """Return the columns of the table of methods that hold something."""
    table = methods_table(analysis)
    return [name for name in _HEADS if name in table and table[name].notna().any()]


def _methods(analysis: Analysis) -> list[list[tuple[str, str, str]]]:
    """Return for each method the cells of a row: text, what stands below, and the sorting key."""
    rows = []
    for values in methods_table(analysis).to_dict("records"):
        cells = []
        for name in _shown(analysis):
            value = values.get(name)
            if name not in values or value != value:
                cells.append(("–", "", ""))
                continue
            ends = (values.get(f"{name}_low"), values.get(f"{name}_high"))
            low, high = (wording.number(end) if end is not None else "" for end in ends)
            text = f"{value:.3f}" if isinstance(value, float) and abs(value) < 10 else (
                wording.number(value))  # fmt: skip
            cells.append((text, f"{float(low):.2f} to {float(high):.2f}" if low else "",
                          str(value)))  # fmt: skip
        rows.append(cells)
    return rows


def _chains(analysis: Analysis) -> list[tuple[str, str, str]]:
    """Return each method with its steps in words."""
    return [
        (name, chain_in_words(result.clustering.chain), result.spec.description)
        for name, result in analysis.methods.items()
    ]
