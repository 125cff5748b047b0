"""Web pages of others, read in one pass: however a page is written, its time grows with its length alone.

Only what a search needs is read: elements with their attributes, and the text of scripts. The tokens are
those of https://html.spec.whatwg.org/multipage/parsing.html; what its end cuts off is dropped. The standard
library's `html.parser` of many Pythons (before 3.11.14) takes half a minute for 60 kB of `<a <a <a`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import count

TAGS = 500_000
"""Most tags and attributes of a page, five times as many as a page of results has; they take two seconds."""
ENTITIES = 10_000
"""In an attribute of more entities they stay as they are written."""
_NAME = re.compile(r"[a-zA-Z][^\s/>]{0,100}")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*|(?=[\s>]))))?"
)
_SPACE = re.compile(r"[\s/]*")
_TAG = re.compile(r"<[^<>]*>")
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea", "title")}


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a page: name and attributes in lower case, entities resolved; the text of a script."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""


def elements(html: str, names: Collection[str]) -> Iterator[Element]:
    """The elements of a page that are called one of `names`, in its order.

    Raises:
        ValueError: the page has more than `TAGS` tags and attributes.
    """
    at, counted = 0, count()
    while (at := html.find("<", at)) >= 0:
        _check_count(next(counted))
        if html.startswith("<!--", at):
            if (at := html.find("-->", at)) < 0:
                return
            continue
        if not (match := _NAME.match(html, at + 1)):
            at += 1
            continue
        name, at = match[0].lower(), match.end()
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(html, at):
            _check_count(next(counted))
            value = next((one for one in match.groups()[1:] if one is not None), "")
            if name in names:
                attributes.setdefault(match[1].lower(), _resolved(value))
            at = match.end()
        match = _SPACE.match(html, at)
        at = match.end() if match else at
        if not html.startswith(">", at):
            return  # the page ends within the element
        body = ""
        if raw := _RAW.get(name):
            end = raw.search(html, at)
            stop = end.start() if end else len(html)
            body, at = html[at + 1 : stop], stop
        if name in names:
            yield Element(name, attributes, body)


def _check_count(count: int) -> None:
    if count >= TAGS:
        raise ValueError(f"it has more than {TAGS} tags and attributes")


def _resolved(value: str) -> str:
    return value if value.count("&") > ENTITIES else unescape(value)


def plain(html: str) -> str:
    """The text of a piece of a page, without its tags."""
    return unescape(_TAG.sub(" ", html))
