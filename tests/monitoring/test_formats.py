"""What the console, the pages and Visdom show alike."""

from __future__ import annotations

from cyclegan_glasses.monitoring.formats import option_rows, picture_rows, picture_text


def test_picture_rows() -> None:
    """Each direction has a row of its own."""
    labels = ["real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B"]
    assert picture_rows(labels) == [labels[:3], labels[3:]]
    assert picture_rows(["mask", "real", "fake"]) == [["mask"], ["real", "fake"]]
    assert picture_rows([]) == []


def test_a_truth_and_pairs_leave_no_holes() -> None:
    """A remover's truth stands beside its result, and pairs beside CycleGAN's directions in one row."""
    assert picture_rows(["real_A", "fake_B", "real_B"]) == [["real_A", "fake_B", "real_B"]]
    sides, pair = ["real_A", "fake_B", "real_B", "fake_A"], ["pair_A", "pair_fake_B", "pair_B", "pair_fake_A"]
    assert picture_rows([*sides, *pair]) == [sides[:2], sides[2:], pair]


def test_pictures_are_called_by_what_they_show() -> None:
    """The label that files have stands beside it; what has no other word is called once."""
    assert picture_text("pair_fake_B") == ("removed", "pair_fake_B")
    assert picture_text("mask") == ("mask", "")


def test_passwords_are_not_shown() -> None:
    """A page that is shared does not give the dashboard away."""
    assert option_rows({"lr": 0.1, "display_password": "x"}) == [("lr", "0.1")]
