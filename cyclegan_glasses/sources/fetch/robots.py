"""What a site lets machines take: robots.txt (RFC 9309) and the X-Robots-Tag header.

The standard library's `urllib.robotparser` takes the first rule that fits and knows no `*` and `$`, so it
takes `Allow: /` before `Disallow: /private` for leave to enter; here the longest rule counts (2.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

AGENT = "cyclegan-glasses"
LONGEST_FILE = 500 * 1024
REFUSING_TAGS = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
_VALUED_TAGS = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_SAFE = "/%?=&:;,@+!~'()[]#*$"


@dataclass(frozen=True, slots=True)
class RobotRules:
    """The rules of one robots.txt that apply to us: patterns, and whether they allow.

    `delay`: seconds between requests that the site asks for (`Crawl-delay`, no part of the standard).
    """

    rules: tuple[tuple[str, bool], ...] = ()
    delay: float = 0.0

    def allows(self, address: str) -> bool:
        """Whether `address`, on the site of this file, may be fetched: the longest fitting rule decides.

        Of two rules of the same length the one that allows wins (RFC 9309, 2.2.2).
        """
        url = urlsplit(address)
        path = quote((url.path or "/") + ("?" + url.query if url.query else ""), safe=_SAFE, errors="replace")
        fitting = ((len(rule), allowed) for rule, allowed in self.rules if _fits(rule, path))
        return max(fitting, default=(0, True))[1]


def parse_robots(text: str, agent: str = AGENT) -> RobotRules:
    """Read a robots.txt; lines that say nothing to us are passed over, nothing is ever raised."""
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    in_rules = False
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.split("#", 1)[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if in_rules:
                agents, in_rules = [], False
            agents.append(value.lower())
            groups.setdefault(value.lower(), [])
        elif key in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            for name in agents:
                groups[name].append((key, value))
    rules, delays = [], [0.0]
    for key, value in groups.get(agent, groups.get("*", [])):
        if key == "crawl-delay" and re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
            delays.append(float(value))
        elif key != "crawl-delay" and value:
            rules.append((quote(value, safe=_SAFE, errors="replace"), key == "allow"))
    return RobotRules(tuple(rules), max(delays))


def _fits(rule: str, path: str) -> bool:
    """Whether `path` begins with `rule`, where `*` stands for anything and a last `$` for the end.

    Takes each part at its first place, so that no rule, however written, takes long.
    """
    anchored = rule.endswith("$")
    first, *others = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    for part in others[:-1]:
        position = path.find(part, position)
        if position < 0:
            return False
        position += len(part)
    if not others:
        return not anchored or position == len(path)
    if anchored:
        return path.endswith(others[-1]) and len(path) - len(others[-1]) >= position
    return path.find(others[-1], position) >= 0


def refusing_tag(headers: Iterable[str], agent: str = AGENT) -> str:
    """The first directive of `X-Robots-Tag` that says not to take the picture, or an empty string.

    A directive may be meant for one robot alone (`googlebot: noindex`); the robot's name holds for the rest
    of that header.
    """
    for header in headers:
        meant = True
        for token in header.lower().split(","):
            name, colon, rest = token.strip().partition(":")
            if colon and name.strip() not in _VALUED_TAGS:
                meant = name.strip() in (agent, "*")
                name = rest
            if meant and name.strip() in REFUSING_TAGS:
                return name.strip()
    return ""
