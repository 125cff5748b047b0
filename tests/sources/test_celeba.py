"""CelebA as people have it: labels, people and the split stay with the right pictures."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.photo import latest_photos
from cyclegan_glasses.sources.celeba import CelebaSource
from cyclegan_glasses.sources.source import RejectedPhoto
from tests.sources.helpers import picture, write_tree, write_zip

ATTRIBUTES = """4
Eyeglasses Male Smiling Young
000001.jpg  1 -1  1  1
000002.jpg -1  1 -1 -1
000003.jpg  1  1 -1  1
000004.jpg -1 -1  1  1
"""
LANDMARKS = """4
lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y
000001.jpg 69  109  106  113   77  142   73  152  108  154
000002.jpg 69  110  107  112   81  135   70  151  108  153
"""
TABLES = {
    "Anno/list_attr_celeba.txt": ATTRIBUTES,
    "Anno/identity_CelebA.txt": "000004.jpg 7\n000001.jpg 7\n000002.jpg 8\n000003.jpg 9\n",
    "Anno/list_landmarks_align_celeba.txt": LANDMARKS,
    "Eval/list_eval_partition.txt": "000001.jpg 0\n000002.jpg 0\n000003.jpg 1\n000004.jpg 2\n",
}


def noise(seed: int, kind: str = "JPEG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (218, 178, 3), dtype=np.uint8)
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, kind)
    return packed.getvalue()


PICTURES = {f"img_align_celeba/00000{i}.jpg": noise(i) for i in range(1, 5)}


def with_commas(table: str) -> str:
    """The same table as a CSV without count, as it is on Kaggle."""
    rows = [",".join(line.split()) for line in table.splitlines() if len(line.split()) > 1]
    return "\n".join(rows if rows[0].startswith("0") else ["image_id," + rows[0], *rows[1:]])


def layouts(root: Path) -> dict[str, CelebaSource]:
    """The ways in which CelebA lies on a disk."""
    kaggle: dict[str, str | bytes] = {
        "list_attr_celeba.csv": with_commas(ATTRIBUTES),
        "list_eval_partition.csv": "image_id,partition\n"
        + with_commas(TABLES["Eval/list_eval_partition.txt"]),
        "list_landmarks_align_celeba.csv": with_commas(LANDMARKS),
        "identity_CelebA.txt": "path label\n" + TABLES["Anno/identity_CelebA.txt"],
    }
    kaggle |= {f"img_align_celeba/{name}": data for name, data in PICTURES.items()}
    write_tree(root / "folder", {**TABLES, **PICTURES})
    write_tree(root / "zipped", TABLES)
    (root / "zipped/Img").mkdir()
    write_zip(root / "zipped/Img/img_align_celeba.zip", PICTURES)
    png = {f"img_align_celeba_png/00000{i}.png": noise(i, "PNG") for i in range(1, 5)}
    return {
        "folder": CelebaSource(root / "folder"),
        "zip beside": CelebaSource(root / "zipped"),
        "png elsewhere": CelebaSource(write_tree(root / "tables", TABLES), write_tree(root / "png", png)),
        "kaggle zip": CelebaSource(write_zip(root / "archive.zip", kaggle)),
        "all in one": CelebaSource(write_zip(root / "one.zip", {**TABLES, **PICTURES})),
    }


@pytest.mark.parametrize("layout", ["folder", "zip beside", "png elsewhere", "kaggle zip", "all in one"])
def test_every_layout_gives_the_same_photos(layout: str, tmp_path: Path) -> None:
    """Labels, people, split, attributes and landmarks belong to the right pictures, in any order."""
    kind = "PNG" if layout == "png elsewhere" else "JPEG"
    rows = []
    for i, item in enumerate(layouts(tmp_path)[layout].photos(), 1):
        data = item.content.read_bytes() if isinstance(item.content, Path) else item.content()
        assert data == noise(i, kind) and f"00000{i}." in item.photo.origin
        rows.append(item.photo)
    assert [row.label for row in rows] == ["glasses", "none", "glasses", "none"]
    assert [row.person for row in rows] == ["7", "8", "9", "7"]
    assert [row.split for row in rows] == ["train", "train", "val", "test"]
    assert [row.group["gender"] for row in rows] == ["female", "male", "male", "female"]
    assert rows[1].group["age"] == "not young"
    assert rows[0].facts["attributes"] == ["Eyeglasses", "Smiling", "Young"]
    assert rows[0].facts["landmarks"] == [[69, 109], [106, 113], [77, 142], [73, 152], [108, 154]]
    assert "landmarks" not in rows[2].facts


@pytest.mark.parametrize("layout", ["folder", "zip beside", "png elsewhere", "kaggle zip", "all in one"])
def test_pictures_beside_those_of_the_table_do_not_matter(layout: str, tmp_path: Path) -> None:
    """The pictures are where the names of the table are: not at an overview, in a cache, or in the wild."""
    source = layouts(tmp_path)[layout]
    stray = {"Overview.png": picture(), ".cache/000001.jpg": picture(), "a/1.png": picture()}
    stray |= {f"img_celeba/00000{i}.jpg": picture() for i in range(1, 6)}
    for place in filter(None, (source.source, source.images)):
        if place.is_dir():
            write_tree(place, stray if layout != "zip beside" else dict(list(stray.items())[:3]))
        else:
            with zipfile.ZipFile(place, "a") as archive:
                for name, data in stray.items():
                    archive.writestr(name, data)
    found = [item.photo.origin.replace("!", "/").split("/")[-2] for item in source.photos()]
    assert len(found) == 4 and all(folder.startswith("img_align_celeba") for folder in found)


def test_attributes_alone_are_enough(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Someone with a part of CelebA gets that part, and is told of the rest."""
    write_tree(tmp_path, {"list_attr_celeba.txt": ATTRIBUTES, **dict(list(PICTURES.items())[:3])})
    rows = [item.photo for item in CelebaSource(tmp_path).photos()]
    assert [(row.label, row.person + row.split) for row in rows] == [
        ("glasses", ""),
        ("none", ""),
        ("glasses", ""),
    ]
    assert "1 rows of list_attr_celeba.txt have no picture" in caplog.text


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"list_attr_celeba.txt": ATTRIBUTES.replace("Eyeglasses", "Glasses"), **PICTURES},
            "no column Eyeglasses",
        ),
        ({"list_attr_celeba.txt": ATTRIBUTES.split("\n", 2)[2], **PICTURES}, "no column Eyeglasses"),
        ({"list_attr_celeba.txt": ATTRIBUTES}, "has no pictures that list_attr_celeba names: .*--images"),
        (PICTURES, "has no list_attr_celeba.txt"),
        (
            {**TABLES, **PICTURES, "Eval/list_eval_partition.txt": "000001.jpg 3\n"},
            "partition 3, not 0, 1 or 2",
        ),
        ({**TABLES, **PICTURES, "Anno/identity_CelebA.txt": "000001.jpg 3 4\n"}, "2 values a row, not 1"),
        ({**PICTURES, "list_attr_celeba.txt": "안경".encode("cp949")}, "not UTF-8"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(files, message: str, tmp_path: Path) -> None:
    """A wrong file ends before anything is written."""
    source = write_tree(tmp_path / "in", files)
    run = parse(["celeba", str(source), "--out", str(tmp_path / "out")])
    with pytest.raises(UserError, match=message):
        run()
    assert not (tmp_path / "out").exists()


def test_rows_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    """A hostile table cannot pull other pictures of the disk into a data set."""
    write_tree(tmp_path, {"secret.jpg": noise(9), "in/img/1.jpg": noise(1)})
    table = f"Eyeglasses x\n1.jpg 1 1\n../../secret.jpg 1 1\n{tmp_path}/secret.jpg 1 1\n"
    write_tree(tmp_path / "in", {"list_attr_celeba.txt": table})
    assert [item.photo.path for item in CelebaSource(tmp_path / "in").photos()] == ["photos/1.jpg"]


def test_command_writes_photos_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run adds what is new and no more."""
    source = write_tree(tmp_path / "in", {**TABLES, **dict(list(PICTURES.items())[:2])})
    command = ["celeba", str(source), "--out", str(tmp_path / "out")]
    parse([*command, "--dry_run"])()
    assert not (tmp_path / "out").exists()
    parse(command)()
    assert "2 new, 0 were there, 0 unreadable" in capsys.readouterr().out
    (source / "img_align_celeba/000003.jpg").write_bytes(b"<html>")
    write_tree(source, {"img_align_celeba/000004.jpg": noise(4)})
    parse(command)()
    printed = capsys.readouterr()
    assert "1 new, 2 were there, 1 unreadable" in printed.out
    assert "000003.jpg is left out: not a picture" in printed.err
    rows = latest_photos(tmp_path / "out")
    assert list(rows) == ["photos/000001.jpg", "photos/000002.jpg", "photos/000004.jpg"]
    assert {(row.width, row.height) for row in rows.values()} == {(178, 218)}
    assert (tmp_path / "out/photos/000004.jpg").read_bytes() == noise(4)
    parse([*command[:-1], str(tmp_path / "one"), "--limit", "1"])()
    assert len(latest_photos(tmp_path / "one")) == 2


def test_benchmark_is_the_published_protocol(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """FID figures compare with papers only if every pixel is cut as theirs was."""
    transforms = pytest.importorskip("torchvision.transforms")
    settings = layouts(tmp_path)["folder"]
    out = tmp_path / "out"
    parse(["celeba", str(settings.source), "--protocol", "--out", str(out)])()
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.png")) == [
        "testA/000003.png",
        "testB/000004.png",
        "trainA/000001.png",
        "trainB/000002.png",
    ]
    theirs = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(256)])
    for path, row in latest_photos(out).items():
        expected = theirs(Image.open(io.BytesIO(PICTURES[f"img_align_celeba/{path[-10:-4]}.jpg"])))
        assert np.array_equal(np.asarray(Image.open(out / path)), np.asarray(expected))
        assert (row.width, row.height) == (256, 256) and "landmarks" not in row.facts
    assert (
        "trainA 1 of 10521, trainB 1 of 152249, testA 1 of 2672, testB 1 of 37157: not the whole"
        in capsys.readouterr().out
    )


def test_benchmark_needs_the_split_and_the_aligned_pictures(tmp_path: Path) -> None:
    """A benchmark with a split or pictures of its own would look like the published one."""
    write_tree(tmp_path / "a", {"list_attr_celeba.txt": ATTRIBUTES, **PICTURES})
    with pytest.raises(UserError, match=r"put list_eval_partition\.txt beside"):
        next(CelebaSource(tmp_path / "a", protocol=True).photos())
    wide = {name: picture(300, 200, "JPEG") for name in PICTURES}
    write_tree(tmp_path / "b", {**TABLES, **wide})
    content = next(CelebaSource(tmp_path / "b", protocol=True).photos()).content
    with pytest.raises(RejectedPhoto, match="not an aligned CelebA face"):
        content()  # type: ignore[operator]


def test_real_tables(shared: Path, tmp_path: Path) -> None:
    """Of the real files, every picture gets the label, person and split of its own row."""
    formats = shared / "data/formats"
    names = {
        "list_attr_celeba.txt": "list_attr_celeba.first20k.txt",
        "identity_CelebA.txt": "identity_CelebA.first20k.txt",
        "list_eval_partition.txt": "list_eval_partition.first20k.txt",
    }
    write_tree(tmp_path, {name: (formats / real).read_bytes() for name, real in names.items()})
    chosen = random.Random(1).sample(range(1, 20_001), 300)
    write_zip(tmp_path / "img_align_celeba.zip", {f"img_align_celeba/{i:06d}.jpg": b"1" for i in chosen})
    rows = [item.photo for item in CelebaSource(tmp_path).photos()]
    assert [int(row.path[-10:-4]) for row in rows] == sorted(chosen)
    lines = (formats / names["list_attr_celeba.txt"]).read_text().splitlines()
    for row in rows:
        number = int(row.path[-10:-4])
        assert (row.label == "glasses") == (lines[number + 1].split()[16] == "1")
        assert row.split == "train" and row.person.isdigit()
