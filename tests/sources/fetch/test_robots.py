"""Reading what sites allow; a mistake here takes what a site has closed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.sources.fetch.robots import parse_robots, refusing_tag

SITE = "https://example.org"


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("Disallow: /fish", "/fish.html", False),
        ("Disallow: /fish", "/Fish.asp", True),
        ("Disallow: /fish/", "/fish", True),
        ("Disallow: /fish*", "/fishheads/yummy.html", False),
        ("Disallow: /*.php", "/folder/filename.php?parameters", False),
        ("Disallow: /*.php", "/windows.PHP", True),
        ("Disallow: /*.php$", "/filename.php", False),
        ("Disallow: /*.php$", "/filename.php?parameters", True),
        ("Disallow: /fish*.php", "/fishheads/catfish.php?parameters", False),
        ("Disallow: /a$", "/ab", True),
        ("Disallow: /a*b$", "/ab", False),
        ("Disallow: /ab*b$", "/ab", True),
        ("Disallow:", "/anything", True),
        ("Disallow: /", "/", False),
        ("Disallow: /ü", "/%C3%BC", False),
        ("Disallow: /q?x=", "/q?x=1", False),
        ("Disallow: /q$", "/q", False),
        ("Disallow: *", "/q", False),
    ],
)
def test_patterns(rule, path, allowed):
    """The examples of RFC 9309 and of the search engines' own pages."""
    assert parse_robots(f"User-agent: *\n{rule}").allows(SITE + path) is allowed


def test_the_longest_rule_counts_in_either_order():
    for rules in ("Allow: /\nDisallow: /private", "Disallow: /private\nAllow: /"):
        parsed = parse_robots("User-agent: *\n" + rules)
        assert parsed.allows(SITE + "/open") and not parsed.allows(SITE + "/private/a")
    assert parse_robots("User-agent: *\nDisallow: /a\nAllow: /a").allows(SITE + "/a")


def test_our_own_group_goes_before_the_common_one():
    text = (
        "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: CycleGAN-Glasses\nDisallow: /no # why\n"
    )
    rules = parse_robots(text)
    assert rules.allows(SITE + "/yes") and not rules.allows(SITE + "/no")
    assert not parse_robots("User-agent: other\nAllow: /\nUser-agent: *\nDisallow: /").allows(SITE + "/a")
    assert parse_robots("User-agent: other\nDisallow: /").allows(SITE + "/a")


def test_groups_of_one_name_are_one():
    rules = parse_robots(
        "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /b\n"
    )
    assert not rules.allows(SITE + "/a") and not rules.allows(SITE + "/b") and rules.allows(SITE + "/c")


def test_lines_in_between_do_not_part_a_group():
    rules = parse_robots(
        "\ufeffUser-agent: *\r\nSitemap: https://example.org/s.xml\r\n\r\nDisallow: /a\r\nnonsense\r\n"
    )
    assert not rules.allows(SITE + "/a")


def test_crawl_delay():
    assert parse_robots("User-agent: *\nCrawl-delay: 2.5\n").delay == 2.5
    assert parse_robots("User-agent: *\nCrawl-delay: soon\nCrawl-delay: nan\n").delay == 0


@given(st.text(alphabet="User-agent:*\nDisallow: /ab$%#\r0", max_size=200), st.text(max_size=30))
def test_no_text_breaks_it(text, path):
    assert parse_robots(text).allows(f"{SITE}/{path}") in (True, False)


def test_no_rule_takes_long():
    rules = parse_robots("User-agent: *\nDisallow: /" + "a*" * 2000 + "b\n")
    start = time.monotonic()
    assert rules.allows(SITE + "/" + "a" * 4000)
    assert time.monotonic() - start < 1


def test_tags_meant_for_us():
    assert refusing_tag(["nofollow", "noai"]) == "noai"
    assert refusing_tag(["googlebot: nofollow, noindex"]) == ""
    assert refusing_tag(["cyclegan-glasses: noimageai"]) == "noimageai"
    assert refusing_tag(["unavailable_after: 25 Jun 2040 15:00:00 PST, noindex"]) == "noindex"
    assert refusing_tag(["max-image-preview:large"]) == "" and refusing_tag([]) == ""


@given(st.lists(st.text(max_size=50)))
def test_no_tag_breaks_it(headers):
    assert isinstance(refusing_tag(headers), str)
