"""The review page over HTTP. Photos are asked for by number, never by path."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import Any

from cyclegan_glasses.collect.review import Query, Refused, Review
from cyclegan_glasses.local_server import Content, LocalServer, RequestError
from cyclegan_glasses.webpage import interactive_page

_MOST_PHOTOS = 500


class ReviewServer(LocalServer):
    """Serves one `Review` on `port`, 0 for any that is free."""

    def __init__(self, review: Review, port: int = 0) -> None:
        self.review = review
        page = interactive_page("Review", "cyclegan_glasses.collect", "review")
        super().__init__(page, "review", "crawl.py review", port)

    def get(self, kind: str, rest: str, query: dict[str, str]) -> Any:
        """A list of photos, descriptions, counts, pictures."""
        try:
            match kind, rest:
                case (("thumb" | "large"), number):
                    (photo,) = _photo_ids([number])
                    return Content(self.review.picture(photo, kind == "large"), "image/jpeg", "max-age=600")
                case "list", "":
                    return self.review.find(_query(query))
                case "photos", "":
                    return [self.review.describe(n) for n in _photo_ids(query.get("ids", "").split(","))]
                case "counts", "":
                    return self.review.counts()
        except (Refused, ValueError) as error:
            raise RequestError(HTTPStatus.NOT_FOUND, str(error)) from None
        raise RequestError(HTTPStatus.NOT_FOUND)

    def post(self, kind: str, body: Any) -> Any:
        """A decision, or the undoing of the last one; returns the photos that changed."""
        try:
            match kind:
                case "decide":
                    photos, reason = _photo_ids(body["ids"]), str(body.get("reason", ""))
                    changed = self.review.decide(photos, str(body["action"]), reason)
                case "undo":
                    changed = self.review.undo()
                case _:
                    raise RequestError(HTTPStatus.NOT_FOUND)
        except Refused as error:
            raise RequestError(HTTPStatus.CONFLICT, str(error)) from None
        return [self.review.describe(number) for number in changed]


def _query(parameters: dict[str, str]) -> Query:
    """A query from the parameters of an address; ValueError for a limit that is no number."""
    known: dict[str, Any] = {
        field.name: float(value) if field.name in ("low", "high") else value
        for field in dataclasses.fields(Query)
        if (value := parameters.get(field.name))
    }
    return Query(**known)


def _photo_ids(ids: Any) -> list[int]:
    """Numbers of photos from what a request says; ValueError where it says something else or too many."""
    if not isinstance(ids, list) or len(ids) > _MOST_PHOTOS:
        raise ValueError(f"ask for at most {_MOST_PHOTOS} photos at a time")
    if not all(isinstance(one, int) or (isinstance(one, str) and one.isdecimal()) for one in ids):
        raise ValueError("a photo has a number")
    return [int(one) for one in ids]
