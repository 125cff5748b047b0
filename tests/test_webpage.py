"""Pages are whole in themselves, and nothing that a page shows can become part of its code."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from bs4 import BeautifulSoup
from dominate import tags
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.webpage import Figure, address, interactive_page, page, strip, table

texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=("Cs", "Cc")), min_size=1
)


@given(texts, texts, texts)
def test_escapes(title: str, label: str, path: str) -> None:
    """A file called `<script>` is shown by its name."""
    html = page(title, strip([Figure(path, label)], "about"), table([label], [[title]]))
    soup = BeautifulSoup(html, "html.parser")
    assert len(soup.find_all("script")) == 1 and len(soup.find_all("img")) == 2
    assert soup.h1.get_text() == title and soup.figcaption.get_text() == label
    assert soup.td.get_text() == title
    assert unquote(soup.figure.img["src"]) == unquote(soup.figure.a["href"]) == path


def test_needs_nothing_from_outside() -> None:
    """The page works from a USB stick: style and code are in it, and no address leads away."""
    soup = BeautifulSoup(page("t", strip([Figure("images/a.png", "a")], "")), "html.parser")
    assert soup.style.string and soup.script.string and not soup.script.get("src")
    assert not soup.find_all("link", rel="stylesheet")
    assert not re.search(r"https?://|@import|url\(", str(soup))
    assert "width=device-width" in soup.find("meta", attrs={"name": "viewport"})["content"]
    assert soup.meta["charset"] == "utf-8"


def test_address() -> None:
    """A picture whose name has `#`, `?`, `%`, a colon or spaces is found."""
    assert address("images/a b#1?%:ü.png") == "images/a%20b%231%3F%25%3A%C3%BC.png"
    assert address("a\udcfe.png") == "a%FE.png" and address("\ud800") == "%3F"


def test_refresh() -> None:
    """Only a page of a running training loads itself anew."""
    assert 'data-refresh="60"' in page("t", refresh=60)
    assert "data-refresh" not in page("t", tags.p("x")).split("<body")[1].split(">")[0]


@given(texts)
def test_an_interactive_page(value: str) -> None:
    """It has the common head and style; data cannot end its element, and every script carries the nonce."""
    html = interactive_page("t", "cyclegan_glasses.collect", "review", {"value": f"</script>{value}"})
    soup = BeautifulSoup(html, "html.parser")
    assert json.loads(soup.find(id="data").string) == {"value": f"</script>{value}"}
    code = [script for script in soup.find_all("script") if not script.get("type")]
    assert [tag["nonce"] for tag in (*code, soup.style)] == ["{{nonce}}"] * 3
    assert "prefers-color-scheme" in soup.style.string
    soup.find(id="data").decompose()
    assert not re.search(r"https?://|@import|url\(", str(soup))


def test_a_table_tells_text_from_numbers() -> None:
    """Text stands at the left, numbers stand at the right with separators."""
    soup = BeautifulSoup(table(["a", "b", "n"], [["x", "y", 1234]], text=2).render(), "html.parser")
    assert [cell.get("class") for cell in soup.find_all("td")] == [["text"], ["text"], None]
    assert [cell.get_text() for cell in soup.find_all("td")] == ["x", "y", "1,234"]
