"""Explanations written in Markdown as part of a page: nothing of them runs or loads anything."""

from __future__ import annotations

from markupsafe import Markup


def to_html(text: str) -> Markup:
    r"""Return Markdown as HTML without its title, headings two levels lower.

    HTML in it is shown as text, a link whose address could run something is none, and pictures,
    which would be loaded from elsewhere, are left as their words.

    Examples
    --------
    >>> to_html("# coins\n\n**How** many <b>coins</b>?")
    Markup('<p><strong>How</strong> many &lt;b&gt;coins&lt;/b&gt;?</p>\n')
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = parser.parse(text)
    if tokens and (tokens[0].type, tokens[0].tag) == ("heading_open", "h1"):
        tokens = tokens[3:]
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(parser.renderer.render(tokens, parser.options, {}))
