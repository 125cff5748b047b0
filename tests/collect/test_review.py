"""A person's decisions: in the manifest at once, taken back at will, and nobody else's."""

from __future__ import annotations

import dataclasses
import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyclegan_glasses.collect.review import Query, Refused, Review
from cyclegan_glasses.collect.review_server import ReviewServer
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import write_json
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos, read_manifest, write_manifest
from tests.criteria.helpers import make_pile

SCORES = {"faces": 1.0, "edges": 0.01}


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """Six photos that the filter saw: one rejected, one doubtful, one without a label."""
    photos = [
        dataclasses.replace(
            photo, scores={**SCORES, "turn": 5.0 * n}, group={"race": "AB"[n % 2]}, verdict="accepted"
        )
        for n, photo in enumerate(make_pile(tmp_path, 6))
    ]
    photos[1] = dataclasses.replace(photos[1], scores={**SCORES, "turn": 29.9})
    photos[2] = dataclasses.replace(
        photos[2], verdict="rejected", reason="eyes: turned 44.0 degrees to the side"
    )
    photos[3] = dataclasses.replace(photos[3], label="", verdict="rejected", reason="glasses: not known")
    write_manifest(tmp_path, photos)
    return tmp_path


def test_the_doubtful_come_first_and_every_filter_filters(pile):
    review = Review(pile)
    assert review.find(Query())[0] == 1
    assert review.find(Query(sort="path")) == [0, 1, 2, 3, 4, 5]
    assert review.find(Query(sort="-turn"))[:2] == [1, 5]
    assert review.find(Query(verdict="rejected", sort="path")) == [2, 3]
    assert review.find(Query(criterion="eyes")) == [2]
    assert review.find(Query(label="unknown")) == [3]
    assert review.find(Query(group="race=B", sort="path")) == [1, 3, 5]
    assert review.find(Query(score="turn", low=20, high=29, sort="path")) == [4, 5]
    assert review.find(Query(text="turned 44")) == [2]
    assert review.find(Query(reviewed="yes")) == []
    assert review.find(Query(score="nonsense")) == []


def test_uncertainty_follows_the_thresholds_of_the_last_filter_run(pile):
    write_json(pile / "filter.json", {"align": True, "thresholds": {"max_turn": 20.0}})
    assert Review(pile).find(Query())[0] == 4
    (pile / "filter.json").write_text("[1")
    with pytest.raises(UserError, match="run crawl.py filter again"):
        Review(pile)


def test_a_decision_is_in_the_manifest_before_the_page_says_so(pile):
    review = Review(pile)
    review.decide([0], "reject", "  blurred\n")
    review.decide([3], "glasses", "thin frame")
    review.decide([5], "sunglasses")
    review.decide([2], "accept")
    photos = list(latest_photos(pile).values())
    assert (photos[0].verdict, photos[0].reason) == ("rejected", "review: blurred")
    assert (photos[3].verdict, photos[3].label, photos[3].reason) == ("accepted", "glasses", "")
    assert photos[3].facts["reviewed"] == "unknown to glasses: thin frame"
    assert (photos[5].verdict, photos[5].label) == ("rejected", "sunglasses")
    assert (photos[2].verdict, photos[2].reason) == ("accepted", "")
    assert Review(pile).find(Query(reviewed="yes", sort="path")) == [0, 2, 3, 5]


def test_undo_takes_back_one_decision_after_the_other(pile):
    before = latest_photos(pile)
    review = Review(pile)
    review.decide([0, 1], "reject", "twins")
    review.decide([0], "none")
    assert review.undo() == [0]
    assert latest_photos(pile)["photos/0000.png"].reason == "review: twins"
    assert review.undo() == [0, 1]
    assert latest_photos(pile) == before
    with pytest.raises(Refused, match="nothing to undo"):
        review.undo()


