"""Pages that need nothing else: template, style and script in one file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.atomic import atomic_path
from graticule.core.errors import StoreError
from graticule.core.settings import settings
from graticule.report import wording
from graticule.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment


def render(
    template: str,
    content: Mapping[str, Any],
    *,
    package: str = "graticule.report",
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """Return a page of a template of ``package``, with the style and script of all reports.

    The template extends ``base.html`` and names the ``content``: ``title``, the sentences of the
    ``summary``, and its own. ``styles`` and ``scripts`` are further files of ``package``.
    """
    common, own = files("graticule.report"), files(package)
    sheets = [common / "strip.css", common / "report.css", *(own / name for name in styles)]
    style, script = (
        "".join(file.read_text("utf-8") for file in each)
        for each in (sheets, [common / "report.js", *(own / name for name in scripts)])
    )
    # The browser runs this script and no other, whatever the files of a study hold.
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = _environment(package).get_template(template)
    content = {"version": __version__, **content}
    return page.render(content, style=style, script=script, script_hash=script_hash)


def fragment(template: str, content: Mapping[str, Any]) -> str:
    """Return a part of a page, of a template of this package."""
    return str(_environment("graticule.report").get_template(template).render(content))


def _environment(package: str) -> Environment:
    """Return what makes pages of the templates of a package, and of those of all reports."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    from graticule.report.compiled import CompiledTemplates

    packages = dict.fromkeys([package, "graticule.report"])
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each, ".") for each in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=CompiledTemplates(settings().cache_dir / "templates"),
    )
    environment.filters |= {
        "number": wording.number,
        "seconds": wording.seconds,
        "size": wording.size,
        "model": wording.model,
        "parameters": wording.parameters,
        "coded": wording.coded,
        "some": wording.some,
    }
    return environment


def save(text: str, target: Path) -> Path:
    """Write a page beside its place and rename it into it; raise `StoreError` if it cannot be."""
    try:
        with atomic_path(target) as draft:
            # names of files may be of any bytes
            draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise StoreError(
            f"the report cannot be written: {error.strerror}", where=str(target.parent)
        ) from None
    return target
