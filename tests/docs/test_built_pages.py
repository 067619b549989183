"""The built documentation: its links lead somewhere, its search finds, and all can read it.

It is looked at from its folder, as ``file://``, as a reader without a server does; ``make docs``
does so after each build.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

HTML = Path(__file__).parents[2] / "docs" / "_build" / "html"
AXE = Path(__file__).parents[2] / "workbench/node_modules/axe-core/axe.min.js"

pytestmark = pytest.mark.skipif(
    not (HTML / "index.html").is_file(), reason="the documentation is not built: make docs"
)
PAGES = (
    "index.html", "reference/index.html", "reference/ops/segment.watershed.html",
    "reference/ops/filters.html", "reference/commands/run.html",
    "reference/documents/pipeline.html", "reference/papers.html",
    "reference/api/graticule.core.html",
    "guides.html", "training.html", "tutorials/first-number.html", "explanations/nulls.html",
    "comparison.html", "reference/numbers/index.html", "reference/formats/fits.html",
)  # fmt: skip


def _pages() -> list[Path]:
    """Return all pages, without the templates of the theme."""
    return [page for page in HTML.rglob("*.html") if "_static" not in page.parts]


@cache
def _names(page: Path) -> frozenset[str]:
    return frozenset(re.findall(r'\b(?:id|name)="([^"]+)"', page.read_text("utf-8")))


def test_no_link_within_the_pages_is_dead() -> None:
    dead, count = [], 0
    for page in _pages():
        text = re.sub(r"<!--.*?-->", "", page.read_text("utf-8"), flags=re.DOTALL)
        for link in set(
            re.findall(r'<(?:a|img|link|script)\b[^>]*?\b(?:href|src)="([^"]*)"', text)
        ):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme in ("http", "https", "data", "mailto"), link
                continue
            count += 1
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchor = unquote(parts.fragment)
            if not target.is_file():
                dead.append(f"{page.relative_to(HTML)}: {link}")
            elif anchor and target.suffix == ".html" and anchor not in _names(target):
                dead.append(f"{page.relative_to(HTML)}: {link} (no such place)")
    assert count > 10_000
    assert dead == []


def test_nothing_is_asked_of_the_net() -> None:
    for page in _pages():
        text = page.read_text("utf-8")
        assert (
            re.findall(r'<(?:script|img|link)\b[^>]*?\b(?:src|href)="(?:https?:)?//[^"]*"', text)
            == []
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    made = browser.new_page()
    made.route(re.compile("^https?:"), lambda route: route.abort())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("watershed", "segment.watershed"),
        ("false discovery", "surrogate"),
        ("um", "filters.gaussian"),
        ("gaussian", "filters.gaussian"),
        ("--memory", "run"),
    ],
)
def test_the_search_finds(page: Any, words: str, found: str) -> None:
    page.goto(f"{(HTML / 'search.html').as_uri()}?q={words}")
    page.wait_for_selector("#search-results .search-summary:has-text('matching')", timeout=20_000)
    titles = page.locator("#search-results li a").all_inner_texts()
    assert any(found in title for title in titles), titles[:20]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_all(page: Any, name: str, mode: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe is not installed: make bundle")
    page.emulate_media(reduced_motion="reduce")  # a colour on its way to another has no contrast
    page.add_init_script(
        f"for (const key of ['mode', 'theme']) localStorage.setItem(key, '{mode}')"
    )
    page.goto((HTML / name).as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == mode
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("""async () => {
        const found = await axe.run(document, { resultTypes: ["violations"] });
        return found.violations.map(
            each => [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]
        );
    }""")
    assert found == []
