"""A person's own frames: drawn as they are and as wide as they are, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import to_bytes
from cyclegan_glasses.overlays.custom_frames import load_frames
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.render import draw_glasses

EYES = ((41.0, 51.0), (87.0, 51.0))


def picture(colour: tuple[int, int, int] = (10, 140, 30), holes: int = 2) -> Image.Image:
    """Two rims and a bridge, seen from in front, with room around them."""
    image = Image.new("RGBA", (320, 140))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((20, 20, 300, 120), 12, fill=(*colour, 255))
    for left in (32, 172)[:holes]:
        draw.rounded_rectangle((left, 32, left + 116, 108), 8, fill=(0, 0, 0, 0))
    return image


def test_it_is_drawn_in_its_colour_and_width(tmp_path: Path) -> None:
    picture().save(tmp_path / "green_130mm.png")
    (frame,) = load_frames(tmp_path)
    before = np.full((128, 128, 3), 210, np.uint8)
    after, mask = draw_glasses(before, frame, Pose.from_eyes(*EYES))
    green = (after[..., 1] > 90) & (after[..., 0] < 70)
    columns = np.nonzero(green[60:64].any(axis=0))[0]  # below the temples
    assert np.ptp(columns) + 1 == pytest.approx(130 * 46 / 63, abs=3)
    assert ((after != before).any(axis=2) == (mask > 0)).all()
    for x, y in EYES:
        assert mask[round(y), round(x)] > 200 and after[round(y), round(x)].min() > 150


def test_it_turns_with_the_head(tmp_path: Path) -> None:
    picture().save(tmp_path / "green_130.5mm.png")
    (frame,) = load_frames(tmp_path)
    before = np.full((128, 128, 3), 210, np.uint8)
    widths = []
    for yaw in (-20.0, 20.0):
        after, _ = draw_glasses(before, frame, Pose.from_eyes(*EYES, yaw=yaw))
        green = np.nonzero(((after[..., 1] > 90) & (after[..., 0] < 70))[60:64].any(axis=0))[0]
        widths.append((64 - green.min(), green.max() - 64))
    assert widths[0][0] > widths[0][1] + 4 and widths[1][1] > widths[1][0] + 4


@pytest.mark.parametrize(
    ("name", "image", "message"),
    [
        ("frame.png", picture(), "how wide"),
        ("frame_12mm.png", picture(), "90 to 180 mm"),
        ("frame_130mm.png", picture().convert("RGB"), "no transparency"),
        ("frame_130mm.png", Image.new("RGBA", (40, 20)), "wholly transparent"),
        ("frame_130mm.png", picture(holes=1), "no two lenses"),
    ],
)
def test_what_is_no_frame_is_refused(tmp_path: Path, name: str, image: Image.Image, message: str) -> None:
    image.save(tmp_path / name)
    with pytest.raises(UserError, match=message) as error:
        load_frames(tmp_path)
    assert "\n" not in str(error.value)


def test_an_unreadable_frame_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no PNG files"):
        load_frames(tmp_path)
    (tmp_path / "a_130mm.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match="cannot be read"):
        load_frames(tmp_path)
    data = bytearray(to_bytes(picture(), "PNG"))
    data[33:37] = (100).to_bytes(4, "big")  # of the pixels: no chunk behind them, a SyntaxError of Pillow's
    (tmp_path / "a_130mm.png").write_bytes(data)
    with pytest.raises(UserError, match=r"a_130mm\.png cannot be read"):
        load_frames(tmp_path)
