"""Two domains: persons on one side, groups even, the same bytes each time, nothing of others' lost."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.collect import build as room
from cyclegan_glasses.collect.build import build
from cyclegan_glasses.collect.choose import CAPPED, UNEVEN, choose
from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.collect.splits import LEAK, Candidate
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo, append_photos, latest_photos, manifest_hash, write_manifest
from tests.commands import ROOT
from tests.criteria.helpers import DrawnFaces, make_pile

pytestmark = pytest.mark.slow

HERE = BuildSettings(workers=1, test_share=0.25)


def accepted(folder: Path, count: int = 16, first: int = 0) -> Path:
    """A pile of accepted photos, two of each person."""
    photos = make_pile(folder, count, first)
    write_manifest(
        folder,
        [
            dataclasses.replace(
                photo, verdict="accepted", person=f"p{n // 2}", group={"gender": "FM"[n % 3 == 0]}
            )
            for n, photo in enumerate(photos)
        ],
    )
    return folder


def tree(folder: Path) -> dict[str, str]:
    """Every file below `folder` and the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_domains_manifest_and_report_are_there_and_persons_stay_on_one_side(tmp_path):
    pile = accepted(tmp_path / "pile")
    append_photos(
        pile, [Photo("photos/x.png", label="none", verdict="rejected", reason="eyes: turned 50 degrees")]
    )
    built = build(tmp_path / "out", [pile], HERE)
    photos = latest_photos(tmp_path / "out")
    assert built.counts == {"trainA": 6, "trainB": 6, "testA": 2, "testB": 2}
    assert {path.split("/")[0] for path in photos} == {"trainA", "trainB", "testA", "testB"}
    assert all((tmp_path / "out" / path).is_file() for path in photos)
    assert all(
        (photo.label == "glasses") == (path.split("/")[0][-1] == "A") for path, photo in photos.items()
    )
    sides: dict[str, set[str]] = {}
    for photo in photos.values():
        sides.setdefault(photo.person, set()).add(photo.split)
    assert all(len(side) == 1 for side in sides.values())
    assert built.hash == manifest_hash(tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text()
    assert built.hash in page
    assert "eyes: turned … degrees" in page
    for name in built.counts:
        assert Image.open(tmp_path / f"out/report/{name}.jpg").width >= 96


@pytest.mark.parametrize("how", [{}, {"size": 32}, {"size": 32, "align": True, "image_format": "jpg"}])
def test_the_same_inputs_and_seed_give_the_same_bytes(tmp_path, monkeypatch, how):
    monkeypatch.setattr(room, "detector_file", lambda path: None)
    monkeypatch.setattr("cyclegan_glasses.collect.pictures.process_detector", lambda path: DrawnFaces())
    pile, settings = accepted(tmp_path / "pile"), dataclasses.replace(HERE, **how)
    build(tmp_path / "a/out", [pile], settings)
    rows = list(latest_photos(pile).values())
    random.Random(0).shuffle(rows)
    write_manifest(pile, rows)
    build(tmp_path / "b/out", [pile], settings)
    assert tree(tmp_path / "a/out") == tree(tmp_path / "b/out")
    other = build(tmp_path / "c/out", [pile], dataclasses.replace(settings, seed=1))
    assert other.hash != manifest_hash(tmp_path / "a/out")
    if how:
        assert {photo.width for photo in latest_photos(tmp_path / "a/out").values()} == {32}


def test_photos_of_neither_domain_are_counted_by_their_label(tmp_path):
    pile = accepted(tmp_path / "pile")
    more = {"x.png": "", "y.png": "sunglasses"}
    append_photos(pile, [Photo(path, label=label, verdict="accepted") for path, label in more.items()])
    built = build(tmp_path / "out", [pile], HERE)
    assert built.left_out == {"without a label": 1, "labelled sunglasses": 1} and built.counts.total() == 16


def test_links_cost_no_space_and_copies_stand_alone(tmp_path):
    pile = accepted(tmp_path / "pile")
    build(tmp_path / "linked", [pile], HERE)
    build(tmp_path / "copied", [pile], dataclasses.replace(HERE, copy=True))
    path = next(iter(latest_photos(tmp_path / "linked")))
    assert (tmp_path / "linked" / path).stat().st_nlink == 2
    assert (tmp_path / "copied" / path).stat().st_nlink == 1


def test_several_sources_with_the_same_file_names_are_merged(tmp_path):
    one, two = accepted(tmp_path / "one"), accepted(tmp_path / "two", first=100)
    renamed = []
    for photo in latest_photos(two).values():
        path = photo.path.replace("/01", "/00")
        (two / photo.path).rename(two / path)
        renamed.append(dataclasses.replace(photo, path=path))
    write_manifest(two, renamed)
    built = build(tmp_path / "out", [one, two], HERE)
    assert sum(built.counts.values()) == 32
    assert len(latest_photos(tmp_path / "out")) == 32
    assert {photo.facts["from"].split("/")[0] for photo in latest_photos(tmp_path / "out").values()} == {
        "one",
        "two",
    }


def test_a_folder_that_was_not_built_here_is_left_alone_and_an_earlier_build_is_replaced(tmp_path):
    pile = accepted(tmp_path / "pile")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="was not built here"):
        build(tmp_path / "out", [pile], HERE)
    assert tree(tmp_path / "out").keys() == {"thesis.txt"}
    (tmp_path / "out/thesis.txt").unlink()
    build(tmp_path / "out", [pile], HERE)
    first = tree(tmp_path / "out")
    build(tmp_path / "out", [pile], dataclasses.replace(HERE, max_photos=2))
    assert len(latest_photos(tmp_path / "out")) == 8
    build(tmp_path / "out", [pile], HERE)
    assert tree(tmp_path / "out") == first
    assert {path.name for path in tmp_path.iterdir()} == {"pile", "out"}
    for nested in (pile / "out", tmp_path):
        with pytest.raises(UserError):
            build(nested, [pile], HERE)


