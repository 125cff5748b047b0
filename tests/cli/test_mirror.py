"""The keys of the mirror; what stands in its way is one line."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import PIL
import pytest

from cyclegan_glasses.cli import mirror_window
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.cli.mirror_window import MirrorWindow
from cyclegan_glasses.domains import ADD
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.live import Look
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.overlays.settings import FrameSettings


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
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UserError, match="no window can be opened"):
        MirrorWindow(FrameSettings(), tmp_path)


class Screen:
    """Tk without a display: shows pictures, and has keys pressed.

    Attributes:
        steps: what happens in turn: a key is pressed once the picture that is shown answers to a question.
        picture: that is there now.
    """

    def __init__(self, steps: list[tuple[Callable[[np.ndarray], Any], str]]) -> None:
        self.steps, self.picture = deque(steps), np.zeros((2, 2, 3), np.uint8)
        self._keys: dict[str, Callable[[Any], None]] = {}
        self._due: deque[Callable[[], None]] = deque()
        self._ends = threading.Event()

    def __getattr__(self, _: str) -> Any:
        return lambda *args, **values: None

    def bind(self, key: str, action: Callable[[Any], None]) -> None:
        self._keys[key] = action

    def configure(self, image: np.ndarray | None = None, text: str = "") -> None:
        if image is not None:
            self.picture = image

    def after(self, _: int, act: Callable[..., None], *values: Any) -> None:
        self._due.append(lambda: act(*values))

    def destroy(self) -> None:
        self._ends.set()

    def mainloop(self) -> None:
        while not self._ends.wait(0.001):
            self._due.popleft()()
            if self.steps and self.steps[0][0](self.picture):
                self._keys[f"<{self.steps.popleft()[1]}>"](None)


class Live:
    """Makes a picture one level lighter where a frame is drawn, two where it is another than the first."""

    faces: tuple[()] = ()

    def __init__(self, _: Any) -> None:
        pass

    def place(self, picture: np.ndarray, look: Look, when: float) -> Look:
        return look

    def render(self, picture: np.ndarray, look: Look) -> np.ndarray:
        return picture + np.uint8(0 if look.direction is None else 1 + bool(look.drawing.name))

    def close(self) -> None:
        pass


def test_keys_of_the_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def shows(level: int) -> Callable[[np.ndarray], Any]:
        return lambda picture: picture[0, 0, 0] == level

    steps = [(51, "s"), (51, "space"), (50, "s"), (50, "space"), (51, "n"), (52, "s"), (52, "q")]
    screen = Screen([(shows(level), key) for level, key in steps])
    fake = SimpleNamespace(Tk=lambda: screen, Label=lambda *_, **__: screen, TclError=OSError)
    photo = SimpleNamespace(PhotoImage=np.asarray)
    monkeypatch.setattr(mirror_window, "tkinter", fake)
    monkeypatch.setattr(mirror_window, "LiveEditor", Live)
    monkeypatch.setattr(PIL, "ImageTk", photo, raising=False)
    monkeypatch.setitem(sys.modules, "PIL.ImageTk", photo)

    def endless() -> Iterator[np.ndarray]:
        while True:
            yield np.full((2, 2, 3), 50, np.uint8)

    window = MirrorWindow(FrameSettings(), tmp_path / "new" / "folder")
    window.show(endless(), cast(GlassesEditor, None), Look(ADD))
    assert not screen.steps, "q ends it"
    written = sorted((tmp_path / "new" / "folder").iterdir())
    assert [int(np.asarray(open_picture(path))[0, 0, 0]) for path in written] == [51, 50, 52]
    assert capsys.readouterr().out.count("written to") == 3


def test_a_snapshot_that_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen([])
    fake = SimpleNamespace(Tk=lambda: screen, Label=lambda *_, **__: screen, TclError=OSError)
    monkeypatch.setattr(mirror_window, "tkinter", fake)
    (tmp_path / "file").write_text("no folder")
    window = MirrorWindow(FrameSettings(), tmp_path / "file")
    window._latest = screen.picture
    window._snapshot()
    told = capsys.readouterr()
    assert told.out.startswith("no snapshot: ") and len((told.out + told.err).splitlines()) == 1
