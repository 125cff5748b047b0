"""A picture is paired with the one of its own name and no other, or with none."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.pairing import ALONE, Names, pair_names
from cyclegan_glasses.walk import stem_key

NAMES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "a/"]),
        st.sampled_from("xyé"),
        st.sampled_from([".jpg", ".png"]),
    ),
    unique=True,
)


@given(NAMES, NAMES, NAMES)
def test_pairs_have_one_name_whatever_lies_beside_them(first, second, third):
    pairs = pair_names(first, second, third)
    for a, b, c in pairs.places:
        assert stem_key(first[a]) == stem_key(second[b]) == stem_key(third[c])
        if first[a] in second:
            assert second[b] == first[a], "the very name goes before another ending"
    assert [place for place, *_ in pairs.places] == sorted(place for place, *_ in pairs.places)
    assert len(pairs.places) + pairs.left_out[0].total() == len(first), "the others are counted"


@given(NAMES)
def test_names_that_are_the_same_are_whole_pairs(names):
    pairs = pair_names(names, names[::-1])
    assert [(names[a], names[::-1][b]) for a, b in pairs.places] == [(name, name) for name in names]
    assert pairs.complete is bool(names) and pairs.left_out == (Counter(), Counter())


def test_places_in_a_list_say_nothing(caplog):
    """As many pictures on both sides, the same names but for endings: by place 2.jpg would meet 1.jpg."""
    first, second = ["1.jpg", "1.png", "2.jpg", "3.jpg"], ["1.jpg", "2.jpg", "3.jpg", "3.png"]
    pairs = pair_names(first, second)
    assert pairs.places == [(0, 0), (1, 0), (2, 1), (3, 2)] and pairs.complete
    pairs.report(["A", "B"])
    assert "A: names that differ in their ending alone: 1.jpg, 1.png" in caplog.text
    assert "B: names that differ in their ending alone: 3.jpg, 3.png" in caplog.text


def test_who_could_have_several_partners_has_none_and_is_named(caplog):
    pairs = pair_names(["x.webp", "y.jpg", "z.jpg"], ["x.jpg", "x.png", "y.png", "w.jpg"])
    assert pairs.places == [(1, 2)] and not pairs.complete
    assert pairs.left_out == ({"that could belong to several (x.webp)": 1, ALONE: 1}, {ALONE: 1})
    pairs.report(["A", "B"])
    assert "A: left out 1 that could belong to several (x.webp), 1 without a partner" in caplog.text


def test_folders_are_part_of_a_name():
    assert pair_names(["a/x.jpg", "b/x.jpg"], ["b/x.png", "x.png"]).places == [(1, 0)]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_the_same_on_every_system(form):
    """macOS writes é as e and an accent; the table or the pair from there must still fit."""
    names = Names([unicodedata.normalize(form, "José.jpg"), "Jose.jpg"])
    assert names.find("José.png") == names.find(unicodedata.normalize("NFD", "José.jpg")) == 0
    assert names.find("jose.jpg") is None and "José.bmp" in names and "Josè.jpg" not in names
