"""What the tests of the sources may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cyclegan_glasses.sources.fetch.client import Fetcher
from cyclegan_glasses.sources.fetch.settings import FetchSettings
from tests.sources.loopback import Site


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def make_fetcher() -> Callable[..., Fetcher]:
    """A fetcher in a hurry that may ask loopback; every limit can be set."""

    def make(**settings: object) -> Fetcher:
        hurry: dict[str, object] = {
            "interval": 0.0, "backoff": 0.01, "allow_private": True, "connect_timeout": 2.0,
            "read_timeout": 0.5, "max_seconds": 2.0, "max_wait": 2.0, "connections": 4, "retries": 2,
        }  # fmt: skip
        return Fetcher(FetchSettings(**{**hurry, **settings}))  # type: ignore[arg-type]

    return make
