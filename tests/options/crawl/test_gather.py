"""What a person sees of a crawl: what was done, what was left out, and how to go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError, run_command
from cyclegan_glasses.options.crawl._runner import REASONS, gather, tally
from cyclegan_glasses.photo import Photo, latest_photos
from cyclegan_glasses.sources.source import SourcePhoto
from tests.sources.helpers import picture


@dataclass
class Drawn:
    """A source of so many small pictures; SIGTERM comes before number `stop_at`."""

    count: int
    stop_at: int = -1
    name: str = "drawn"

    def photos(self) -> Iterator[SourcePhoto]:
        for i in range(self.count):
            if i == self.stop_at:
                os.kill(os.getpid(), signal.SIGTERM)
            label = "glasses" if i % 2 else "none"
            photo = Photo(f"photos/{i}", source=self.name, origin=str(i), label=label, split="train")
            yield SourcePhoto(photo, partial(picture, colour=i))


def test_termination_keeps_what_is_there_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine that shuts down costs nothing but time."""
    before = signal.getsignal(signal.SIGTERM)
    assert run_command(lambda: len(gather(Drawn(6, stop_at=4), tmp_path))) == 130
    assert signal.getsignal(signal.SIGTERM) is before
    assert (
        f"{tmp_path} keeps its 4 new photos; type the same command again to go on" in capsys.readouterr().err
    )
    assert len(latest_photos(tmp_path)) == 4
    assert gather(Drawn(6), tmp_path) == {"train glasses": 3, "train none": 3}
    assert "2 new, 4 were there, 0 unreadable" in capsys.readouterr().out


def test_nothing_found_or_asked_is_said(tmp_path: Path) -> None:
    """An empty result is an error, not an empty data set."""
    with pytest.raises(UserError, match="no photo fits"):
        gather(Drawn(0), tmp_path / "out")
    with pytest.raises(UserError, match="--limit -1 is below zero"):
        gather(Drawn(1), tmp_path / "out", limit=-1)
    assert not (tmp_path / "out").exists()


def test_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No space left ends the run with words and leaves no half of a picture."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run_command(lambda: len(gather(Drawn(3), tmp_path))) == 2
    assert capsys.readouterr().err.startswith("error: no space is left to write ")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_reasons_beyond_the_most_frequent_are_counted_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that was there is printed, if not each by its reason, and no reason steers the terminal."""
    rows = [[Photo(f"{n}.png", reason=f"reason \x1b[{n}m")] for n in range(REASONS + 3)]
    tally(iter(rows), len(rows), "photos", tmp_path, lambda photo: "kept")
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == REASONS + 1 and "\x1b" not in "".join(printed)
    assert printed[-1].split(maxsplit=1) == ["3", "for other reasons, see the manifest"]
