"""The page of a study: who may ask, and, in a real browser, from the first click to the report."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import read_answers
from cyclegan_glasses.evaluation.hype.outcome import outcome, to_csv, to_markdown
from cyclegan_glasses.evaluation.hype.plan import plan
from cyclegan_glasses.evaluation.hype.server import StudyServer, export_page
from cyclegan_glasses.evaluation.hype.settings import CRITERIA, TIME
from tests.browser import chromium, wait
from tests.evaluation.hype.helpers import make_study

#: The models, and which of the four criteria a rater sees met.
POINTS = {"one": (1, 1, 1, 0), "two": (0, 0, 1, 0), "three": (1, 0, 0, 1)}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StudyServer]:
    """A study of three models and six portraits, served."""
    make_study(tmp_path, count=6, names=tuple(POINTS), each=2, trials=3, groups=("race",))
    with StudyServer(tmp_path / "study") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_answers_are_taken_from_the_page_alone(server: StudyServer) -> None:
    base = server.address.partition("?")[0]
    assert requests.get(base + "plan?rater=ann", timeout=9).status_code == 403
    session = requests.Session()
    assert session.get(server.address, timeout=9).ok
    start = session.get(base + "plan?rater=ann", timeout=9).json()
    assert len(start["items"]) == 3 * (6 + 4 + 3) and start["answered"] == {}
    answer = {"rater": "ann", "item": start["items"][0]["id"], "value": [1, 0, 1, 1]}
    assert session.post(base + "answer", json=answer, timeout=9).status_code == 403
    token = {"X-Page-Token": server.token}
    assert session.post(base + "answer", json=answer, headers=token, timeout=9).ok
    assert session.get(base + "plan?rater=ann", timeout=9).json()["answered"] == {
        answer["item"]: [1, 0, 1, 1]
    }
    wrong = answer | {"value": [7]}
    assert session.post(base + "answer", json=wrong, headers=token, timeout=9).status_code == 400
    assert session.get(base + "picture/../study.json", timeout=9).status_code == 404
    assert session.get(base + "picture/study.json", timeout=9).status_code == 404


def test_an_exported_page_holds_everything_but_the_truth(tmp_path: Path) -> None:
    study = make_study(tmp_path, count=2, tasks=("criteria", "infinity"))
    export_page(tmp_path / "study", "ann", tmp_path / "ann.html")
    text = (tmp_path / "ann.html").read_text()
    assert all(name in text for name in study.pictures())
    assert not any(f'"model": "{name}"' in text for name in study.models) and '"real"' not in text
    assert "http:" not in text and "https:" not in text
    with pytest.raises(UserError, match="letters, digits"):
        export_page(tmp_path / "study", "a/b", tmp_path / "no.html")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium."""
    yield from chromium(1100, 800)


def press(browser, key: str) -> None:
    browser.execute_script(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))", key
    )


def comes(browser, item: str, introduction: bool = False) -> bool:
    """Whether the page waits for an answer to `item`, or else shows an introduction."""
    if browser.execute_script("return document.body.dataset.item") == item:
        return True
    choices = browser.execute_script("return document.querySelector('#choices').textContent")
    return introduction and "begin" in choices


def answer_everything(browser, items, value_of, saved: Callable[[], int], first: int = 0) -> None:
    """Answer by keyboard as `value_of` says, through the introductions."""
    for place, item in enumerate(items[first:], first):
        keys = {0: "f", 1: "j"}
        wait(partial(comes, browser, item.id, True))
        if not comes(browser, item.id):
            press(browser, "Enter")
        wait(partial(comes, browser, item.id))
        value = value_of(item)
        if item.task == CRITERIA:
            for number, yes in enumerate(value, 1):
                if yes:
                    press(browser, str(number))
            press(browser, "Enter")
        else:
            press(browser, keys[value[0]])
        wait(lambda place=place: saved() > place)


