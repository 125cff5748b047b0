"""Pages are whole in themselves, and nothing that a page shows can become part of its code."""

from __future__ import annotations

import re
from urllib.parse import unquote

from bs4 import BeautifulSoup
from dominate import tags
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.monitoring.webpage import Picture, address, page, rows_of, shown_options, strip, table

words = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=("Cs", "Cc")), min_size=1
)


@given(words, words, words)
def test_escapes(title: str, label: str, path: str) -> None:
    """A file called `<script>` is shown by its name."""
    html = page(title, strip([Picture(path, label)], "about"), table([label], [[title]]))
    soup = BeautifulSoup(html, "html.parser")
    assert len(soup.find_all("script")) == 1 and len(soup.find_all("img")) == 2
    assert soup.h1.get_text() == title and soup.figcaption.get_text() == label
    assert soup.td.get_text() == title
    assert unquote(soup.figure.img["src"]) == unquote(soup.figure.a["href"]) == path


def test_needs_nothing_from_outside() -> None:
    """The page works from a USB stick: style and code are in it, and no address leads away."""
    soup = BeautifulSoup(page("t", strip([Picture("images/a.png", "a")], "")), "html.parser")
    assert soup.style.string and soup.script.string and not soup.script.get("src")
    assert not soup.find_all("link", rel="stylesheet")
    assert not re.search(r"https?://|@import|url\(", str(soup))
    assert "width=device-width" in soup.find("meta", attrs={"name": "viewport"})["content"]
    assert soup.meta["charset"] == "utf-8"


def test_address() -> None:
    """A picture whose name has `#`, `?`, `%`, a colon or spaces is found."""
    assert address("images/a b#1?%:ü.png") == "images/a%20b%231%3F%25%3A%C3%BC.png"


def test_refresh() -> None:
    """Only a page of a running training loads itself anew."""
    assert 'data-refresh="60"' in page("t", refresh=60)
    assert "data-refresh" not in page("t", tags.p("x")).split("<body")[1].split(">")[0]


def test_rows_of() -> None:
    """Each direction has a row of its own."""
    labels = ["real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B"]
    assert rows_of(labels) == [labels[:3], labels[3:]]
    assert rows_of(["mask", "real", "fake"]) == [["mask"], ["real", "fake"]]
    assert rows_of([]) == []


def test_passwords_are_not_shown() -> None:
    """A page that is shared does not give the dashboard away."""
    assert shown_options({"lr": 0.1, "display_password": "x"}) == [("lr", "0.1")]
