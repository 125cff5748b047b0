"""The window of `cyclegan-glasses mirror`, by Tk, which comes with Python."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import cycle
from pathlib import Path

import numpy as np
from PIL import Image

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.editing.drawing import all_frames
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.live import LiveEditor, Look
from cyclegan_glasses.editing.stream import edited
from cyclegan_glasses.errors import UserError, first_line
from cyclegan_glasses.images import save_png
from cyclegan_glasses.overlays.settings import FrameSettings

try:
    import tkinter
except ImportError:
    tkinter = None  # type: ignore[assignment]

TITLE = "Mirror"
#: Milliseconds between two looks for a new picture.
_PERIOD = 5


class MirrorWindow:
    """Shows a stream and listens to keys; made before the models are loaded, since it may be refused."""

    def __init__(self, wish: FrameSettings, output: Path) -> None:
        """Open the window.

        Args:
            wish: what is to be different about each frame that the key n shows.
            output: folder of snapshots.

        Raises:
            UserError: there is no Tk, or no display.
        """
        if tkinter is None:
            raise UserError("this Python has no Tk for a window: install python3-tk, or run the verb app")
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise UserError(f"no window can be opened ({first_line(error)}): run the verb app") from None
        self._root.title(f"{TITLE}: space off and on, n next frame, s snapshot, q quits")
        self._picture = tkinter.Label(self._root, borderwidth=0)
        self._reason = tkinter.Label(self._root, text="waiting for the camera")
        self._picture.pack()
        self._reason.pack()
        self._frames = cycle(all_frames(wish).items())
        self._output = output
        self._off, self._ends = False, False
        self._look = Look()
        self._latest: np.ndarray | None = None
        self._error: BaseException | None = None
        keys = {"q": self._quit, "s": self._snapshot, "space": self._switch, "n": self._next_frame}
        for key, action in keys.items():
            self._root.bind(f"<{key}>", lambda _, act=action: act())  # type: ignore[misc]
        self._root.protocol("WM_DELETE_WINDOW", self._quit)

    def show(self, pictures: Iterable[np.ndarray], editor: GlassesEditor, look: Look) -> None:
        """Show the pictures of a source, edited, until they or the window end.

        Raises:
            Exception: whatever the source or the editor raises.
        """
        self._look = look
        live = LiveEditor(editor)
        thread = threading.Thread(target=self._edit, args=(pictures, live), daemon=True, name="mirror")
        thread.start()
        self._refresh(live, None)
        self._root.mainloop()
        self._ends = True
        thread.join(2)
        live.close()
        if self._error is not None:
            raise self._error

    def _edit(self, pictures: Iterable[np.ndarray], live: LiveEditor) -> None:
        """In a thread of its own: the latest edited picture is what is shown."""
        try:
            for one in edited(pictures, live, lambda: Look() if self._off else self._look):
                self._latest = one.picture
                if self._ends:
                    return
        except BaseException as error:
            self._error = error
        self._ends = True

    def _refresh(self, live: LiveEditor, before: np.ndarray | None) -> None:
        from PIL import ImageTk

        if (picture := self._latest) is not None and picture is not before:
            image = ImageTk.PhotoImage(Image.fromarray(picture))
            self._picture.configure(image=image)
            self._picture.image = image  # type: ignore[attr-defined]  # Tk keeps no reference
            reasons = dict.fromkeys(face.reason for face in live.faces if face.reason)
            self._reason.configure(text="; ".join(reasons))
        if self._ends:
            self._root.destroy()
        else:
            self._root.after(_PERIOD, self._refresh, live, picture)

    def _quit(self) -> None:
        self._ends = True

    def _switch(self) -> None:
        self._off = not self._off

    def _next_frame(self) -> None:
        name, frame = next(self._frames)
        self._look = replace(self._look, drawing=replace(self._look.drawing, frame=frame, name=name))

    def _snapshot(self) -> None:
        if self._latest is None:
            return
        path = self._output / f"mirror_{datetime.now():%Y%m%d_%H%M%S_%f}.png"
        try:
            save_png(path, self._latest)
            echo(f"written to {path}")
        except UserError as error:
            echo(f"no snapshot: {error}")
