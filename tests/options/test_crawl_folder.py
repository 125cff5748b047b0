"""What a person types: `python crawl.py folder …`, its help, its results and its errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.photo import latest_photos

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    folder = tmp_path / "pile"
    folder.mkdir()
    rows = ["path,label,race"]
    for number in range(6):
        Image.new("RGB", (30, 30), (20 * number, 0, 0)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{'glasses' if number % 2 else 'none'},Black")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return folder


def crawl(*argv: object) -> int:
    return run_command(lambda: parse([str(word) for word in argv])())


def test_domains_from_a_labelled_pile(pile, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    argv = [
        "folder",
        pile,
        "--labels",
        tmp_path / "labels.csv",
        "--domains",
        "--split",
        "test=0.5",
        "--seed",
        4,
    ]
    assert crawl(*argv, "--out", out, "--workers", 1) == 0
    captured = capsys.readouterr()
    assert (
        f"6 of 6 photos are in {out}" in captured.out and "trainA" in captured.out and "testB" in captured.out
    )
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    assert files == set(latest_photos(out)) and len(files) == 6
    for photo in latest_photos(out).values():
        assert photo.path == f"{photo.split}{'A' if photo.label == 'glasses' else 'B'}/{photo.origin}"
        assert photo.group == {"race": "Black"}


def test_unreadable_pictures_cost_a_line_each(pile, tmp_path, capsys) -> None:
    (pile / "0.png").write_bytes(b"no picture")
    assert crawl("folder", pile, "--out", tmp_path / "out", "--workers", 1) == 0
    captured = capsys.readouterr()
    assert "      5  photos\n      1  unreadable: " in captured.out


def test_a_pile_without_any_good_picture_is_an_error(pile, tmp_path, capsys) -> None:
    for path in pile.iterdir():
        path.write_bytes(b"no picture")
    assert crawl("folder", pile, "--out", tmp_path / "out", "--workers", 1) == 2
    assert "none of the 6 pictures was kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--align", "8"], "16 to 2048"),
        (["--domains"], "--labels"),
        (["--labels", "gone.csv"], "cannot read"),
        (["--labels", "{labels}", "--where", "race"], "NAME=VALUE"),
        (["--labels", "{labels}", "--where", "race=Green"], "no picture is left"),
        (["--labels", "{labels}", "--label_words", "1=spectacles"], "a label is glasses"),
        (["--labels", "{labels}", "--split", "test=much"], "number of 0 to 1"),
        (["--labels", "{labels}", "--split", "test=0.6", "val=0.6"], "at most 1"),
        (["--labels", "{labels}", "--split", "trial=0.1"], "test=SHARE"),
        (["--align", "64", "--yunet", "gone.onnx"], "gone.onnx"),
        (["--align", "64", "--yunet", "{labels}"], "not a YuNet model"),
    ],
)
def test_invalid_arguments_cost_one_line_and_write_nothing(
    pile, tmp_path, capsys, monkeypatch, argv, message
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    argv = [word.format(labels=tmp_path / "labels.csv") for word in argv]
    assert crawl("folder", pile, "--out", tmp_path / "out", *argv) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists() and not (tmp_path / "cache").exists()


def test_an_unknown_folder_is_said_by_the_command_itself(tmp_path) -> None:
    command = [sys.executable, "crawl.py", "folder", "gone", "--out", str(tmp_path / "out")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and run.stderr.count("\n") == 1 and "gone is not a folder" in run.stderr


def test_help_needs_no_heavy_library() -> None:
    """A person who asks for help waits for nothing."""
    code = (
        "import sys\nfrom cyclegan_glasses.options.crawl import parse\n"
        "try: parse(['folder', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'cv2', 'numpy', 'PIL', 'requests'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.stdout.endswith("[]\n") and "--max_turn" in run.stdout