@pytest.mark.browser
@pytest.mark.slow
def test_from_the_first_click_to_the_report(server: StudyServer, browser) -> None:
    """Known answers to 3 models and 6 portraits, the page closed half way: exactly those are reported."""
    folder, study = server.folder, server.study
    items = plan(study, "ann")

    def value_of(item) -> tuple[int, ...]:
        if item.task == CRITERIA:
            return POINTS[item.model]
        return (1,) if item.model == "one" else (int(item.real),)

    def saved() -> int:
        path = folder / "answers.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def enter() -> None:
        browser.get(server.address)
        wait(lambda: browser.execute_script("return document.querySelector('main input')"))
        browser.execute_script("document.querySelector('main input').value = 'ann'")
        browser.execute_script("document.querySelector('#choices button').click()")
        wait(lambda: browser.execute_script("return document.querySelector('#where').textContent") == "ann")

    enter()
    assert "token" not in browser.current_url
    half = len(items) // 2
    answer_everything(browser, items[:half], value_of, saved)
    enter()
    answer_everything(browser, items, value_of, saved, first=half)
    wait(lambda: browser.execute_script("return document.body.dataset.done") == "yes")
    answers = read_answers([folder / "answers.jsonl"])
    assert {a.item: a.value for a in answers} == {item.id: value_of(item) for item in items}
    found = outcome(study, answers)
    assert {name: mean.mean for name, mean in found.total.items()} == {"one": 3, "two": 1, "three": 2}
    assert found.yes == POINTS
    assert {n: m.mean for n, m in found.errors.items()} == {"one": 50, "two": 0, "three": 0}
    assert {n: m.mean for n, m in found.on_fake.items()} == {"one": 100, "two": 0, "three": 0}
    rows = list(csv.DictReader(to_csv(study, found).splitlines()))
    assert len(rows) == 6 and {(row["one"], row["two"], row["three"]) for row in rows} == {("3", "1", "2")}
    text = to_markdown(study, found)
    assert text.startswith("1 rater, 6 portraits, AtoB\n") and "**race X**" in text
    assert "| 3.00 [3.00, 3.00] | 1.00 [1.00, 1.00] | 2.00 [2.00, 2.00] |" in text
    timed = [a for a in answers if a.item.startswith("t-")]
    assert len(timed) == sum(item.task == TIME for item in items)
    right = {item.id: value_of(item) == (int(item.real),) for item in items}
    for block in ("t-0", "t-1", "t-2"):
        run = sorted((a for a in timed if a.item.startswith(block)), key=lambda a: int(a.item.split("-")[2]))
        exposures = [500]
        for answer in run:
            exposures.append(exposures[-1] - 10 if right[answer.item] else exposures[-1] + 30)
        assert [a.exposure for a in run] == exposures[:-1], "going on began the staircase anew"
    over = sorted(a.measured - a.exposure for a in timed)
    assert over[0] > -20 and over[len(over) // 2] < 150, over  # a busy machine shows longer, never shorter
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.browser
@pytest.mark.slow
def test_an_exported_page_gives_its_answers(tmp_path: Path, browser) -> None:
    study = make_study(tmp_path, count=2, tasks=("criteria",))
    export_page(tmp_path / "study", "bob", tmp_path / "bob.html")
    browser.get((tmp_path / "bob.html").as_uri())
    items = plan(study, "bob")
    kept = "return localStorage.getItem('study-bob') || '[]'"
    answer_everything(
        browser, items, lambda _: (0, 1, 0, 1), lambda: len(json.loads(browser.execute_script(kept)))
    )
    wait(lambda: browser.execute_script("return document.body.dataset.done") == "yes")
    (tmp_path / "bob.json").write_text(browser.execute_script(kept))
    found = outcome(study, read_answers([tmp_path / "bob.json"]))
    assert {name: mean.mean for name, mean in found.total.items()} == {"one": 2, "two": 2}
