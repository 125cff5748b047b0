"""Builds every HTML page: one head, one style sheet, one script, nothing from outside, everything escaped.

A page is a single file. `page` is for what is only looked at; `interactive_page` for what talks to a
`local_server`, or works alone with data that is put into it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias
from urllib.parse import quote

from dominate import document, tags
from dominate.dom_tag import dom_tag
from dominate.util import raw

Cell: TypeAlias = str | int | dom_tag
JSON: TypeAlias = dict[str, object] | None
_NONCE = {"nonce": "{{nonce}}"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its label.

    Attributes:
        path: of the file, POSIX, relative to the page.
        label: what it is called, such as `fake_B`.
        caption: more text beside the label.
    """

    path: str
    label: str
    caption: str = ""


def page(title: str, *body: dom_tag, refresh: int = 0) -> str:
    """A whole page as HTML.

    Args:
        title: of the window and the heading, plain text.
        body: what follows the heading.
        refresh: seconds after which the page loads itself anew; 0 for never.
    """
    whole = _document(title)
    if refresh:
        whole.body.set_attribute("data-refresh", str(refresh))
    whole.body.add(tags.h1(title), *body, _viewer(), tags.script(raw(_text("webpage.js"))))
    return whole.render(pretty=False)


def interactive_page(title: str, package: str, name: str, data: JSON = None, *, dark: bool = False) -> str:
    """A page with markup, style and script of its own: `NAME.html`, `NAME.css` and `NAME.js` of `package`.

    `local_server` fills in the token and the nonce; without a server both stay unused.

    Args:
        title: of the window.
        package: that holds the three files, dotted.
        data: what the script finds as JSON in the element `#data`.
        dark: for everyone, whatever the viewer's system prefers.
    """
    whole = _document(title, _text(f"{name}.css", package), **_NONCE)
    if dark:
        whole.set_attribute("class", "dark")
    whole.head.add(tags.meta(name="token", content="{{token}}"))
    content = json.dumps(data).replace("<", "\\u003c")
    whole.body.add(
        raw(_text(f"{name}.html", package)),
        tags.script(raw(content), type="application/json", id="data"),
        tags.script(raw(_text("webpage.js")), **_NONCE),
        tags.script(raw(_text(f"{name}.js", package)), **_NONCE),
    )
    return whole.render(pretty=False)


def strip(figures: Sequence[Figure], about: str, *, across: int = 0) -> dom_tag:
    """A row of labelled pictures; a click enlarges.

    Args:
        figures: from left to right.
        about: what the row shows, said beside the label of an enlarged picture.
        across: columns on a wide screen, as many as there are pictures if 0. A phone shows three of three,
            else two.
    """
    across = across or max(1, len(figures))
    narrow = 3 if across == 3 else min(across, 2)
    row = tags.div(cls="strip", style=f"--across: {across}; --narrow: {narrow}", data_row="")
    for figure in figures:
        text = " · ".join(label for label in (about, figure.label, figure.caption) if label)
        with row.add(tags.figure()):
            with tags.a(cls="picture", href=address(figure.path), data_text=text):
                tags.img(src=address(figure.path), alt=text, loading="lazy")
            caption = tags.figcaption(figure.label)
            if figure.caption:
                caption.add(" ", tags.span(figure.caption, cls="quiet"))
    return row


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, text: int = 1) -> dom_tag:
    """A table that scrolls sideways where the screen is narrow.

    Args:
        head: a heading for each column.
        rows: their cells; an `int` gets separators of thousands.
        text: so many columns at the left are text, the others are numbers and stand to the right.
    """
    body = tags.tbody(*(tags.tr(*_cells(tags.td, row, text)) for row in rows))
    return tags.div(tags.table(tags.thead(tags.tr(*_cells(tags.th, head, text))), body), cls="scroll")


def card(title: str, *body: dom_tag) -> dom_tag:
    """A box with a heading."""
    return tags.div(tags.h3(title), *body, cls="card")


def address(path: str) -> str:
    """A relative path as the address of a link: spaces, `#`, `?`, `%` and colons are quoted.

    A name that is no text is quoted byte by byte.
    """
    try:
        return quote(os.fsencode(path), safe="/")
    except UnicodeEncodeError:  # no name of a file
        return quote(path, safe="/", errors="replace")


def _document(title: str, style: str = "", **attributes: str) -> document:
    """An empty page with its head; `style` follows the common style sheet, whose element has `attributes`."""
    whole = document(title=title)
    whole.set_attribute("lang", "en")
    with whole.head:
        tags.meta(charset="utf-8")
        tags.meta(name="viewport", content="width=device-width, initial-scale=1")
        tags.link(rel="icon", href="data:,")
        tags.style(raw(_text("webpage.css") + style), **attributes)
    return whole


def _cells(tag: type[dom_tag], row: Sequence[Cell], text: int) -> list[dom_tag]:
    values = [f"{cell:,}" if isinstance(cell, int) else cell for cell in row]
    return [tag(value, cls="text") if place < text else tag(value) for place, value in enumerate(values)]


class dialog(tags.html_tag):  # noqa: N801 - the class name is the name of the tag, which dominate lacks
    """The HTML element `dialog`."""


def _viewer() -> dom_tag:
    return dialog(
        tags.img(alt=""),
        tags.p(),
        tags.button("‹", type="button", cls="previous", title="previous (left arrow)"),
        tags.button("›", type="button", cls="next", title="next (right arrow)"),
        tags.button("×", type="button", cls="close", title="close (Esc)"),
        cls="viewer",
    )


def _text(name: str, package: str = "cyclegan_glasses") -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
