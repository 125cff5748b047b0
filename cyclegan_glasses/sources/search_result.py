"""What searches on the web have in common: a result, and how a service is asked and its answer read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import parse_json
from cyclegan_glasses.sources.fetch.result import LONGEST, FetchError, Reply

if TYPE_CHECKING:
    from cyclegan_glasses.sources.fetch.client import Fetcher

_WEB = re.compile("https?://", re.IGNORECASE)
_HINTS = {
    "private": "add --allow_private if you mean it",
    "address": "check --endpoint",
    "dns": "check --endpoint and the connection",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One result of a search.

    Attributes:
        address: where the picture's file is; `data:` for one that stands in the results page itself.
        licence, author: as the service states them; empty when it does not.
        facts: `landing` (the page about the picture), `title` and the like; strings only.
    """

    address: str
    licence: str = ""
    author: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def text(value: object, longest: int = 1000) -> str:
    """A string from outside made fit for a record: one line, no control characters, bounded; else empty."""
    return _CONTROL.sub(" ", value[: 4 * longest]).strip()[:longest] if isinstance(value, str) else ""


def known(**facts: str) -> dict[str, str]:
    """The facts that are not empty."""
    return {name: value for name, value in facts.items() if value}


def parse_object(body: bytes, service: str) -> dict[str, Any]:
    """The JSON object that a service answered.

    Raises:
        UserError: it answered something else.
    """
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UserError(f"{service} did not answer with a JSON object: check --endpoint, or try again later")
    return value


def at(value: object, *path: str | int) -> Any:
    """What lies at `path` in nested JSON, or None where the shape is another."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def is_web(address: object) -> bool:
    """Whether it looks like a web address; what it leads to is checked when it is fetched."""
    return isinstance(address, str) and len(address) <= LONGEST and bool(_WEB.match(address))


def ask(
    fetcher: Fetcher, name: str, endpoint: str, path: str, asked: Mapping[str, object]
) -> tuple[str, Reply]:
    """Ask the API of a service; returns what messages call the service, and its answer.

    Raises:
        UserError: it was not reached.
    """
    service = f"{name} ({urlsplit(endpoint).hostname or ''})"
    try:
        return service, fetcher.page(f"{endpoint.rstrip('/')}{path}?{urlencode(asked)}", robots=False)
    except FetchError as error:
        hint = _HINTS.get(error.error, "run the same command again later to go on")
        raise UserError(f"{service}: {error.reason}; {hint}") from None
