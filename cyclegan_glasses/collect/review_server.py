"""The review page over HTTP, for the person at this machine alone.

Who may ask is said in `loopback`. Photos are asked for by number, never by path.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from cyclegan_glasses.collect.review import Query, Refused, Review
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.local_server import LoopbackHandler, LoopbackServer

_MOST_PHOTOS = 500


class ReviewServer(LoopbackServer):
    """Serves one `Review` on `port`, 0 for any that is free."""

    def __init__(self, review: Review, port: int = 0) -> None:
        self.review = review
        page = files("cyclegan_glasses.collect").joinpath("review.html").read_text("utf-8")
        super().__init__(page, _Handler, port, cookie="review")


class _Handler(LoopbackHandler):
    server: ReviewServer
    printed_by = "crawl.py review"

    def answer(self, kind: str, rest: str, words: dict[str, str]) -> None:
        """A list of photos, descriptions, counts, pictures."""
        routes: dict[str, Callable[[], Any]] = {
            "list": lambda: self.server.review.find(_query(words)),
            "photos": lambda: [
                self.server.review.describe(n) for n in _numbers(words.get("ids", "").split(","))
            ],
            "counts": self.server.review.counts,
        }
        try:
            if kind in ("thumb", "large"):
                (number,) = _numbers([rest])
                return self.send_content(
                    self.server.review.picture(number, kind == "large"), "image/jpeg", "max-age=600"
                )
            if kind in routes and not rest:
                return self.send_json(routes[kind]())
        except (Refused, ValueError) as error:
            return self.say(HTTPStatus.NOT_FOUND, str(error))
        return self.say(HTTPStatus.NOT_FOUND, "there is nothing here")

    def do_POST(self) -> None:  # noqa: N802
        """A decision, or the undoing of the last one."""
        body = self.body()
        if body is None:
            return None
        review = self.server.review
        try:
            if self.path == "/decide":
                wish = json.loads(body)
                numbers = _numbers(wish["ids"])
                changed = review.decide(numbers, str(wish["action"]), str(wish.get("words", "")))
            elif self.path == "/undo":
                changed = review.undo()
            else:
                return self.say(HTTPStatus.NOT_FOUND, "there is nothing here")
        except Refused as error:
            return self.say(HTTPStatus.CONFLICT, str(error))
        except UserError as error:
            return self.say(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        except (ValueError, KeyError, TypeError):
            return self.say(HTTPStatus.BAD_REQUEST, "the request cannot be read")
        return self.send_json([review.describe(number) for number in changed])


def _query(words: dict[str, str]) -> Query:
    """A query from the words of an address; ValueError for a limit that is no number."""
    known: dict[str, Any] = {
        field.name: words[field.name] for field in dataclasses.fields(Query) if words.get(field.name)
    }
    for limit in ("low", "high"):
        if limit in known:
            known[limit] = float(known[limit])
    return Query(**known)


def _numbers(words: Any) -> list[int]:
    """Numbers of photos from what a request says; ValueError where it says something else or too many."""
    if not isinstance(words, list) or len(words) > _MOST_PHOTOS:
        raise ValueError(f"ask for at most {_MOST_PHOTOS} photos at a time")
    if not all(isinstance(word, int) or (isinstance(word, str) and word.isdecimal()) for word in words):
        raise ValueError("a photo has a number")
    return [int(word) for word in words]