@pytest.mark.parametrize(
    ("number", "action", "reason"),
    [(0, "reject", " "), (3, "accept", ""), (0, "delete", ""), (99, "accept", ""), (-1, "accept", "")],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(pile, number, action, reason):
    rows = list(read_manifest(pile))
    with pytest.raises(Refused):
        Review(pile).decide([0, number], action, reason)
    assert list(read_manifest(pile)) == rows


def test_a_path_that_leaves_the_folder_is_not_shown(tmp_path):
    """A manifest from elsewhere must not show a person's other files in a page."""
    make_pile(tmp_path / "pile", 1)
    make_pile(tmp_path / "other", 1)
    (tmp_path / "pile" / MANIFEST).write_text('{"path":"../other/photos/0000.png"}\n')
    with pytest.raises(UserError, match="no path below"):
        Review(tmp_path / "pile")


def test_a_link_that_the_person_set_is_followed(tmp_path):
    make_pile(tmp_path / "pile", 1)
    make_pile(tmp_path / "other", 1)
    (tmp_path / "pile/linked").symlink_to(tmp_path / "other/photos")
    write_manifest(tmp_path / "pile", [Photo("linked/0000.png")])
    assert Review(tmp_path / "pile").picture(0).startswith(b"\xff\xd8")


@pytest.fixture
def server(pile) -> Iterator[ReviewServer]:
    """The page, served on a free port."""
    with ReviewServer(Review(pile)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: ReviewServer, path: str, body: object = None, **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Send one request as the page would, but for the `headers` given; empty ones are left out."""
    sent = {
        "Host": f"127.0.0.1:{server.server_port}",
        "Cookie": f"review{server.server_port}={server.token}",
        "X-Page-Token": server.token,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    text = None if body is None else json.dumps(body)
    wanted = {name: value for name, value in sent.items() if value}
    connection.request("GET" if body is None else "POST", path, text, wanted)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.headers


def test_the_page_lists_shows_and_decides(server, pile):
    status, page, headers = ask(server, f"/?token={server.token}", Cookie="")
    assert status == 200
    assert b"{{" not in page
    assert "SameSite=Strict" in headers["Set-Cookie"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert json.loads(ask(server, "/list?sort=path")[1]) == [0, 1, 2, 3, 4, 5]
    assert [photo["id"] for photo in json.loads(ask(server, "/photos?ids=4,2")[1])] == [4, 2]
    assert ask(server, "/thumb/0")[1].startswith(b"\xff\xd8")
    (changed,) = json.loads(ask(server, "/decide", {"ids": [0], "action": "reject", "reason": "x"})[1])
    assert changed["reason"] == "review: x"
    assert json.loads(ask(server, "/counts")[1])["reviewed"] == 1
    assert json.loads(ask(server, "/undo", {})[1])[0]["reason"] == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Page_Token": ""},
        {"X_Page_Token": "guessed"},
        {"Cookie": ""},
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
    ],
)
def test_another_site_cannot_decide(server, pile, headers):
    """A page that is open in the same browser can send requests here: none of them may count."""
    rows = list(read_manifest(pile))
    assert ask(server, "/decide", {"ids": [0], "action": "reject", "reason": "x"}, **headers)[0] == 403
    assert list(read_manifest(pile)) == rows


@pytest.mark.parametrize("path", ["/list", "/thumb/0", "/photos?ids=0", "/counts", "/"])
def test_nothing_is_shown_without_the_token_or_under_a_foreign_name(server, path):
    assert ask(server, path, Cookie="")[0] == 403
    assert ask(server, path, Host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/thumb/../../etc/passwd", None, 404),
        ("/thumb/99", None, 404),
        ("/thumb/-1", None, 404),
        ("/photos?ids=a", None, 404),
        ("/list?score=turn&low=x", None, 404),
        ("/nothing", None, 404),
        ("/nothing", {}, 404),
        ("/decide", {"ids": "0", "action": "accept"}, 400),
        ("/decide", [], 400),
        ("/decide", {"ids": [3], "action": "accept"}, 409),
        ("/undo", {}, 409),
    ],
)
def test_strange_requests_are_answered_with_a_reason(server, path, body, status):
    got, text, _ = ask(server, path, body)
    assert got == status
    assert text


def test_a_taken_port_is_one_clear_line(server, pile):
    with pytest.raises(UserError, match="choose another --port"):
        ReviewServer(Review(pile), server.server_port)
