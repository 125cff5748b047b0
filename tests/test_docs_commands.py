"""What README and tutorials tell a person to type works, and the README leads to each job in two clicks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.portraits.aligned import drawn_portrait
from tests.commands import ROOT, TINY

PAGES = (
    pytest.param("README", marks=pytest.mark.slow),
    "first-photo",
    "two-folders",
    "watch-and-stop",
    pytest.param("how-good", marks=pytest.mark.slow),
)

#: What makes a command short: added at its end, where the last of two equal options counts.
SHORT = {
    "crawl synthetic": "--count 8 --size 32 --test 2 --jobs 1",
    "crawl folder": "--workers 1",
    "train": "--max_steps 2 --device cpu --display_id 0",
    "train --name mine --continue": "--max_steps 4",
    "train --dataroot": " ".join(TINY),
    "test": "--num_test 2 --device cpu",
    "evaluate": "--num 2 --no_landmarks --device cpu",
}

#: Commands that are not run here, and why.
NOT_RUN = {
    "git": "test_packaging.py builds and installs a wheel",
    "pip": "test_packaging.py builds and installs a wheel",
    "pipx": "test_packaging.py builds and installs a wheel",
    "make": "minutes of training; its commands are those of the tutorials",
    "ssh": "another machine",
    "cyclegan-glasses learn": "tests of learn run it",
}

#: For each job of the README's table, what its page must show as code.
JOBS = {
    "take glasses off a photo": "remove holiday.jpg",
    "try a frame": "add me.jpg --frame aviator",
    "train on two folders": "train --dataroot datasets/mine --name mine",
    "continue a run": "--continue_train",
    "see it live from another machine": "ssh -L 8097:localhost:8097",
    "score it": "evaluate --name mine --dataroot datasets/mine",
    "export it": "export --name demo --format onnx",
    "add a generator": "class SketchSettings",
}


def page_of(name: str) -> Path:
    return ROOT / "README.md" if name == "README" else ROOT / "docs" / "tutorials" / f"{name}.md"


def commands(page: Path) -> Iterator[list[str]]:
    """The commands of shell blocks and of tables, in their order, each once."""
    seen = set()
    text = page.read_text("utf-8")
    for block, cell in re.findall(
        r"^```sh\n(.*?)^```|\| `((?:cyclegan-glasses|ssh) [^`]*)`", text, re.M | re.S
    ):
        for line in (block or cell).splitlines():
            for part in re.split(r"\s&&\s", line):
                arguments = shlex.split(part, comments=True)
                if arguments and tuple(arguments) not in seen:
                    seen.add(tuple(arguments))
                    yield arguments


def shortened(arguments: list[str]) -> list[str]:
    """A command line of `cyclegan-glasses` with what makes it short at its end."""
    line = " ".join(arguments)
    return [
        *arguments,
        *(more for start, text in SHORT.items() if line.startswith(start) for more in text.split()),
    ]


def put_photos(folder: Path) -> None:
    """What the pages take for granted: a photo, a folder of photos with labels."""
    for name, number, glasses in (
        ("me.jpg", 22, True),
        ("holiday/a.jpg", 18, True),
        ("photos/ann.jpg", 17, True),
        ("photos/ben.jpg", 3, False),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        picture, _ = drawn_portrait(number, 160, glasses)
        Image.fromarray(picture).save(folder / name, quality=95)
    (folder / "photos" / "labels.csv").write_text("path,label\nann.jpg,glasses\nben.jpg,none\n")


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_core: None) -> Path:
    """A folder with a few photos and a small data set, in which commands are typed."""
    put_photos(tmp_path)
    monkeypatch.chdir(tmp_path)
    run(["crawl", "synthetic", "--out", "datasets/mine"])
    return tmp_path


def run(arguments: list[str]) -> None:
    assert not parse(shortened(arguments))(), arguments


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_the_page_works(name: str, at_home: Path, one_thread: None) -> None:
    """Typed one after another, in a folder with a photo and a data set."""
    if name == "how-good":
        run(["train", "--dataroot", "datasets/mine", "--name", "mine"])
    count = 0
    for program, *arguments in commands(page_of(name)):
        if program in NOT_RUN or f"{program} {arguments[0]}" in NOT_RUN:
            continue
        assert program == "cyclegan-glasses", program
        if name == "README":  # there each command stands alone
            for old in at_home.glob("me_*"):
                old.unlink()
        run(arguments)
        count += 1
    assert count >= 3


def links(page: Path) -> dict[str, Path]:
    """The pages and files that a page leads to, by the text of the link's address."""
    targets = re.findall(r"\]\(([^)\s:]+)\)", page.read_text("utf-8"))
    return {target: (page.parent / target.partition("#")[0]).resolve() for target in targets}


@pytest.mark.parametrize("job", JOBS)
def test_a_reader_finds_each_job_in_two_clicks(job: str) -> None:
    """The row of the table, then the page that it leads to."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (row,) = (line for line in readme.splitlines() if line.startswith(f"| {job} |"))
    target = re.findall(r"\]\(([^)#]+)", row)[0]
    code = "\n".join(re.findall(r"^```\w*\n(.*?)^```", (ROOT / target).read_text("utf-8"), re.M | re.S))
    assert JOBS[job] in code, target


def test_every_page_is_reached_from_the_index() -> None:
    """A page that no link leads to is read by nobody."""
    index = ROOT / "docs" / "README.md"
    reached = {index.resolve(), *links(index).values()}
    pages = {path.resolve() for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= reached, sorted(str(page) for page in pages - reached)
