"""Fetches what a search has found, several pictures at a time, and puts it into a `WebStore`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.fetch.client import Fetcher
from cyclegan_glasses.sources.fetch.result import FAILED, OK, Fetched
from cyclegan_glasses.sources.search_result import SearchResult
from cyclegan_glasses.sources.settings import GatherSettings
from cyclegan_glasses.sources.web_store import DUPLICATE, WebStore


@dataclass(slots=True)
class Tally:
    """How a crawl went: new photos, photos of earlier runs, and the others by status and by cause."""

    new: int = 0
    before: int = 0
    duplicate: int = 0
    failed: int = 0
    refused: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def have(self) -> int:
        """Results of this search that are in the folder."""
        return self.new + self.before

    def add(self, status: str, cause: str = "") -> None:
        """Count one address."""
        name = {OK: "new"}.get(status, status)
        setattr(self, name, getattr(self, name) + 1)
        if cause:
            self.causes[cause] = self.causes.get(cause, 0) + 1


def gather(
    hits: Iterable[SearchResult], fetcher: Fetcher, store: WebStore, settings: GatherSettings, tally: Tally
) -> Generator[Fetched, None, None]:
    """Fetch hits until `settings.count` of them are in the folder or there are no more.

    Each picture is yielded once it is kept, and `tally` counts everything. Hits that the folder has
    already count as they are met; what failed or was refused earlier is passed over (failures only without
    `retry_failed`). When the iterator is closed early, what is under way is stopped, what has come is kept.

    Raises:
        UserError: the search broke off; what it gave until then is fetched and kept first.
    """
    wanted, broken = _wanted(hits, store, settings, tally), None
    at_once = fetcher.settings.connections
    under_way: dict[Future[Fetched], SearchResult] = {}
    pool = ThreadPoolExecutor(at_once)
    try:
        while True:
            while len(under_way) < 2 * at_once and tally.have + len(under_way) < settings.count:
                try:
                    hit = next(wanted, None)
                except UserError as error:
                    hit, broken, wanted = None, error, iter(())
                if hit is None:
                    break
                under_way[pool.submit(fetcher.picture, hit.address)] = hit
            if not under_way:
                break
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                fetched = done.result()
                status, cause = store.add(under_way.pop(done), fetched, settings)
                tally.add(status, cause)
                if status == OK:
                    yield fetched
    finally:
        if under_way:
            fetcher.stop()
        pool.shutdown(cancel_futures=True)
        for done, hit in under_way.items():
            if not done.cancelled() and done.result().status == OK:
                tally.add(*store.add(hit, done.result(), settings))
    if broken is not None:
        raise broken


def _wanted(
    hits: Iterable[SearchResult], store: WebStore, settings: GatherSettings, tally: Tally
) -> Iterator[SearchResult]:
    """The hits to be fetched, each address once; the others are counted."""
    seen: set[str] = set()
    for hit in hits:
        if hit.address in seen:
            continue
        seen.add(hit.address)
        status = store.status(hit)
        if not status or (status == FAILED and settings.retry_failed):
            yield hit
        elif status == OK:
            tally.before += 1
            if tally.have >= settings.count:
                return
        else:
            tally.add(status, "" if status == DUPLICATE else "earlier run")
