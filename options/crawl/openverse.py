"""Photos that Openverse finds: openly licensed, with licence, author and landing page kept."""

from __future__ import annotations

from functools import partial

from cyclegan_glasses.sources.openverse import OpenverseSearch

from . import _web as web

HELP = "openly licensed photos from Openverse's API"
add_arguments = partial(web.add_web_arguments, search=OpenverseSearch)
run = partial(web.crawl, OpenverseSearch)
