"""The page of a study: served on the loopback address, or as one file to send to a rater."""

from __future__ import annotations

import base64
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import ANSWERS, RATER, Answer, append_answer, read_answers
from cyclegan_glasses.evaluation.hype.outcome import QUESTIONS
from cyclegan_glasses.evaluation.hype.plan import to_page
from cyclegan_glasses.evaluation.hype.study import Study, read_picture, read_study
from cyclegan_glasses.files import write_text
from cyclegan_glasses.local_server import Content, LocalServer, RequestError
from cyclegan_glasses.webpage import interactive_page

#: Dark for everyone: what surrounds a picture changes how it is seen.
_page = partial(interactive_page, "Portraits: a study", __package__, "study", dark=True)


class StudyServer(LocalServer):
    """Serves the study in `folder` on `port`; answers are in `folder/answers.jsonl` at once.

    Raises:
        UserError: there is no study, or the port is taken.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.study = folder, read_study(folder)
        self.names = self.study.pictures()
        super().__init__(_page(), "study", "hype serve", port)

    def get(self, kind: str, rest: str, query: dict[str, str]) -> Any:
        """A rater's plan, or a picture by its name in the study."""
        if kind == "plan" and RATER.fullmatch(query.get("rater", "")):
            path, rater = self.folder / ANSWERS, query["rater"]
            known = read_answers([path]) if path.is_file() else []
            return _start(self.study, rater, {a.item: a.value for a in known if a.rater == rater})
        if kind == "picture" and rest in self.names:
            return Content(read_picture(self.folder, rest), "image/png", "max-age=3600")
        raise RequestError(HTTPStatus.NOT_FOUND)

    def post(self, kind: str, body: Any) -> Any:
        """One answer."""
        if kind != "answer":
            raise RequestError(HTTPStatus.NOT_FOUND)
        answer = Answer.from_json(body)
        append_answer(self.folder, answer)
        return {"saved": answer.item}


def export_page(folder: Path, rater: str, out: Path) -> None:
    """One file for `rater`, pictures included, that needs no server and saves its answers as a file.

    Raises:
        UserError: there is no study, the name is invalid, or `out` cannot be written.
    """
    study = read_study(folder)
    if not RATER.fullmatch(rater):
        raise UserError(f"--rater {rater!r}: give 1 to 40 letters, digits, '.', '_' or '-'")
    pictures = {
        name: "data:image/png;base64," + base64.b64encode(read_picture(folder, name)).decode()
        for name in sorted(study.pictures())
    }
    write_text(out, _page({**_start(study, rater, {}), "pictures": pictures}))


def _start(study: Study, rater: str, answered: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """What the page needs to know to begin or go on: the plan, and what was answered already."""
    questions = QUESTIONS[study.direction]
    return {"rater": rater, "questions": questions, "items": to_page(study, rater), "answered": answered}
