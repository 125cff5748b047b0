"""Whatever goes wrong with one photo of a batch is that photo's row, and the others are edited."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import pytest
from PIL import Image

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.batch import edit_files
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.jobs import plan
from cyclegan_glasses.editing.settings import EditSettings, OutputSettings
from tests.editing.helpers import make_editor, portrait


@pytest.mark.parametrize("step", ["find_targets", "translate", "blend"])
@pytest.mark.parametrize(
    "error, reason",
    [
        (cv2.error("bad size"), "error: bad size"),
        (MemoryError(), "not enough memory"),
        (KeyError(7), "KeyError: 7"),
    ],
)
def test_one_photo(step: str, error: Exception, reason: str, tmp_path: Path, monkeypatch) -> None:
    """Detector, model and blending fail in ways of their own; a night of work must not end there."""
    (tmp_path / "in").mkdir()
    for name in (b"a.png", b"\xff\xfe.png", b"z.png"):
        Image.fromarray(portrait()[0]).save(tmp_path / "in" / os.fsdecode(name))
    calls, right = [], getattr(GlassesEditor, step)

    def second_time(*args):
        calls.append(step)
        if len(calls) == 2:
            raise error
        return right(*args)

    monkeypatch.setattr(GlassesEditor, step, second_time)
    work = plan([str(tmp_path / "in")], tmp_path / "out")
    rows = list(
        edit_files(
            make_editor([portrait()[1]]), work.jobs, REMOVE, EditSettings(), OutputSettings(), workers=1
        )
    )
    assert [row.state for row in rows] == ["edited", "skipped", "edited"]
    assert rows[1].reason == f"{rows[1].source}: {reason}"
