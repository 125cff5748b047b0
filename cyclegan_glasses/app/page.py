"""The page: what is on it, and how it looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from cyclegan_glasses.app.desk import Desk
from cyclegan_glasses.app.mirror_tab import MirrorTab
from cyclegan_glasses.app.photo_tab import PhotoTab
from cyclegan_glasses.app.sessions import Sessions, remove_unopened
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.machine import trim_memory

TITLE = "Glasses off, glasses on"
#: Fonts of the machine alone: a name of Gradio's own fonts would be fetched.
_FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "Consolas", "monospace"]
_HEAD = """# {title}
Take the glasses off a face in a photo, or try on new ones. {where}
Photos are deleted when you close the page.
"""
_HERE = "Nothing leaves this computer."
_THERE = "Photos are edited on the computer that runs this page, and sent nowhere else."


def theme() -> gr.themes.Base:
    """Colours, fonts and corners."""
    plain = {"block_title_background_fill": "none", "block_title_padding": "0", "block_shadow": "none"}
    return gr.themes.Soft(
        primary_hue="teal", secondary_hue="teal", neutral_hue="slate", font=_FONT, font_mono=_MONO
    ).set(
        **plain,
        block_title_text_color="*body_text_color",
        block_title_text_weight="500",
        input_border_width="1px",
        input_border_color="*neutral_300",
        checkbox_border_color="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_600",
    )


def css() -> str:
    """What a theme does not reach."""
    return Path(__file__).with_name("page.css").read_text("utf-8")


def make_page(
    editor: GlassesEditor,
    sessions: Sessions[Desk],
    uploads: Path,
    frames: Path | None = None,
    public: bool = False,
) -> gr.Blocks:
    """The page, ready to be launched.

    Args:
        sessions: of the pages that people open; each ends when its page is closed.
        uploads: folder in which Gradio puts what it receives.
        frames: a catalogue in place of the one that comes with the toolkit.
        public: others than this machine may open it.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.Markdown(_HEAD.format(title=TITLE, where=_THERE if public else _HERE), elem_id="head")
        with gr.Tab("Photo", id="photo"):
            PhotoTab(editor, sessions, uploads, frames).build()
        with gr.Tab("Mirror", id="mirror"):
            MirrorTab(editor, sessions, frames).build()
        page.unload(_ends(page, sessions, uploads))
    return page


def _ends(page: gr.Blocks, sessions: Sessions[Desk], uploads: Path) -> Callable[[gr.Request], None]:
    """What is done when a page is closed: its files, and the pictures that Gradio remembers, go."""

    def end(request: gr.Request) -> None:
        key = str(request.session_hash)
        sessions.end(key)
        page.state_holder.session_data.pop(key, None)
        remove_unopened(uploads)
        trim_memory()

    return end