def test_a_build_that_fails_leaves_the_earlier_one(tmp_path, monkeypatch):
    pile = accepted(tmp_path / "pile")
    build(tmp_path / "out", [pile], HERE)
    before = tree(tmp_path / "out")

    def fail(*_: object) -> None:
        raise UserError("no space is left")

    monkeypatch.setattr(room, "write_report", fail)
    with pytest.raises(UserError, match="no space"):
        build(tmp_path / "out", [pile], dataclasses.replace(HERE, seed=5))
    assert tree(tmp_path / "out") == before
    assert {path.name for path in tmp_path.iterdir()} == {"pile", "out"}


_KILLED = """
import os, sys
from pathlib import Path
from cyclegan_glasses.collect.build import build
from cyclegan_glasses.collect.settings import BuildSettings

out, pile, left = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def die(event, args):
    global left
    replaces = event == "os.rename" and Path(args[0]).name in ("out", ".out.building")
    if replaces or event == "shutil.rmtree":
        left -= 1
        if left < 0:
            os._exit(9)

sys.addaudithook(die)
build(out, [pile], BuildSettings(workers=1, test_share=0.25, seed=5))
"""


@pytest.mark.parametrize("place", range(4))
def test_a_build_that_is_killed_while_it_takes_its_place_blocks_none_and_loses_none(place, tmp_path):
    """Before either rename, between them, and while the earlier build is removed."""
    pile, out = accepted(tmp_path / "pile"), tmp_path / "out"
    build(out, [pile], HERE)
    before = tree(out)
    command = [sys.executable, "-c", _KILLED, str(out), str(pile), str(place)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    write_manifest(tmp_path / "empty", [])
    with pytest.raises(UserError, match="no accepted photo"):  # another command, which comes to nothing
        build(out, [tmp_path / "empty"], HERE)
    after = tree(out)
    assert (after == before) is (place < 2) and len(after) == len(before)
    build(out, [pile], HERE)
    assert tree(out) == before
    assert {path.name for path in tmp_path.iterdir()} == {"pile", "out", "empty"}


def test_a_picture_that_broke_since_costs_one_reason(tmp_path):
    pile = accepted(tmp_path / "pile")
    (pile / "photos/0003.png").write_bytes(b"gone bad")
    built = build(tmp_path / "out", [pile], HERE)
    assert built.left_out == {"unreadable: not a picture of a known format": 1}
    assert sum(built.counts.values()) == 15


def test_without_a_filter_run_it_says_what_to_do(tmp_path):
    make_pile(tmp_path / "pile", 8)
    with pytest.raises(UserError, match="run crawl.py filter first, or add --unfiltered"):
        build(tmp_path / "out", [tmp_path / "pile"], HERE)
    assert not (tmp_path / "out").exists()
    assert (
        sum(
            build(
                tmp_path / "out", [tmp_path / "pile"], dataclasses.replace(HERE, unfiltered=True)
            ).counts.values()
        )
        == 8
    )


def crowd(count: int, **fields: object) -> list[Candidate]:
    """Candidates, every second with glasses, each a person of its own unless said otherwise."""
    return [
        Candidate(
            0,
            f"{n}.png",
            "glasses" if n % 2 else "none",
            sha256=hashlib.sha256(b"%d" % n).hexdigest(),
            **fields,
        )  # type: ignore[arg-type]
        for n in range(count)
    ]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 12), min_size=12, max_size=60), st.integers(0, 3))
