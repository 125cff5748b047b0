"""What the console, the pages and Visdom show alike."""

from __future__ import annotations

from cyclegan_glasses.monitoring.formats import option_rows, picture_rows


def test_picture_rows() -> None:
    """Each direction has a row of its own."""
    labels = ["real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B"]
    assert picture_rows(labels) == [labels[:3], labels[3:]]
    assert picture_rows(["mask", "real", "fake"]) == [["mask"], ["real", "fake"]]
    assert picture_rows([]) == []


def test_passwords_are_not_shown() -> None:
    """A page that is shared does not give the dashboard away."""
    assert option_rows({"lr": 0.1, "display_password": "x"}) == [("lr", "0.1")]
