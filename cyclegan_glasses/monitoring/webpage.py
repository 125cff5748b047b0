"""Builds pages of labelled pictures: one file, no outside files, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from dominate import document, tags
from dominate.dom_tag import dom_tag
from dominate.util import raw


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a row.

    Attributes:
        path: of the file, POSIX, relative to the page.
        label: what it is called, such as `fake_B`.
        caption: more words beside the label.
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
    whole = document(title=title)
    whole.set_attribute("lang", "en")
    with whole.head:
        tags.meta(charset="utf-8")
        tags.meta(name="viewport", content="width=device-width, initial-scale=1")
        tags.link(rel="icon", href="data:,")
        tags.style(raw(_file("page.css")))
    if refresh:
        whole.body.set_attribute("data-refresh", str(refresh))
    whole.body.add(tags.h1(title), *body, _viewer(), tags.script(raw(_file("page.js"))))
    return whole.render(pretty=False)


def strip(pictures: Sequence[Picture], about: str, *, across: int = 0) -> dom_tag:
    """A row of labelled pictures; a click enlarges.

    Args:
        pictures: from left to right.
        about: what the row shows, said beside the label of an enlarged picture.
        across: columns on a wide screen, as many as there are pictures if 0; a phone shows two.
    """
    row = tags.div(cls="strip", style=f"--across: {across or max(1, len(pictures))}", data_row="")
    for picture in pictures:
        words = " · ".join(part for part in (about, picture.label, picture.caption) if part)
        with row.add(tags.figure()):
            with tags.a(cls="picture", href=address(picture.path), data_words=words):
                tags.img(src=address(picture.path), alt=words, loading="lazy")
            caption = tags.figcaption(picture.label)
            if picture.caption:
                caption.add(" ", tags.span(picture.caption, cls="quiet"))
    return row


def table(head: Sequence[str], rows: Iterable[Sequence[str | dom_tag]]) -> dom_tag:
    """A table that scrolls sideways where the screen is narrow."""
    body = tags.tbody(*(tags.tr(*(tags.td(cell) for cell in row)) for row in rows))
    return tags.div(tags.table(tags.thead(tags.tr(*(tags.th(cell) for cell in head))), body), cls="scroll")


def address(path: str) -> str:
    """A relative path as the address of a link: spaces, `#`, `?`, `%` and colons are quoted."""
    return quote(path, safe="/")


def rows_of(labels: Sequence[str]) -> list[list[str]]:
    """Labels cut into rows, each beginning with a real picture: one row a direction."""
    rows: list[list[str]] = []
    for label in labels:
        if not rows or label.startswith("real"):
            rows.append([])
        rows[-1].append(label)
    return rows


class dialog(tags.html_tag):  # noqa: N801 - the class name is the name of the tag, which dominate lacks
    """The HTML element `dialog`."""


def _viewer() -> dom_tag:
    return dialog(
        tags.img(alt=""),
        tags.p(),
        tags.button("‹", type="button", cls="back", title="previous (left arrow)"),
        tags.button("›", type="button", cls="next", title="next (right arrow)"),
        tags.button("×", type="button", cls="close", title="close (Esc)"),
    )


def shown_options(options: dict[str, Any]) -> list[tuple[str, str]]:
    """Options as sorted words for a person, without passwords."""
    return sorted((name, str(value)) for name, value in options.items() if "password" not in name)


def _file(name: str) -> str:
    return files("cyclegan_glasses.monitoring").joinpath(name).read_text(encoding="utf-8")
