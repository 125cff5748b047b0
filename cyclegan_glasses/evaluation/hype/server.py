"""The page of a study: served on the loopback address, or as one file to send to a rater."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import ANSWERS, RATER, Answer, append_answer, read_answers
from cyclegan_glasses.evaluation.hype.outcome import QUESTIONS
from cyclegan_glasses.evaluation.hype.plan import to_page
from cyclegan_glasses.evaluation.hype.study import PICTURES, Study, read_study
from cyclegan_glasses.files import write_text
from cyclegan_glasses.local_server import LoopbackHandler, LoopbackServer


class StudyServer(LoopbackServer):
    """Serves the study in `folder` on `port`; answers are in `folder/answers.jsonl` at once.

    Raises:
        UserError: there is no study, or the port is taken.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.study = folder, read_study(folder)
        self.names = self.study.pictures()
        super().__init__(_page(None), _Handler, port, cookie="study")

    def begin(self, rater: str) -> dict[str, Any]:
        """What the page needs to know to begin or go on: the plan, and what was answered already."""
        path = self.folder / ANSWERS
        known = read_answers([path]) if path.is_file() else []
        own = {answer.item: list(answer.value) for answer in known if answer.rater == rater}
        return _start(self.study, rater) | {"answered": own}


def export_page(folder: Path, rater: str, out: Path) -> None:
    """One file for `rater`, pictures included, that needs no server and saves its answers as a file.

    Raises:
        UserError: there is no study, the name cannot be, or `out` cannot be written.
    """
    study = read_study(folder)
    if not RATER.fullmatch(rater):
        raise UserError(f"--rater {rater!r}: give 1 to 40 letters, digits, '.', '_' or '-'")
    pictures = {
        name: "data:image/png;base64," + base64.b64encode((folder / PICTURES / name).read_bytes()).decode()
        for name in sorted(study.pictures())
    }
    write_text(out, _page(_start(study, rater) | {"pictures": pictures, "answered": {}}))


def _start(study: Study, rater: str) -> dict[str, Any]:
    return {"rater": rater, "questions": QUESTIONS[study.direction], "items": to_page(study, rater)}


def _page(start: dict[str, Any] | None) -> str:
    page = files("cyclegan_glasses.evaluation.hype").joinpath("page.html").read_text("utf-8")
    return page.replace("{{start}}", json.dumps(start).replace("<", "\\u003c"))


class _Handler(LoopbackHandler):
    server: StudyServer
    printed_by = "hype serve"

    def answer(self, kind: str, rest: str, words: dict[str, str]) -> None:
        """A rater's plan, a picture by its name in the study."""
        if kind == "plan" and RATER.fullmatch(words.get("rater", "")):
            return self.send_json(self.server.begin(words["rater"]))
        if kind == "picture" and rest in self.server.names:
            content = (self.server.folder / PICTURES / rest).read_bytes()
            return self.send_content(content, "image/png", "max-age=3600")
        return self.say(HTTPStatus.NOT_FOUND, "there is nothing here")

    def do_POST(self) -> None:  # noqa: N802
        """One answer."""
        body = self.body()
        if body is None:
            return None
        if self.path != "/answer":
            return self.say(HTTPStatus.NOT_FOUND, "there is nothing here")
        try:
            answer = Answer.from_json(json.loads(body))
            append_answer(self.server.folder, answer)
        except UserError as error:
            return self.say(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        except ValueError as error:
            return self.say(HTTPStatus.BAD_REQUEST, str(error))
        return self.send_json({"saved": answer.item})
