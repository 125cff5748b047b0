"""Tables of labels come in many kinds: what they say must reach the photos, or one line says why not."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.folder import FolderSource, read_table


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """Four pictures at two depths, and a file that is none."""
    for name in ("a.jpg", "b.png", "deep/er/c.JPG", "deep/d.png"):
        path = tmp_path / "pile" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    (tmp_path / "pile/notes.txt").write_text("no picture")
    return tmp_path / "pile"


def photos_of(source: FolderSource) -> list[Photo]:
    return [item.photo for item in source.photos()]


def described(pile: Path, text: str | bytes, **options) -> dict[str, Photo]:
    table = pile.parent / "labels.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    photos = photos_of(FolderSource(pile, labels=table, **options))
    return {photo.path: photo for photo in photos}


FULL = """path,label,person,race,p,source
a.jpg,glasses,Ann,Black,0.9,one
b.png,none,Bob,,0.1,one
deep/er/c.JPG,uncertain,,White,0.5,two
"""


def test_columns_reach_their_fields(pile) -> None:
    photos = described(pile, FULL)
    assert photos["a.jpg"] == Photo(
        "a.jpg",
        source="folder",
        origin="a.jpg",
        label="glasses",
        person="Ann",
        group={"race": "Black"},
        facts={"p": "0.9", "source": "one"},
    )
    assert photos["b.png"].label == "none" and photos["b.png"].group == {}
    assert photos["deep/er/c.JPG"].label == "" and photos["deep/er/c.JPG"].facts["label"] == "uncertain"
    assert photos["deep/d.png"] == Photo("deep/d.png", source="folder", origin="deep/d.png")


def test_without_a_table_every_picture_is_a_photo(pile) -> None:
    photos = photos_of(FolderSource(pile))
    assert [photo.path for photo in photos] == ["a.jpg", "b.png", "deep/d.png", "deep/er/c.JPG"]


@pytest.mark.parametrize(
    "text",
    [
        FULL.replace(",", ";"),
        FULL.replace(",", "\t"),
        b"\xef\xbb\xbf" + FULL.encode(),
        FULL.replace("\n", "\r\n"),
        FULL.replace("deep/er/c.JPG", "deep\\er\\c.JPG"),
        FULL.replace("deep/er/c.JPG", "./deep/er/c.JPG"),
        FULL.replace("deep/er/c.JPG", "c.JPG"),
        FULL.replace("glasses", "GLASSES"),
        FULL.replace("path,", "file,"),
        FULL.replace("\n", "\n\n"),
    ],
    ids=[
        "semicolons",
        "tabs",
        "mark",
        "crlf",
        "backslash",
        "dot",
        "bare name",
        "case",
        "file",
        "blank lines",
    ],
)
def test_kinds_of_tables_say_the_same(pile, text) -> None:
    photos = described(pile, text)
    assert (photos["a.jpg"].label, photos["a.jpg"].person) == ("glasses", "Ann")
    assert photos["deep/er/c.JPG"].group == {"race": "White"}


def test_names_of_columns_and_labels_can_be_given(pile) -> None:
    text = "f,worn,who,tone\na.jpg,1,x,3\nb.png,0,y,5\n"
    photos = described(
        pile,
        text,
        path_column="f",
        label_column="worn",
        person_column="who",
        group_columns=("tone",),
        label_words=(("1", "glasses"), ("0", "none")),
    )
    assert [photos[name].label for name in ("a.jpg", "b.png", "deep/d.png")] == ["glasses", "none", ""]
    assert photos["b.png"].person == "y" and photos["b.png"].group == {"tone": "5"}


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ((("source", "one"),), {"a.jpg", "b.png"}),
        ((("source", "one"), ("source", "two")), {"a.jpg", "b.png", "deep/er/c.JPG"}),
        ((("source", "one"), ("label", "none")), {"b.png"}),
        ((("source", "three"),), set()),
    ],
)
def test_where_chooses_rows(pile, where, left) -> None:
    assert described(pile, FULL, where=where).keys() == left


def test_a_number_chooses_rows(pile) -> None:
    """The likely ones of a pile that a classifier was not sure of."""
    text = "path,p_glasses\na.jpg,0.91\nb.png,0.8\ndeep/d.png,0.79\ndeep/er/c.JPG,none\n"
    assert described(pile, text, at_least=(("p_glasses", 0.8),)).keys() == {"a.jpg", "b.png"}
    assert described(pile, text, at_least=(("p_glasses", 0.8), ("p_glasses", 0.9))).keys() == {"a.jpg"}
    assert described(pile, text, at_least=(("p_glasses", 0.0),)).keys() == {"a.jpg", "b.png", "deep/d.png"}


def test_labelled_only(pile) -> None:
    assert described(pile, FULL, labelled_only=True).keys() == {"a.jpg", "b.png"}


def test_the_folder_that_is_written_to_is_passed_over(pile) -> None:
    photos = photos_of(FolderSource(pile, leave_out=pile / "deep"))
    assert [photo.path for photo in photos] == ["a.jpg", "b.png"]


def test_rows_that_cannot_be_used_are_counted(pile, caplog) -> None:
    photos = described(pile, FULL + ",glasses\nb.png,glasses\ngone.png,none\na.jpg,none,1,2,3,4,5,6\n")
    assert photos["b.png"].label == "glasses" and photos["a.jpg"].label == "glasses"
    assert "2 rows without a path" in caplog.text
    assert "1 rows name a path again" in caplog.text
    assert "1 of 4 rows name no picture" in caplog.text


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (b"path,label\n\xff\xfe\xe4.jpg,none\n", {}, "not UTF-8"),
        ("", {}, "no header"),
        ("x,y\n1,2\n", {}, "no column path or file or filename"),
        (FULL, {"label_column": "lable"}, "no column 'lable' .it has path, label.*--label_column"),
        (FULL, {"person_column": "who"}, "--person_column"),
        (FULL, {"group_columns": ("tone",)}, "--group_columns"),
        (FULL, {"where": (("origin", "x"),)}, "no column 'origin'.*--where"),
        (FULL, {"at_least": (("score", 0.5),)}, "no column 'score'.*--at_least"),
        ("path,label\nelsewhere/z.jpg,none\n", {}, "names a picture below .* 'elsewhere/z.jpg'"),
        ("path,label\n" + '"' + "x" * 200_000 + '"\n', {}, "not a CSV table"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(pile, text, options, message) -> None:
    with pytest.raises(UserError, match=message) as error:
        described(pile, text, **options)
    assert "\n" not in str(error.value)


def test_missing_files_and_empty_folders_are_said(pile, tmp_path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*gone.csv"):
        photos_of(FolderSource(pile, labels=tmp_path / "gone.csv"))
    with pytest.raises(UserError, match="not a folder"):
        photos_of(FolderSource(tmp_path / "gone"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no pictures"):
        photos_of(FolderSource(tmp_path / "empty"))
    with pytest.raises(UserError, match="--labels"):
        photos_of(FolderSource(pile, where=(("a", "b"),)))


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@given(
    columns=st.lists(WORDS.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True),
    rows=st.lists(st.tuples(*[WORDS] * 4), max_size=5),
    delimiter=st.sampled_from(",;\t"),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_table_that_is_written_is_read(tmp_path, columns, rows, delimiter) -> None:
    columns = ["path", *(name for name in columns if name != "path" and not set(name) & set(",;\t"))]
    rows = [(f"{number}.jpg", *row)[: len(columns)] for number, row in enumerate(rows)]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([columns, *rows])
    (tmp_path / "table.csv").write_bytes(text.getvalue().encode())
    table = read_table(tmp_path / "table.csv")
    assert table.columns == tuple(columns)
    assert table.rows == {
        row[0]: {name: cell.strip() for name, cell in zip(columns, row, strict=True)} for row in rows
    }


@given(st.binary(max_size=200))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_end_in_a_traceback(tmp_path, content) -> None:
    (tmp_path / "table.csv").write_bytes(b"path,label\n" + content)
    try:
        table = read_table(tmp_path / "table.csv")
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert all(row["path"] for row in table.rows.values())


def test_words_and_pictures_without_a_meaning_are_told(pile, caplog) -> None:
    """Of a table of ones and zeros nothing would be taken, and nobody would know."""
    text = "path,label\na.jpg,1\nb.png,0\nd.png,1\n"
    photos = described(pile, text)
    assert not any(photo.label for photo in photos.values()) and photos["a.jpg"].facts == {"label": "1"}
    assert "labels that say nothing of glasses: 2 '1', 1 '0' (" in caplog.text
    assert "--label_words, such as 1=glasses 0=none" in caplog.text
    assert "1 of 4 pictures have no row" in caplog.text
    caplog.clear()
    described(pile, text, label_words=(("1", "glasses"), ("0", "none")))
    assert "say nothing" not in caplog.text


@pytest.mark.parametrize(
    ("column", "entries"),
    [
        ("label", ("with_glasses", "No Glasses")),
        ("label", ("Eyeglasses", "none")),
        ("Eyeglasses", ("1", "-1")),
        ("wearing_glasses", ("Yes", "no")),
    ],
)
def test_words_of_other_data_sets_are_understood(pile, column, entries) -> None:
    photos = described(pile, f"path,{column}\na.jpg,{entries[0]}\nb.png,{entries[1]}\n")
    assert (photos["a.jpg"].label, photos["b.png"].label) == ("glasses", "none")


def test_sub_folders_say_what_their_pictures_show(tmp_path, caplog) -> None:
    """Two piles below one folder were rejected whole: nobody knew who wears glasses."""
    places = ("With-Glasses/anna/1.png", "none/2.png", "berlin/3.png")
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / place)

    def labels(**more) -> list[str]:
        found = {item.photo.path: item.photo.label for item in FolderSource(tmp_path, **more).photos()}
        return [found[place] for place in places]

    assert labels() == ["glasses", "none", ""]
    assert "folders that say nothing of glasses: 1 'berlin'" in caplog.text
    assert labels(label_words=(("Berlin", "glasses"), ("anna", "sunglasses"))) == [
        "sunglasses",
        "none",
        "glasses",
    ]
    assert labels(label="glasses") == ["glasses"] * 3
    with pytest.raises(UserError, match="leave one of them out"):
        labels(label="glasses", labels=tmp_path / "labels.csv")


def test_a_row_that_several_pictures_take_is_told(pile, caplog) -> None:
    (pile / "other").mkdir()
    Image.new("RGB", (8, 8)).save(pile / "other/d.png")
    described(pile, "path,label\na.jpg,none\nd.png,glasses\nother/c.JPG,none\n")
    assert "1 of 3 rows name pictures in several folders" in caplog.text
