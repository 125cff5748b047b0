"""Catalogues that a shop writes: what is right is drawn so, and what is wrong is named in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.overlays.catalogue import BUILT_IN, read_catalogue
from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.styling import front_width
from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "catalogue.toml"


def written(folder: Path, text: str, name: str = "shop.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_toolkit_comes_with_one_frame_of_each_shape() -> None:
    catalogue = read_catalogue()
    assert [*catalogue] == [*SHAPES]
    assert all(
        isinstance(entry.frame, Frame) and entry.frame.shape == name for name, entry in catalogue.items()
    )
    assert all(115 < front_width(entry.frame) < 145 for entry in catalogue.values())


def test_the_example_is_a_catalogue_with_a_picture() -> None:
    catalogue = read_catalogue(EXAMPLE)
    kinds = {type(entry.frame) for entry in catalogue.values()}
    assert kinds == {Frame, CustomFrame}
    for entry in catalogue.values():
        assert json.loads(json.dumps(entry.to_json()))["name"] == entry.name


def test_sizes_and_looks_are_those_of_the_catalogue(tmp_path) -> None:
    path = written(
        tmp_path,
        """
        [[frame]]
        name = "Ada"
        shape = "panto"
        material = "metal"
        colours = ["gold", "#102030"]
        width = 138
        bridge = 20
        rim = 2
        lens = "sun"
        lens_colour = "green"
        note = "the favourite"
        """,
    )
    entry = read_catalogue(path)["Ada"]
    assert isinstance(entry.frame, Frame)
    assert front_width(entry.frame) == pytest.approx(138, abs=0.5)
    assert (entry.frame.material, entry.frame.rim) == ("metal", 2) and entry.frame.tint_strength > 0.5
    assert entry.colours == ("gold", "#102030") and entry.note == "the favourite"
    as_json = {"frame": [{"name": "Ada", "shape": "panto", "lens_width": 47.5}]}
    twin = read_catalogue(written(tmp_path, json.dumps(as_json), "shop.json"))["Ada"].frame
    assert isinstance(twin, Frame) and twin.lens_width == 47.5


@pytest.mark.parametrize(
    "lines, message",
    [
        ('shape = "round"', "frame 1, name: is missing"),
        ('name = "A"', "frame 1 (A), shape: give either"),
        ('name = "A"\nshape = "heart"', "frame 1 (A), shape: 'heart' is invalid, must be one of round,"),
        ('name = "A"\nshape = "round"\nwidth = 1380', "(A), width: 1380 is invalid, must be 90 to 180 mm"),
        ('name = "A"\nshape = "round"\nwidth = "138"', "(A), width: '138' is invalid"),
        ('name = "A"\nshape = "round"\nbridge = nan', "(A), bridge: nan is invalid"),
        ('name = "A"\nshape = "round"\nrim = true', "(A), rim: True is invalid"),
        ('name = "A"\nshape = "round"\ncolours = ["mauve"]', "(A), colours: unknown --colour 'mauve'"),
        ('name = "A"\nshape = "round"\ncolours = "red"', "(A), colours: 'red' is invalid, must be a list"),
        ('name = "A"\nshape = "round"\nlens_colour = "mud"', "(A), lens_colour: unknown"),
        ('name = "A"\nshape = "rimless"\nrim = 3', "(A): a rimless frame has no rim"),
        ('name = "A"\nshape = "round"\ncolor = "red"', "(A), color: is unknown, must be one of name,"),
        ('name = "A"\nshape = ["round"]', "(A), shape: ['round'] is invalid"),
        ('name = "A"\nfront = "a.png"\nrim = 3', "(A), rim: a frame that is a picture has none"),
        ('name = "A"\nfront = "gone.png"\nwidth = 130', "(A), front: "),
        ('name = "A"\nfront = "plain.png"\nwidth = 130', "has no transparency"),
        ('name = "A"\nfront = "../a.png"\nwidth = 130', "(A), front: '../a.png' is no path below"),
        ('name = "A"\nfront = "/etc/a.png"\nwidth = 130', "(A), front: '/etc/a.png' is no path below"),
        ('name = "all"\nshape = "round"', "(all), name: 'all' is taken"),
        (
            'name = "A"\nshape = "round"\n[[frame]]\nname = "A"\nshape = "oval"',
            "frame 2 (A), name: 'A' is taken",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_file_frame_and_key(lines, message, tmp_path) -> None:
    Image.new("RGB", (60, 20)).save(tmp_path / "plain.png")
    path = written(tmp_path, f"[[frame]]\n{lines}")
    with pytest.raises(UserError) as error:
        read_catalogue(path)
    assert str(error.value).startswith(f"{path}, frame ") and message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "must hold frames"),
        ("frame = 3", "must hold frames"),
        ("[[frames]]\nname = 'a'", "must hold frames"),
        ("frame = [1]", "frame 1: must be a table"),
        ("[[frame]\n", "is no catalogue: "),
        ("\x00", "is no catalogue: "),
        ("frame = " + "[" * 3000, "is no catalogue: "),
        ("#" * (2 << 20), "cannot be read"),
    ],
)
def test_what_is_no_catalogue_is_one_line(text, message, tmp_path) -> None:
    for name in ("shop.toml", "shop.json"):
        path = written(tmp_path, text, name)
        with pytest.raises(UserError) as error:
            read_catalogue(path)
        if name == "shop.toml":
            assert message in str(error.value)
        assert "\n" not in str(error.value)


KEYS = st.sampled_from(
    "name shape front width lens_width lens_height bridge rim temple material colours pattern lens"
    " lens_colour note other".split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["round", "rimless", "metal", "acetate", "gold", "sun", "clear", "fade", "#123456"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6) | VALUES, max_size=3))
def test_any_content_is_a_catalogue_or_one_line(tmp_path_factory, frames) -> None:
    path = tmp_path_factory.mktemp("shop") / "shop.json"
    path.write_text(json.dumps({"frame": frames}), "utf-8")
    try:
        catalogue = read_catalogue(path)
    except UserError as error:
        assert "\n" not in str(error) and str(path) in str(error)
    else:
        assert len(catalogue) == len(frames)


def test_the_built_in_catalogue_is_a_file_like_any_other() -> None:
    assert [*read_catalogue(BUILT_IN)] == [*read_catalogue()]
