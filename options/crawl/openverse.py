"""Photos that Openverse finds: openly licensed, with licence, author and landing page kept."""

from __future__ import annotations

from functools import partial

from cyclegan_glasses.sources.openverse import OpenverseSearch

from ._web import add_web_arguments, crawl

HELP = "openly licensed photos from Openverse's API"
add_arguments = partial(add_web_arguments, search=OpenverseSearch)
command = partial(crawl, OpenverseSearch)
