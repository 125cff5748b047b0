"""The tab in which photos are edited."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from cyclegan_glasses.app.desk import Desk, Work
from cyclegan_glasses.app.listening import in_page, listen
from cyclegan_glasses.app.photos import (
    Choice,
    edit_photo,
    frames_on_face,
    open_photo,
    preview_of,
    with_boxes,
)
from cyclegan_glasses.app.sessions import Session, Sessions
from cyclegan_glasses.app.values import download, image_value, take_upload, tiles
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.machine import trim_memory
from cyclegan_glasses.overlays.frames import ACETATE, METAL
from cyclegan_glasses.overlays.settings import LENSES, SIZES, FrameSettings

_USUAL = ("usual", "")
COLOURS = [_USUAL, *((name, name) for name in sorted({*ACETATE, *METAL}))]
_SIZES = [_USUAL, *((name, name) for name in SIZES)]
_LENSES = [_USUAL, *((name, name) for name in LENSES)]


@dataclass(eq=False)
class PhotoTab:
    """Its components and what they do.

    Args:
        editor: whose work this is.
        sessions: of the pages.
        uploads: folder in which Gradio puts what it receives.
        frames: a catalogue in place of the one that comes with the toolkit.
    """

    editor: GlassesEditor
    sessions: Sessions[Desk]
    uploads: Path
    frames: Path | None = None

    def build(self) -> None:
        """Make the components, in the context of a `gr.Blocks`."""
        self._components()
        style = [self.colour, self.size, self.lens, self.force]
        view = [self.boxes, self.slider, self.status, self.save]
        stages = [self.start, self.work]
        opened = self._listen(
            self.upload.input,
            self._open,
            [self.upload],
            [*stages, self.upload, self.faces, *view],
            trigger_mode="multiple",  # a photo that is pasted comes as two events, first an empty one
        )
        self._then(opened)
        self._listen(opened.failure, lambda session: None, [], [self.upload], show_progress="hidden")
        self._then(self._listen(self.boxes.select, self._toggle, [], [self.boxes, self.faces]))
        self._then(self._listen(self.faces.input, self._choose, [self.faces], view))
        self._listen(self.off.click, self._take_off, [self.force], view)
        self._listen(self.strip.select, self._put_on, style, view)
        for change in (self.colour.input, self.size.input, self.lens.input, self.force.input):
            changed = self._listen(change, self._again, style, view, trigger_mode="always_last")
            self._then(changed)
        self._listen(
            self.another.click, self._start_again, [], [*stages, self.strip, *view], show_progress="hidden"
        )

    def _components(self) -> None:
        with gr.Column(elem_id="start") as self.start:
            self.upload = gr.Image(
                sources=["upload", "clipboard", "webcam"],
                placeholder="# Drop a photo here\nor tap to choose one",
                label="Photo",
                show_label=False,
                type="filepath",
                height=420,
                buttons=[],
                elem_id="upload",
                webcam_options=gr.WebcamOptions(mirror=False),
            )
        with gr.Row(visible=False, elem_id="work") as self.work:
            with gr.Column(scale=3, min_width=340, elem_id="view"):
                plain: dict[str, Any] = {"show_label": False, "buttons": ["fullscreen"], "interactive": False}
                self.boxes = gr.Image(label="Faces", elem_id="boxes", **plain)
                self.slider = gr.ImageSlider(
                    label="Before and after", visible=False, elem_id="slider", slider_position=50, **plain
                )
                self.status = gr.Markdown("", elem_id="status")
                with gr.Row(elem_id="after"):
                    self.save = gr.DownloadButton(
                        "Download", visible=False, variant="primary", min_width=120, elem_id="save"
                    )
                    self.another = gr.Button("Another photo", min_width=120, elem_id="another")
            with gr.Column(scale=2, min_width=340, elem_id="tools"):
                self.faces = gr.CheckboxGroup([], label="Faces to edit", visible=False, elem_id="faces")
                self.off = gr.Button("Take glasses off", variant="primary", size="lg", elem_id="off")
                gr.Markdown("Or tap a frame to try it on:", elem_id="try")
                with gr.Row(elem_id="style"):
                    slim: dict[str, Any] = {"value": "", "min_width": 100, "interactive": True}
                    self.colour = gr.Dropdown(COLOURS, label="Colour", elem_id="colour", **slim)
                    self.size = gr.Dropdown(_SIZES, label="Size", elem_id="size", **slim)
                    self.lens = gr.Dropdown(_LENSES, label="Lenses", elem_id="lens", **slim)
                self.strip = gr.Gallery(
                    label="Frames",
                    show_label=False,
                    columns=4,
                    height="auto",
                    object_fit="cover",
                    allow_preview=False,
                    buttons=[],
                    interactive=False,
                    elem_id="strip",
                )
                self.force = gr.Checkbox(
                    False, label="Also faces that would be left as they are", elem_id="force"
                )

    def _listen(self, trigger: Any, answer: Any, inputs: list[Any], outputs: list[Any], **more: Any) -> Any:
        return listen(trigger, answer, self.sessions, inputs, outputs, **more)

    def _then(self, event: Any) -> None:
        """Draw the tiles after an event that went well."""
        style = [self.colour, self.size, self.lens, self.force]
        self._listen(event.success, self._tiles, style, [self.strip, self.status], show_progress="minimal")

    def _open(self, session: Session[Desk], value: Any) -> list[Any]:
        if value is None:  # the photo was taken out again
            return [gr.skip()] * 8
        _forget(session)
        try:
            photo = open_photo(self.editor, take_upload(value, self.uploads, session.folder))
        except Exception:
            _forget(session)
            raise
        faces = list(range(1, len(photo.boxes) + 1))
        session.state.photo = Work(photo, faces)
        trim_memory()  # of the photo before
        choices = [(str(face), face) for face in faces]
        listed = gr.update(choices=choices, value=faces, visible=len(faces) > 1)
        return [
            gr.update(visible=False),
            gr.update(visible=True),
            None,
            listed,
            *self._faces_shown(session.state.photo),
        ]

    def _tiles(self, session: Session[Desk], *style: Any) -> list[Any]:
        work = session.state.photo
        if work is None:  # the photo was taken out again
            return [gr.skip(), gr.skip()]
        try:
            drawn = frames_on_face(self.editor, work.photo, self._choice(work, "", *style))
        except UserError as error:
            work.names = []
            return [[], _note(f"No frames to try on: {in_page(str(error), session)}")]
        work.names = list(drawn)
        return [tiles(drawn), gr.skip()]

    def _toggle(self, session: Session[Desk], point: Any) -> list[Any]:
        work = _work(session)
        number = work.photo.face_at(float(point[0]), float(point[1]))
        if number is None or len(work.photo.boxes) < 2:
            return [gr.skip(), gr.skip()]
        work.chosen = sorted({*work.chosen} ^ {number})
        return [image_value(with_boxes(work.photo, work.chosen)), work.chosen]

    def _choose(self, session: Session[Desk], faces: Any) -> list[Any]:
        work = _work(session)
        known = range(1, len(work.photo.boxes) + 1)
        work.chosen = sorted(number for number in known if number in (faces or []))
        return self._faces_shown(work)

    def _take_off(self, session: Session[Desk], force: Any) -> list[Any]:
        work = _work(session)
        return self._edited(session, work, Choice(None, _asked(work), bool(force)))

    def _put_on(self, session: Session[Desk], place: Any, *style: Any) -> list[Any]:
        work = _work(session)
        if not isinstance(place, int) or not 0 <= place < len(work.names):
            raise UserError("choose one of the frames")
        return self._edited(session, work, self._choice(work, work.names[place], *style))

    def _again(self, session: Session[Desk], *style: Any) -> list[Any]:
        """What was done last, in another style."""
        work = _work(session)
        if work.last is None:
            return [gr.skip()] * 4
        if work.last.wish is None:
            return self._take_off(session, style[-1])
        return self._edited(session, work, self._choice(work, work.last.wish.frame, *style))

    def _start_again(self, session: Session[Desk]) -> list[Any]:
        _forget(session)
        return [gr.update(visible=True), gr.update(visible=False), [], *_nothing_shown()]

    def _choice(
        self, work: Work, frame: str, colour: Any = "", size: Any = "", lens: Any = "", force: Any = False
    ) -> Choice:
        wish = FrameSettings(frame, None, self.frames, str(colour), "", str(size), lens=str(lens))
        return Choice(wish, _asked(work), bool(force))

    def _edited(self, session: Session[Desk], work: Work, choice: Choice) -> list[Any]:
        result = edit_photo(self.editor, work.photo, choice)
        work.last = choice
        before, after = image_value(work.photo.preview), image_value(preview_of(result.path))
        line = f"{in_page(result.told(), session)}<br><code>{html.escape(result.command)}</code>"
        slider = gr.update(value=[before, after], visible=True)
        return [
            gr.update(visible=False),
            slider,
            _note(line),
            gr.update(value=download(result.path), visible=True),
        ]

    def _faces_shown(self, work: Work) -> list[Any]:
        """The faces, in place of what was made of them."""
        work.last = None
        picture = gr.update(value=image_value(with_boxes(work.photo, work.chosen)), visible=True)
        hint = "Tap a face to leave it out or take it in." if len(work.photo.boxes) > 1 else ""
        hidden = gr.update(visible=False)
        return [picture, hidden, _note(hint), hidden]


def _work(session: Session[Desk]) -> Work:
    if session.state.photo is None:
        raise UserError("this page has no photo any more: give it again")
    return session.state.photo


def _forget(session: Session[Desk]) -> None:
    """Forget the photo and its results."""
    session.state.photo = None
    session.empty()


def _asked(work: Work) -> tuple[int, ...]:
    """The chosen faces as `Choice` has them."""
    if not work.chosen:
        raise UserError("choose a face")
    return () if len(work.chosen) == len(work.photo.boxes) else tuple(work.chosen)


def _nothing_shown() -> list[Any]:
    empty = gr.update(value=None, visible=False)
    return [gr.update(value=None, visible=True), empty, "", empty]


def _note(line: str) -> str:
    return f"<p>{line}</p>" if line else ""
