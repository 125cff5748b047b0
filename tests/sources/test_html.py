"""A page, however it is written, is read in a time that grows with its length alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.sources import html
from cyclegan_glasses.sources.html import Element, elements, plain


def test_elements_come_with_their_attributes_in_the_order_of_the_page():
    page = """<!doctype html><!-- <a href=no> --><A HREF="x?a=1&amp;b=2" class=c data-x='"'>t</A>
    <p><img src=a.png alt = "1 < 2 > 0" src=later hidden><img/><br/><a href=x/y/>z</a>
    <script>"<a href='in a script'>" && 1 < 2</script><title><a href=t></title><a
    href = z>"""
    assert [*elements(page, ("a", "img", "script"))] == [
        Element("a", {"href": "x?a=1&b=2", "class": "c", "data-x": '"'}),
        Element("img", {"src": "a.png", "alt": "1 < 2 > 0", "hidden": ""}),
        Element("img"),
        Element("a", {"href": "x/y/"}),
        Element("script", {}, "\"<a href='in a script'>\" && 1 < 2"),
        Element("a", {"href": "z"}),
    ]


@pytest.mark.parametrize("cut", ["<a", "<a href", "<a href='x", "<!-- ", "< a>", "<", "</a>", "<a <a <a "])
def test_what_the_end_cuts_off_is_dropped(cut):
    assert [*elements("<a href=1>" + cut, ("a",))] == [Element("a", {"href": "1"})]


def test_text_without_tags():
    assert plain('<a href="x">Ann</a> &amp; <b>Bo').split() == ["Ann", "&", "Bo"]


PIECES = [
    "<a ",
    "<a href='",
    '<a "',
    "x=",
    "<!--",
    "</",
    "<script>",
    "</script",
    "'",
    '"',
    " ",
    "/",
    "&amp",
    "=>",
]


@pytest.mark.parametrize("piece", [*PIECES, "<a x='' ", "<a x=\"'>", "<title>", "<a x =", "<a\n", "<a/"])
def test_no_repetition_takes_longer_than_its_length(piece, monkeypatch):
    """60 kB of `<a <a <a` took 34 seconds."""
    monkeypatch.setattr(html, "TAGS", 10**9)
    page = piece * (400_000 // len(piece))
    begun = time.process_time()
    for start in ("", "<a ", "<script>"):
        assert len([*elements(start + page, ("a", "script"))]) <= len(page)
    assert time.process_time() - begun < 10


def test_a_page_of_tags_alone_is_refused(monkeypatch):
    monkeypatch.setattr(html, "TAGS", 100)
    assert len([*elements("<a>" * 100, ("a",))]) == 100
    with pytest.raises(ValueError, match="more than 100 tags"):
        list(elements("<a>" * 101, ("a",)))


@given(st.lists(st.sampled_from([*PIECES, ">", "a", "\0", "<img src=a>"]), max_size=30).map("".join))
def test_any_page_is_read(page):
    assert all(element.name == "a" for element in elements(page, ("a",)))
    assert "<a>" not in plain(page)
