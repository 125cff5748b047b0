"""The Kaggle sets as they are downloaded: every layout, every spelling of a name, no label invented."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.photo import latest_photos
from cyclegan_glasses.sources.kaggle import KaggleSource, download, label_rows
from tests.sources.helpers import picture, write_tree, write_zip


def documented(faces: int = 6, labelled: int = 4, pattern: str = "face-{}.png") -> dict[str, bytes | str]:
    """The set as it is described: 512 values a row, glasses for odd ids, the last ids without a label."""
    columns = ",".join(f"v{i}" for i in range(1, 513))
    features = ",".join(["0.25"] * 512)
    members: dict[str, bytes | str] = {
        "train.csv": f"id,{columns},glasses\n"
        + "".join(f"{i},{features},{i % 2}\n" for i in range(1, labelled + 1)),
        "test.csv": f"id,{columns}\n" + "".join(f"{i},{features}\n" for i in range(labelled + 1, faces + 1)),
    }
    folder = "faces-spring-2020/faces-spring-2020/"
    return members | {folder + pattern.format(i): picture(colour=i) for i in range(1, faces + 1)}


@pytest.mark.parametrize("write", [write_zip, write_tree])
@pytest.mark.parametrize("pattern", ["face-{}.png", "face-{:04d}.png", "face-{:05d}.PNG"])
def test_documented_set_round_trips(
    write, pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every face comes with its own label and bytes, out of zip or folder, padded or not."""
    source = write(tmp_path / "k.zip", documented(12, 9, pattern))
    parse(["kaggle", str(source), "--out", str(tmp_path / "out")])()
    rows = latest_photos(tmp_path / "out")
    assert list(rows) == [f"photos/{pattern.format(i).lower()}" for i in range(1, 13)]
    for i, (path, row) in enumerate(rows.items(), 1):
        assert row.label == ("" if i > 9 else "glasses" if i % 2 else "none")
        assert row.facts == {"table": "test.csv" if i > 9 else "train.csv", "generated": True}
        assert (tmp_path / "out" / path).read_bytes() == picture(colour=i)
    assert "12 photos: 5 glasses, 4 none, 3 without a label" in capsys.readouterr().out


def test_folders_per_class_are_labels(tmp_path: Path) -> None:
    """The cleaned variant and the sets with more classes are read too; a covering says nothing of glasses."""
    folders = {
        "Images/Images/glasses": "glasses",
        "Images/Images/no_glasses": "none",
        "set/plain": "none",
        "set/glasses": "glasses",
        "set/sunglasses": "sunglasses",
        "set/sunglasses-imagenet": "sunglasses",
        "set/coverings": "",
        "test/With_Glasses/extra": "glasses",
    }
    members: dict[str, bytes | str] = {f"{folder}/1.png": picture() for folder in folders}
    source = write_zip(tmp_path / "k.zip", {**members, "readme.txt": "x", "logo/1.png": picture()})
    found = {item.photo.origin.split("!")[1]: item.photo for item in KaggleSource(source).photos()}
    assert {name: photo.label for name, photo in found.items()} == {
        f"{f}/1.png": label for f, label in folders.items()
    }
    assert found["set/sunglasses-imagenet/1.png"].facts == {"class": "sunglasses-imagenet"}
    assert [photo.split for photo in found.values() if photo.split] == ["test"]
    parse(["kaggle", str(source), "--out", str(tmp_path / "out")])()
    assert len(latest_photos(tmp_path / "out")) == len(folders)


