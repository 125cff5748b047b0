"""A crawl that is stopped anywhere goes on, with every picture once and every row whole."""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.collect.writer import NameSet, Writer
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos, read_manifest
from cyclegan_glasses.sources.source import RejectedPhoto, SourcePhoto, at_most
from tests.commands import run, start
from tests.sources.helpers import picture, write_zip


def files_of(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def put(out: Path, *photos: tuple[Photo, bytes | Path]) -> list[Photo]:
    """Write photos one after the other and return their rows."""
    items = [SourcePhoto(photo, content) for photo, content in photos]
    return [row for rows in Writer(out, keep_rejected=False).write(items) for row in rows]


def test_row_says_what_the_file_is(tmp_path: Path) -> None:
    """The suffix follows the bytes, not the name, and size and hash are those of the file."""
    photo = Photo("photos/a.jpg", source="s", origin="o", label="glasses")
    (row,) = put(tmp_path, (photo, picture(20, 30, "PNG")))
    assert (row.path, row.width, row.height) == ("photos/a.png", 20, 30)
    assert row.sha256 == hashlib.sha256((tmp_path / "photos/a.png").read_bytes()).hexdigest()
    assert latest_photos(tmp_path) == {"photos/a.png": row}
    assert (row.source, row.origin, row.label) == ("s", "o", "glasses")


def test_file_is_linked_and_costs_no_space(tmp_path: Path) -> None:
    """A second copy of a large set does not fill the disk; a link in a folder is followed."""
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    photos = [
        SourcePhoto(Photo(f"photos/{i}", origin=str(i)), tmp_path / name)
        for i, name in enumerate(("a.png", "b.png", "b.png"))
    ]
    list(Writer(tmp_path / "out").write(photos))
    for name in ("0.png", "1.png", "2.png"):
        assert (tmp_path / "out/photos" / name).samefile(tmp_path / "a.png")
        assert not (tmp_path / "out/photos" / name).is_symlink()
    list(Writer(tmp_path / "copied", link=False).write(photos))
    assert (tmp_path / "a.png").stat().st_nlink == 4
    assert (tmp_path / "copied/photos/1.png").read_bytes() == picture()


def test_whatever_a_photo_raises_costs_that_photo_alone(tmp_path: Path) -> None:
    """Detectors and decoders fail in ways of their own, and a million photos must not end at one."""

    def fail(error: Exception) -> bytes:
        raise error

    errors = (KeyError("eyes"), MemoryError(), OSError(5, "Input/output error"), RejectedPhoto("too dark"))
    photos = [
        SourcePhoto(Photo(f"photos/{n}.png", origin=str(n)), partial(fail, e)) for n, e in enumerate(errors)
    ]
    photos.append(SourcePhoto(Photo("photos/last.png", origin="last"), picture()))
    rows = [row for rows in Writer(tmp_path).write(photos) for row in rows]
    reasons = ["failed: KeyError: 'eyes'", "failed: not enough memory", "unreadable: Input/output error"]
    assert [row.reason for row in rows] == [*reasons, "too dark", ""]
    with pytest.raises(UserError, match="no space"):  # is not the photo's fault
        list(
            Writer(tmp_path).write(
                [SourcePhoto(Photo("x", origin="x"), partial(fail, UserError("no space")))]
            )
        )


def test_two_photos_of_one_name_are_both_kept(tmp_path: Path) -> None:
    """Neither another folder's photo of the same name nor one that differs in case is written over."""
    (first,) = put(tmp_path, (Photo("photos/a.png", origin="1"), picture(colour=1)))
    (second,) = put(tmp_path, (Photo("photos/A.png", origin="2"), picture(colour=2)))
    assert first.path == "photos/a.png"
    assert second.path == f"photos/A-{hashlib.sha256(b'2').hexdigest()[:12]}.png"
    assert files_of(tmp_path) == sorted([MANIFEST, first.path, second.path])


def test_many_photos_of_one_name_are_all_kept(tmp_path: Path) -> None:
    rows = put(tmp_path, *((Photo("photos/same", origin=str(i)), picture(colour=i)) for i in range(40)))
    assert list(read_manifest(tmp_path)) == rows
    assert len({row.path for row in rows}) == 40
    assert all(hashlib.sha256((tmp_path / row.path).read_bytes()).hexdigest() == row.sha256 for row in rows)


@pytest.mark.parametrize(
    "path", ["a\\..\\b.png", "C:/x", "photos/.git/x", ".x", "a//b", "a/./b", "photos/\udcff.png"]
)
def test_names_stay_below_the_folder(path: str, tmp_path: Path) -> None:
    """Whatever a source calls a photo, it lies below the folder and is not hidden."""
    (row,) = put(tmp_path / "out", (Photo(path, origin="o"), picture()))
    assert (tmp_path / "out" / row.path).resolve().is_relative_to(tmp_path / "out")
    assert not any(segment.startswith(".") for segment in row.path.split("/"))
    assert files_of(tmp_path) == sorted([f"out/{MANIFEST}", f"out/{row.path}"])


@pytest.mark.parametrize("data", [b"", b"<html>", picture()[:20], b"GIF89a" + bytes(50)])
def test_what_is_no_picture_leaves_nothing(data: bytes, tmp_path: Path) -> None:
    """An error page is neither written nor listed, and tried again by the next run."""
    (row,) = put(tmp_path, (Photo("photos/a.png", origin="o"), data))
    assert row.reason.startswith("unreadable: ") and row.verdict == "rejected"
    assert files_of(tmp_path) == []
    assert not Writer(tmp_path).done("o")


def test_done_counts_over_runs(tmp_path: Path) -> None:
    """The next run does not write again what is there."""
    put(tmp_path, (Photo("photos/a.png", origin="o"), picture()))
    again = Writer(tmp_path)
    assert again.done("o") and not again.done("p")
    assert files_of(tmp_path) == [MANIFEST, "photos/a.png"]
    assert list(again.write([SourcePhoto(Photo("photos/a.png", origin="o"), b"not opened")])) == []


def make_two(photo: Photo, reason: str = "") -> list[SourcePhoto]:
    """Two photos of one, with a mask, as a drawing makes them."""
    if reason:
        raise RejectedPhoto(reason)
    sized = replace(photo, width=12, height=10)
    worn = replace(sized, path=f"trainA/{photo.path}", facts={"mask": f"trainM/{photo.path}"})
    bare = replace(sized, path=f"trainB/{photo.path}")
    return [SourcePhoto(worn, picture(), {"mask": b"mask"}), SourcePhoto(bare, picture(colour=1))]


@pytest.mark.parametrize("workers", [1, 2])
def test_one_photo_may_become_several_or_a_reason(workers: int, tmp_path: Path) -> None:
    """Whatever the number of processes, rows come in the order of the photos."""
    photos = [Photo(f"{i}.png", origin=str(i)) for i in range(4)]
    items = [SourcePhoto(p, partial(make_two, p, "too dark" if p.origin == "2" else "")) for p in photos]
    rows = list(Writer(tmp_path, "w.json", {"way": 1}, rows_each=2).write(items, workers))
    assert [[row.path for row in group] for group in rows] == [
        ["trainA/0.png", "trainB/0.png"],
        ["trainA/1.png", "trainB/1.png"],
        ["rejected/2.png"],
        ["trainA/3.png", "trainB/3.png"],
    ]
    assert (tmp_path / "trainM/3.png").read_bytes() == b"mask"
    assert (rows[2][0].reason, rows[2][0].sha256) == ("too dark", "")
    lines = (tmp_path / MANIFEST).read_text().splitlines(keepends=True)
    (tmp_path / MANIFEST).write_text("".join(lines[:-1]))
    again = Writer(tmp_path, "w.json", {"way": 1}, rows_each=2)
    assert [again.done(str(i)) for i in range(4)] == [True, True, True, False]
    assert list(again.before()) == rows[:3]
    assert list(again.write(items)) == rows[3:]
    with pytest.raises(UserError, match="way 1 → 2"):
        Writer(tmp_path, "w.json", {"way": 2})


LABELLED = ("none", "none", "glasses", "none", "glasses")


def test_at_most_counts_each_label() -> None:
    """--limit gives domains of one size."""
    found = [SourcePhoto(Photo("p", label=label), Path()) for label in LABELLED]
    assert [item.photo.label for item in at_most(found, 2)] == ["none", "none", "glasses", "glasses"]
    assert len(list(at_most(found, 0))) == 5


@given(st.lists(st.text(max_size=8)), st.lists(st.text(max_size=8)))
def test_name_set_is_a_set(names: list[str], others: list[str]) -> None:
    """What was fetched is known, what was not is not."""
    known = NameSet()
    for name in names:
        known.add(name)
    assert all((name in known) == (name in names) for name in names + others)


def test_name_set_stays_exact_and_small_when_large() -> None:
    """A hundred thousand origins are told apart in less than two megabytes."""
    known = NameSet()
    for i in range(0, 100_000, 2):
        known.add(f"name {i}")
    assert [i for i in range(100_000) if f"name {i}" in known] == list(range(0, 100_000, 2))
    assert len(known._sorted) + len(known._recent) == 50_000
    assert len(known._recent) <= 6_250


@pytest.mark.slow
def test_killed_ten_times_and_gone_on(tmp_path: Path) -> None:
    """SIGKILL at random moments: in the end every picture once, every row whole, nothing left over."""
    rng = random.Random(5)
    count = 400
    members = {
        f"data/{kind}/{i}.png": picture(colour=i) for i in range(count // 2) for kind in ("glasses", "plain")
    }
    archive = write_zip(tmp_path / "k.zip", members)
    out = tmp_path / "out"
    command = ("crawl.py", "kaggle", archive, "--out", out)
    kills = 0
    while kills < 10:
        process = start(*command)
        started = time.monotonic()
        rows = (out / MANIFEST).stat().st_size if (out / MANIFEST).exists() else 0
        while process.poll() is None and time.monotonic() - started < 30:
            size = (out / MANIFEST).stat().st_size if (out / MANIFEST).exists() else 0
            if size > rows + rng.randrange(4000):
                break
        process.kill()
        process.wait()
        kills += 1
    done = run(*command)
    assert done.code == 0 and f"{count} photos: {count // 2} glasses, {count // 2} none" in done.out
    rows_now = list(read_manifest(out))
    assert len(rows_now) == count == len({row.origin for row in rows_now})
    assert files_of(out) == sorted([MANIFEST, *(row.path for row in rows_now)])
    assert all(hashlib.sha256((out / row.path).read_bytes()).hexdigest() == row.sha256 for row in rows_now)
