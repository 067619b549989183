"""A page for every op, a page for every family, and the papers they follow."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from graticule.core.op import Op
from graticule.core.papers import Paper, papers_of
from graticule.core.registry import check_names, families, get_check, get_op, op_names
from graticule.illustrations import WITHOUT, Illustration, document_of, illustration_of
from reference.examples import Uses
from reference.page import (
    Page,
    code,
    directive,
    heading,
    indented,
    joined,
    literal,
    numpydoc,
    plain,
    summary,
    table,
    toctree,
)
from reference.parameters import parameter_table
from reference.pictures import Pictures

_ALIKE = 8
_SCOPES = {
    "Pointwise": "each sample from that sample alone, so that tiles are of any shape",
    "Neighbourhood": "each sample from its surroundings, so that tiles have a margin",
    "Reduction": "blocks are summarised, and the summaries brought together in a fixed order",
    "Stitched": "tiles are done by themselves, and what crosses their seams is joined",
    "Whole": "the whole array at once",
}


def pages(docs: Path, pictures: Pictures) -> Iterator[Page]:
    """Give the pages of families and ops, and that of the papers."""
    uses = Uses(docs)
    ops = {name: get_op(name) for name in op_names()}
    by_family: dict[str, list[Op]] = {family: [] for family in sorted(families())}
    for name, op in ops.items():
        by_family.setdefault(name.partition(".")[0], []).append(op)
    yield _index(by_family)
    for family, members in by_family.items():
        yield _family(family, members, pictures)
    for op in ops.values():
        yield Page(f"ops/{op.name}", _op(op, list(ops.values()), uses, pictures))
    yield _papers(list(ops.values()))


def _index(by_family: dict[str, list[Op]]) -> Page:
    count = sum(map(len, by_family.values()))
    words = f"{count} operations in {len(by_family)} families. Each is one pure function: data in, "
    rows = [
        (f":doc:`{family} <{family}>`", ", ".join(f":doc:`{_short(op)} <{op.name}>`" for op in ops))
        for family, ops in by_family.items()
    ]
    return Page(
        "ops/index",
        joined(
            heading("Operations"),
            f"{words}data out, parameters by keyword. In a pipeline a step names one; in Python it "
            "is called as ``gt.family.name``.",
            table(("family", "operations"), rows, widths="15 85"),
            toctree(by_family, hidden=True, depth=2),
        ),
    )


def _short(op: Op) -> str:
    return op.name.partition(".")[2]


def _family(family: str, ops: list[Op], pictures: Pictures) -> Page:
    rows = [
        (
            f":doc:`{_short(op)} <{op.name}>`",
            joined(summary(op.function.__doc__ or ""), _picture(op, pictures, "gallery")),
        )
        for op in ops
    ]
    return Page(
        f"ops/{family}",
        joined(
            heading(family),
            table(("operation", "what it does"), rows, widths="20 80"),
            toctree((op.name for op in ops), hidden=True),
        ),
    )


def _picture(op: Op, pictures: Pictures, kind: str) -> str:
    """Return the picture of an op; nothing where it has none, or none was made."""
    found = pictures.of(op.name)
    if found is None:
        return ""
    link = {"target": f"{op.name}.html"} if kind == "gallery" else {}
    alt = plain(found.alt)
    return directive(f"image:: ../pictures/{found.file.name}", alt=alt, width="100%", **link)


def _op(op: Op, ops: list[Op], uses: Uses, pictures: Pictures) -> str:
    docstring = inspect.cleandoc(op.function.__doc__ or "")
    signature = re.sub(r"'(\w+)'", r"\1", str(_signature(op)))
    alike = ", ".join(f":doc:`{other.name} <{other.name}>`" for other in _alike(op, ops))
    examples = uses.of(op.name)
    illustration = illustration_of(op.name)
    return joined(
        heading(op.name),
        _picture(op, pictures, "own"),
        directive(f"py:function:: graticule.{op.name}{signature}", numpydoc(docstring)),
        *(
            _shown(illustration)
            if illustration
            else [f"There is no picture: it {WITHOUT[op.name]}."]
        ),
        heading("Parameters", 1) if op.parameters.names else "",
        parameter_table(op.parameters.schema(), docstring),
        heading("What it takes and gives", 1),
        _data(op),
        heading("Examples using this", 1) if examples else "",
        "\n".join(f"- {example}" for example in examples),
        heading("Operations like this", 1) if alike else "",
        alike,
    )


def _shown(illustration: Illustration) -> list[str]:
    """Return the pipeline of the picture, which runs as it is."""
    values = [f"``{key}`` is {', '.join(map(str, v))}" for key, v in illustration.vary.items()]
    varied = f" In the picture {values[0]}." if values else ""
    about = f"The pipeline of the picture, on the sample ``{illustration.on}``.{varied}"
    return [heading("In a pipeline", 1), about, code(document_of(illustration))]


def _signature(op: Op) -> inspect.Signature:
    """Return the signature without the rules of validation, which the table has."""
    found = inspect.signature(op.function)
    defaults = op.parameters.defaults
    parameters = [
        each.replace(
            annotation=each.empty,
            default=defaults.get(name, each.default),
        )
        for name, each in found.parameters.items()
    ]
    return found.replace(parameters=parameters, return_annotation=found.empty)


def _data(op: Op) -> str:
    rows = [
        ("takes", literal(each.name), str(each.kind), "optional" if each.optional else "")
        for each in op.inputs
    ]
    rows += [("gives", literal(each.name), str(each.kind), "") for each in op.outputs]
    facts = f"Version {op.version}. Scope :py:obj:`~graticule.core.{op.scope_name}`: "
    return joined(
        table(("direction", "name", "kind", "note"), rows),
        f"{facts}{_SCOPES[op.scope_name]}."
        + (
            f" In tiles it may differ by {op.tolerance:g} of the largest value."
            if op.tolerance
            else ""
        )
        + (f" {plain(op.scope.why)}" if op.scope_name == "Whole" else ""),  # type: ignore[union-attr]
    )


def _alike(op: Op, ops: list[Op]) -> list[Op]:
    """Return the ops of the family that take and give the same, those that share most first."""

    def shape(each: Op) -> tuple[object, ...]:
        return tuple(i.kind for i in each.inputs if not i.optional), tuple(
            o.kind for o in each.outputs
        )

    def shared(other: Op) -> int:
        papers = {p.key for p in papers_of(op.function.__doc__)}
        same = papers & {p.key for p in papers_of(other.function.__doc__)}
        return 3 * len(same) + len({*op.parameters.names} & {*other.parameters.names})

    family = op.name.partition(".")[0]
    near = [o for o in ops if o.name != op.name and o.name.startswith(f"{family}.")]
    near = [other for other in near if shape(other) == shape(op)]
    return sorted(near, key=lambda other: (-shared(other), other.name))[:_ALIKE]


def _papers(ops: list[Op]) -> Page:
    cited: dict[str, list[str]] = defaultdict(list)
    papers: dict[str, Paper] = {}
    checks = [(name, get_check(name).__doc__) for name in check_names()]
    sources = [(f"ops/{op.name}", op.function.__doc__) for op in ops]
    sources += [(f"checks/{name}", doc) for name, doc in checks]
    for where, docstring in sources:
        for paper in papers_of(docstring):
            papers.setdefault(paper.key, paper)
            cited[paper.key].append(where)
    parts = []
    for key in sorted(papers):
        uses = ", ".join(f":doc:`{where.partition('/')[2]} <{where}>`" for where in cited[key])
        entry = indented(code(papers[key].bibtex(), "bibtex"))
        parts.append(f"{papers[key].text}\n\n   Cited by {uses}.\n\n{entry}")
    return Page(
        "papers",
        joined(
            heading("Papers"),
            "The papers whose methods the operations and checks follow, with what cites each. "
            "``graticule cite PIPELINE`` writes those of one pipeline.",
            *parts,
        ),
    )
