"""A hook of the site (mkdocs.yml): links to files that are no part of it become their names."""

from __future__ import annotations

import posixpath
import re
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!\w+:)([^)\s#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with each link that leads out of docs/ replaced by its text and the path of the file."""
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def named(match: re.Match[str]) -> str:
        text, target = match[1], posixpath.normpath(posixpath.join(folder, match[2]))
        if target.startswith("docs/") and not target.endswith(".py"):
            return match[0]
        return text if text.strip("`") == target else f"{text} (`{target}`)"

    return LINK.sub(named, markdown)
