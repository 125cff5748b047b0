"""What a person asks of a frame is what the frame becomes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.custom_frames import load_frame
from cyclegan_glasses.overlays.frames import ACETATE, METAL, Frame
from cyclegan_glasses.overlays.settings import LENSES, SIZES, FrameSettings
from cyclegan_glasses.overlays.styling import front_width, restyled, with_front_width
from tests.conftest import ROOT


def asked(name: str = "rectangle", **wish) -> Frame:
    frame = read_catalogue()[name].frame
    assert isinstance(frame, Frame)
    return restyled(frame, FrameSettings(**wish))


@pytest.mark.parametrize("width", [95.0, 130.0, 138.0, 175.0])
@pytest.mark.parametrize("name", ["rectangle", "browline", "rimless"])
def test_a_front_is_as_wide_as_was_asked(name, width) -> None:
    frame = with_front_width(asked(name), width)
    assert front_width(frame) == pytest.approx(width, abs=0.1)
    assert frame.rim == asked(name).rim
    assert frame.lens_width / frame.bridge == pytest.approx(asked(name).lens_width / asked(name).bridge, 0.01)


def test_sizes_by_name_are_in_order() -> None:
    widths = [front_width(asked(size=size)) for size in SIZES]
    assert widths == sorted(widths) and widths[2] - widths[0] > 10
    assert front_width(asked(size="131.5")) == pytest.approx(131.5, abs=0.1)


def test_a_colour_of_metal_makes_a_frame_metal_unless_told_otherwise() -> None:
    gold = asked("square", colour="gold")
    assert (gold.material, gold.colour) == ("metal", METAL["gold"]) and gold.rim < 2.5
    kept = asked("square", colour="gold", material="acetate")
    assert (kept.material, kept.colour) == ("acetate", METAL["gold"])
    assert asked("butterfly", colour="gold").material == "acetate", "which is made of nothing else"
    assert asked("square", colour="#0a0B0c").colour == (10, 11, 12)
    assert asked("aviator", colour="black").colour == METAL["black"]
    assert asked("square", colour="black").colour == ACETATE["black"]


def test_tortoise_and_crystal_are_more_than_colours() -> None:
    tortoise, crystal = asked(colour="tortoise"), asked(colour="crystal")
    assert tortoise.pattern == "tortoise" and crystal.opacity < 1
    assert asked("panto", colour="red").pattern == "plain", "red is no tortoise"
    metal = asked("panto", material="metal")
    assert (metal.pattern, metal.opacity, metal.colour) == ("plain", 1.0, METAL["black"])


def test_lenses() -> None:
    found = {kind: asked(lens=kind) for kind in LENSES}
    assert found["clear"].tint_strength < 0.1 < found["tinted"].tint_strength < found["sun"].tint_strength
    assert found["gradient"].gradient > 0.5 and found["mirror"].mirror > 0.3
    assert found["sun"].gradient == found["sun"].mirror == found["gradient"].mirror == 0
    assert asked(lens="mirror", lens_colour="blue").mirror_colour != found["mirror"].mirror_colour
    assert asked(lens_colour="rose").tint_strength == found["tinted"].tint_strength
    dark = restyled(found["sun"], FrameSettings(lens_colour="green"))
    assert dark.tint_strength == found["sun"].tint_strength and dark.tint != found["sun"].tint
    assert restyled(found["mirror"], FrameSettings(lens="clear")).mirror == 0
    assert asked(power=-6.0).power == -6


def test_of_a_picture_the_lenses_and_the_width_can_be_changed() -> None:
    frame = load_frame(ROOT / "examples" / "frames" / "rectangle_131mm.png")
    changed = restyled(frame, FrameSettings(width=140.0, lens="sun"))
    assert front_width(changed) == 140 and changed.look.tint_strength > 0.5
    with pytest.raises(UserError, match=r"is a picture.*say --width"):
        restyled(frame, FrameSettings(size="small"))
    with pytest.raises(UserError, match=r"leave --colour out"):
        restyled(frame, FrameSettings(colour="red"))


@pytest.mark.parametrize(
    "name, wish, message",
    [
        ("rectangle", {"colour": "mauve"}, "unknown --colour 'mauve': choose one of"),
        ("rectangle", {"colour": "#12345"}, "or #rrggbb"),
        ("rectangle", {"lens": "sun", "lens_colour": "mud"}, "unknown --lens_colour 'mud'"),
        ("rimless", {"rim": 2.0}, "has no rim"),
        ("rimless", {"material": "acetate"}, "of metal"),
        ("aviator", {"pattern": "tortoise"}, "metal comes plain"),
        ("rectangle", {"width": 130.0}, "--size"),
    ],
)
def test_what_a_frame_cannot_be_is_said(name, wish, message) -> None:
    with pytest.raises(UserError, match=message):
        asked(name, **wish)


@pytest.mark.parametrize(
    "wish",
    [{"size": "0"}, {"size": "wide"}, {"size": "nan"}, {"rim": 0.0}, {"pd": 20.0}, {"power": 99.0},
     {"material": "wood"}, {"lens": "glass"}, {"pattern": "dots"}, {"frame": "learned", "size": "130"},
     {"frame": "round", "like": "a.jpg"}, {"lens": "clear", "lens_colour": "blue"}],
)  # fmt: skip
def test_settings_that_cannot_be(wish) -> None:
    with pytest.raises(UserError, match="--"):
        FrameSettings(**wish)


def test_settings_are_light() -> None:
    code = "import sys, cyclegan_glasses.overlays.settings; print({'numpy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()"
