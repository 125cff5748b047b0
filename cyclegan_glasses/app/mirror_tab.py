"""The tab in which the camera is a mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from cyclegan_glasses.app.desk import Desk, Mirror
from cyclegan_glasses.app.listening import CAMERAS, in_page, listen
from cyclegan_glasses.app.photo_tab import COLOURS
from cyclegan_glasses.app.sessions import Session, Sessions
from cyclegan_glasses.app.values import download, frame_of, image_value
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.drawing import Drawing, drawing_of
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.live import LiveEditor, Look
from cyclegan_glasses.editing.settings import SWAP
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.images import save_png
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.settings import FrameSettings

_WAYS: Mapping[str, str] = {ADD: "Put glasses on", REMOVE: "Take glasses off", SWAP: "Swap them"}
#: Seconds between two frames that a camera sends, and size of what it films.
_SECONDS, _SIZE = 0.05, {"width": 640, "height": 480}
_QUALITY = 85


@dataclass(eq=False)
class MirrorTab:
    """Its components and what they do.

    Args:
        editor: whose models and detector this works with.
        sessions: of the pages.
        frames: a catalogue in place of the one that comes with the toolkit.
    """

    editor: GlassesEditor
    sessions: Sessions[Desk]
    frames: Path | None = None

    def build(self) -> None:
        """Make the components, in the context of a `gr.Blocks`."""
        with gr.Row(elem_id="mirror-row"):
            with gr.Column(scale=3, min_width=320):
                self.mirror = gr.Image(
                    label="Mirror", show_label=False, buttons=[], interactive=False, elem_id="mirror"
                )
                self.told = gr.Markdown("Start the camera to see yourself here.", elem_id="told")
            with gr.Column(scale=2, min_width=280):
                names = [("one that suits", ""), *((name, name) for name in read_catalogue(self.frames))]
                ways = [(text, way) for way, text in _WAYS.items()]
                self.way = gr.Radio(ways, value=ADD, label="What the mirror does", elem_id="way")
                with gr.Row(elem_id="mirror-style"):
                    self.frame = gr.Dropdown(names, value="", label="Frame", elem_id="frame", min_width=100)
                    self.colour = gr.Dropdown(
                        COLOURS, value="", label="Colour", elem_id="mirror-colour", min_width=100
                    )
                self.camera = gr.Image(
                    sources=["webcam"],
                    streaming=True,
                    label="Camera",
                    show_label=False,
                    height=220,
                    buttons=[],
                    webcam_options=gr.WebcamOptions(mirror=True, constraints={"video": _SIZE}),
                    elem_id="camera",
                )
                with gr.Row():
                    self.take = gr.Button("Snapshot", variant="primary", min_width=120, elem_id="take")
                    self.save = gr.DownloadButton(
                        "Download", visible=False, min_width=120, elem_id="save-snapshot"
                    )
        listen(
            self.camera.stream,
            self._edit,
            self.sessions,
            [self.camera, self.way, self.frame, self.colour],
            [self.mirror, self.told],
            limit=CAMERAS,
            stream_every=_SECONDS,
            show_progress="hidden",
        )
        listen(self.take.click, self._snapshot, self.sessions, [], [self.save])

    def _edit(self, session: Session[Desk], value: Any, *asked: Any) -> list[Any]:
        picture = frame_of(value)
        if picture is None:
            return [gr.skip(), gr.skip()]
        if session.state.mirror is None:
            session.state.mirror = Mirror(LiveEditor(self.editor))
        mirror = session.state.mirror
        if (now := tuple(map(str, asked))) != mirror.asked:
            mirror.asked, mirror.look = now, self._look(*now)
        mirror.seen = mirror.live.edit(picture, mirror.look)
        reasons = dict.fromkeys(face.reason for face in mirror.live.faces if face.reason)
        return [image_value(mirror.seen, _QUALITY), in_page("; ".join(reasons))]

    def _look(self, way: str, frame: str, colour: str) -> Look:
        one_of("way", way, _WAYS)
        if way == REMOVE:
            return Look(REMOVE)
        if frame:
            one_of("frame", frame, read_catalogue(self.frames))
        return Look(way, drawing_of(FrameSettings(frame, None, self.frames, colour)) or Drawing())

    def _snapshot(self, session: Session[Desk]) -> Any:
        mirror = session.state.mirror
        if mirror is None or mirror.seen is None:
            raise UserError("the mirror shows nothing yet: start the camera")
        count = sum(path.name.startswith("mirror") for path in session.folder.iterdir())
        path = session.folder / f"mirror_{count + 1}.png"
        save_png(path, mirror.seen)
        return gr.update(value=download(path), visible=True)