def test_however_persons_are_spread_none_is_on_both_sides(persons, seed):
    people = [
        dataclasses.replace(one, person=f"p{person}" if person else "")
        for one, person in zip(crowd(len(persons)), persons, strict=True)
    ]
    try:
        splits = choose(people, dataclasses.replace(HERE, seed=seed))[0]
    except UserError:
        return
    assert len(splits) == len(people)
    for person in {one.person for one in people if one.person}:
        assert len({split for one, split in splits.items() if one.person == person}) == 1
    for label in ("glasses", "none"):
        of_label = [split for one, split in splits.items() if one.label == label]
        assert of_label.count("test") <= -(-len(of_label) // 4)


def test_near_duplicates_stay_on_one_side_across_folders():
    people = crowd(40)
    near = [
        dataclasses.replace(
            one, place=1, sha256=f"{n:064x}", hashes=f"{n % 20 * 0x0123456789ABCDEF % 2**64:016x}" * 2
        )
        for n, one in enumerate(people)
    ]
    splits = choose(near, HERE)[0]
    for n in range(20):
        pair = [split for one, split in splits.items() if one.hashes == near[n].hashes]
        assert len(pair) == 2
        assert len(set(pair)) == 1
    assert set(splits.values()) == {"train", "test"}


def test_the_split_of_a_source_is_kept_and_leaks_out_of_its_test_part_are_stopped():
    people = [dataclasses.replace(one, split="test" if n < 6 else "train") for n, one in enumerate(crowd(20))]
    people[7] = dataclasses.replace(people[7], person="anna")
    people[1] = dataclasses.replace(people[1], person="anna")
    splits, left_out = choose(people, dataclasses.replace(HERE, keep_split=True))
    assert {one for one, split in splits.items() if split == "test"} == set(people[:6])
    assert left_out == {people[7]: LEAK}
    with pytest.raises(UserError, match="leave --keep_split out"):
        choose(crowd(8), dataclasses.replace(HERE, keep_split=True))


def test_no_person_has_more_photos_than_asked_for():
    people = [dataclasses.replace(one, person=f"p{n // 10}") for n, one in enumerate(crowd(60))]
    splits, left_out = choose(people, dataclasses.replace(HERE, cap_per_person=2))
    for person in range(6):
        of_person = [one.label for one in splits if one.person == f"p{person}"]
        assert sorted(of_person) == ["glasses", "glasses", "none", "none"]
    assert set(left_out.values()) == {CAPPED}


@pytest.mark.parametrize(("option", "limit"), [("balance", 0), ("match", 0), ("balance", 31), ("match", 31)])
def test_groups_are_even_in_both_domains_of_every_part(option, limit):
    lots = random.Random(4)
    people = [
        dataclasses.replace(
            one, group=lots.choices("abc", (6, 3, 1) if one.label == "none" else (2, 3, 3))[0]
        )
        for one in crowd(400)
    ]
    splits, left_out = choose(people, dataclasses.replace(HERE, **{option: "race", "max_photos": limit}))
    for split in ("train", "test"):
        counts = {
            label: {
                value: sum(
                    1
                    for one, where in splits.items()
                    if (where, one.label, one.group) == (split, label, value)
                )
                for value in "abc"
            }
            for label in ("glasses", "none")
        }
        assert counts["glasses"] == counts["none"]
        assert all(counts["none"].values())
        if limit:
            assert 29 < sum(counts["none"].values()) <= limit or split == "test"
        if option == "balance":
            assert len(set(counts["none"].values())) == 1
    assert set(left_out.values()) == {UNEVEN}


def test_an_empty_domain_and_an_unknown_group_are_one_clear_line():
    with pytest.raises(UserError, match="without glasses is left"):
        choose([one for one in crowd(8) if one.label == "glasses"], HERE)
    with pytest.raises(UserError, match="no accepted photo has a group 'tone'"):
        choose(crowd(8), dataclasses.replace(HERE, balance="tone"))
    with pytest.raises(UserError, match="exclude each other"):
        choose(crowd(8), dataclasses.replace(HERE, balance="tone", match="age"))
