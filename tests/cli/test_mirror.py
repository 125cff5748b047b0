"""What stands in the way of a mirror is one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.errors import UserError


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--camera", "63"], "there is no camera 63"),
        (["--frame", "all"], "a mirror draws one frame"),
        (["--frame", "nothing"], "unknown --frame 'nothing'"),
    ],
)
def test_what_cannot_be_mirrored(argv: list[str], line: str) -> None:
    with pytest.raises(UserError, match=line):
        parse(["mirror", *argv])()


@pytest.mark.skipif(sys.platform != "linux", reason="windows need no DISPLAY there")
def test_without_a_display_the_app_is_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("tkinter")
    from cyclegan_glasses.cli.mirror_window import MirrorWindow
    from cyclegan_glasses.overlays.settings import FrameSettings

    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UserError, match="no window can be opened"):
        MirrorWindow(FrameSettings(), tmp_path)