def test_what_is_no_class_or_has_no_row_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Half a set that is called otherwise must not be missed only when the training is done."""
    folders = dict.fromkeys(("glasses/1.png", "hats/1.png", "hats/2.png", "3.png"), picture())
    archive = write_zip(tmp_path / "k.zip", {**folders, "glasses/4.svg": b"", "glasses/.x.png": b""})
    assert len(list(KaggleSource(archive).photos())) == 1
    assert "k.zip: left out 1 .svg (" in caplog.text
    assert (
        "k.zip: left out 2 pictures in hats, 1 pictures in no folder (classes are folders called glasses"
        in caplog.text
    )
    caplog.clear()
    more = {"faces/face-99.png": picture(), "faces/logo.png": picture()}
    taken = list(KaggleSource(write_tree(tmp_path / "tables", {**documented(), **more})).photos())
    assert taken and "1 pictures that are not called face-1 and the like" in caplog.text
    assert "1 pictures that no table lists" in caplog.text


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({**documented(), "train.csv": "id,v1\n1,0\n"}, "train.csv has no column glasses"),
        ({**documented(), "train.csv": "v1,glasses\n1,0\n"}, "train.csv has no column id"),
        ({**documented(), "train.csv": "id,glasses\n1,yes\n"}, "line 2 has no whole id, or glasses other"),
        ({**documented(), "train.csv": "id,glasses\n1,2\n"}, "line 2 has no whole id, or glasses other"),
        ({**documented(), "train.csv": "id,glasses\n1.5,1\n"}, "line 2 has no whole id"),
        ({**documented(), "train.csv": b"id,glasses\n\xb0\xa1,1\n"}, "train.csv line 2 is not UTF-8"),
        ({"train.csv": "id,glasses\n1,1\n"}, "no pictures face-1.png"),
        ({"cats/1.png": picture()}, "neither train.csv nor class folders"),
        ({**documented(), "../evil.png": picture()}, "leads out of its folder"),
        ({**documented(), "bomb.png": bytes(4 << 20)}, "zip bomb"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(members, message: str, tmp_path: Path) -> None:
    """What is wrong is said before anything is written."""
    run = parse(["kaggle", str(write_zip(tmp_path / "k.zip", members)), "--out", str(tmp_path / "out")])
    with pytest.raises(UserError, match=message) as caught:
        run()
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


@given(
    st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 1), st.floats()), max_size=8),
    st.permutations(["id", "v1", "glasses"]),
)
def test_label_rows_reads_what_was_written(rows: list[tuple[int, int, float]], order: list[str]) -> None:
    """Labels are found by the name of their column, wherever it stands."""
    lines = [", ".join(order)]
    lines += [",".join(str({"id": i, "v1": v, "glasses": g}[column]) for column in order) for i, g, v in rows]
    assert list(label_rows(lines, "t")) == [(i, "glasses" if g else "none") for i, g, _ in rows]
    assert list(label_rows(lines, "t", labelled=False)) == [(i, "") for i, _, _ in rows]


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_text_is_rows_or_one_line(lines: list[str]) -> None:
    """No table makes a traceback."""
    try:
        list(label_rows(["id,glasses", *lines], "t"))
    except UserError as error:
        assert str(error).startswith("t line ")


def test_download_asks_kagglehub_and_names_the_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--download brings the named set, and the manifest says which it was wherever it was kept."""
    asked = []
    fake = ModuleType("kagglehub")

    def dataset_download(handle: str) -> str:
        asked.append(handle)
        return str(write_tree(tmp_path / "cache", documented()))

    fake.dataset_download = dataset_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", fake)
    parse(["kaggle", "--download", "--out", str(tmp_path / "out")])()
    assert asked == ["jeffheaton/glasses-or-no-glasses"]
    row = next(iter(latest_photos(tmp_path / "out").values()))
    assert (
        row.origin == "kaggle:jeffheaton/glasses-or-no-glasses!faces-spring-2020/faces-spring-2020/face-1.png"
    )


def test_download_without_kagglehub_or_key_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person learns what to install, or that Kaggle refused."""
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(UserError, match="pip install 'kagglehub>=0.3'"):
        download("a/b")
    fake = ModuleType("kagglehub")

    def refuse(handle: str) -> str:
        raise RuntimeError("403\nForbidden")

    fake.dataset_download = refuse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", fake)
    with pytest.raises(UserError, match=r"did not give a/b \(403 Forbidden\)") as caught:
        download("a/b")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("argv", [[], ["x.zip", "--download"]])
def test_either_a_file_or_a_download(argv: list[str], tmp_path: Path) -> None:
    """It is never left open which of the two was taken."""
    with pytest.raises(UserError, match="give one of them"):
        parse(["kaggle", "--out", str(tmp_path / "out"), *argv])()
