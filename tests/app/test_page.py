"""What the page asks of Gradio."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cyclegan_glasses.app.desk import Desk
from cyclegan_glasses.app.sessions import Sessions
from cyclegan_glasses.editing.editor import GlassesEditor


def test_a_photo_counts_that_comes_while_an_empty_one_is_answered(tmp_path) -> None:
    """A pasted photo comes as two events; Gradio drops the second unless it is told to take several."""
    gradio = pytest.importorskip("gradio")
    from cyclegan_glasses.app.photo_tab import PhotoTab

    with gradio.Blocks() as page:
        tab = PhotoTab(GlassesEditor.load(), Sessions(tmp_path, Desk), tmp_path)
        tab.build()
    event = (tab.upload._id, "input")
    (listener,) = (one for one in page.fns.values() if event in one.targets)
    assert listener.trigger_mode == "multiple"


def test_what_a_closed_page_showed_is_forgotten(tmp_path) -> None:
    """Gradio remembers the values of the components of every page."""
    state_holder = pytest.importorskip("gradio.state_holder")
    from cyclegan_glasses.app.page import make_page

    page = make_page(GlassesEditor.load(), Sessions(tmp_path, Desk), tmp_path)
    pages = state_holder.StateHolder()
    pages.set_blocks(page)
    assert pages["mine"] and pages["yours"]
    (listener,) = (one for one in page.fns.values() if any(event == "unload" for _, event in one.targets))
    listener.fn(SimpleNamespace(session_hash="mine"))
    assert "mine" not in pages and "yours" in pages
