"""A file is put in its place whole: linked where the disk allows it, else copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import link_or_copy


@pytest.mark.parametrize("links", [True, False])
def test_a_file_is_linked_else_copied_and_replaces_what_was_there(tmp_path, monkeypatch, links):
    (tmp_path / "real").write_bytes(b"new")
    (tmp_path / "source").symlink_to(tmp_path / "real")
    target = tmp_path / "deep" / "target"
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError(18, "other disk")))
    for before in (None, b"old"):
        if before:
            target.unlink()
            target.write_bytes(before)
        link_or_copy(tmp_path / "source", target)
        link_or_copy(tmp_path / "source", target)  # once more: it is there already
        assert target.read_bytes() == b"new" and not target.is_symlink()
        assert target.samefile(tmp_path / "real") is links
        assert [path.name for path in target.parent.iterdir()] == ["target"], "nothing is left behind"


def test_a_source_that_went_away_is_one_line_and_leaves_the_target(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    with pytest.raises(UserError, match="target"):
        link_or_copy(tmp_path / "gone", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"old"
