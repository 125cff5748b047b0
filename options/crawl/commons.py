"""Photos that Wikimedia Commons finds: freely licensed, with licence, author and landing page kept.

Its operators ask who is calling: `--contact` is needed.
"""

from __future__ import annotations

from functools import partial

from cyclegan_glasses.sources.commons import CommonsSearch

from . import _web as web

HELP = "freely licensed photos from Wikimedia Commons' API"
add_arguments = partial(web.add_web_arguments, search=CommonsSearch)
run = partial(web.crawl, CommonsSearch)
