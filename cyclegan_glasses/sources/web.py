"""A source of photos that a search on the web finds: they are fetched several at a time.

A new service needs one dataclass with a name, a query and `results(fetcher)`; `WebSource` does the rest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.fetch.result import FAILED, OK, Fetched
from cyclegan_glasses.sources.fetch_log import DUPLICATE, FetchLog, origin_of
from cyclegan_glasses.sources.search_result import SearchResult
from cyclegan_glasses.sources.settings import GatherSettings
from cyclegan_glasses.sources.source import SourcePhoto

if TYPE_CHECKING:
    from cyclegan_glasses.sources.fetch.client import Fetcher

_NAME_LENGTH = 24


class Search(Protocol):
    """A query to a service that finds pictures."""

    @property
    def name(self) -> str:
        """Of the service; goes to `Photo.source`."""
        ...

    @property
    def query(self) -> str:
        """What is searched for."""
        ...

    def results(self, fetcher: Fetcher) -> Iterator[SearchResult]:
        """What the service finds, best first, page by page as it is asked for.

        Raises:
            UserError: the service cannot be reached or refuses.
        """
        ...


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


class WebSource:
    """The pictures that a search finds and that the folder does not have.

    `tally` counts everything. Results that the folder has already count as they are met; what failed or was
    refused earlier is passed over (failures only without `retry_failed`), and no content is taken twice.
    """

    def __init__(self, search: Search, fetcher: Fetcher, settings: GatherSettings) -> None:
        self.name = search.name
        self.tally = Tally()
        self._search, self._fetcher, self._settings = search, fetcher, settings
        self._log = FetchLog(settings.out)
        self._under_way: dict[Future[Fetched], SearchResult] = {}

    def photos(self) -> Generator[SourcePhoto, None, None]:
        """Photos as they come, until `count` results are in the folder or there are no more.

        A photo must be written before the next one is asked for. When the iterator is closed or interrupted,
        what is under way is stopped; see `arrived`.

        Raises:
            UserError: the search found nothing (nothing was written then), or it broke off; what it gave
                until then is fetched and yielded first.
        """
        results, broken = self._wanted(), None
        at_once = self._fetcher.settings.connections
        under_way = self._under_way
        pool = ThreadPoolExecutor(at_once)
        try:
            while True:
                # Ask for no more than are wanted, so that a search goes no further than it must.
                while len(under_way) < min(2 * at_once, self._settings.count - self.tally.have):
                    try:
                        result = next(results, None)
                    except UserError as error:
                        result, broken, results = None, error, iter(())
                    if result is None:
                        break
                    under_way[pool.submit(self._fetcher.picture, result.address)] = result
                if not under_way:
                    break
                for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                    yield from self._take(under_way.pop(done), done.result())
        finally:
            if under_way:
                self._fetcher.stop()
            pool.shutdown(cancel_futures=True)
        if broken is not None:
            raise broken

    def arrived(self) -> Iterator[SourcePhoto]:
        """The photos that came while `photos` was closed or interrupted."""
        for done, result in self._under_way.items():
            if not done.cancelled() and done.result().status == OK:
                yield from self._take(result, done.result())

    def _wanted(self) -> Iterator[SearchResult]:
        """The results to be fetched, each address once; the others are counted."""
        seen: set[str] = set()
        for result in self._search.results(self._fetcher):
            if result.address in seen:
                continue
            seen.add(result.address)
            status = self._log.status(origin_of(result.address))
            if not status or (status == FAILED and self._settings.retry_failed):
                yield result
            elif status == OK:
                self.tally.before += 1
                if self.tally.have >= self._settings.count:
                    return
            else:
                self.tally.add(status, "" if status == DUPLICATE else "earlier run")
        if not seen:
            raise UserError("the search found nothing, nothing was written: try other words or licences")

    def _take(self, result: SearchResult, fetched: Fetched) -> Iterator[SourcePhoto]:
        """The photo that was fetched, if it is one; counted, and noted once it is written."""
        known = fetched.status == OK and fetched.sha256 in self._log.contents
        status = DUPLICATE if known else fetched.status
        self.tally.add(status, fetched.error)
        if status == OK:
            self._log.contents.add(fetched.sha256)
            yield SourcePhoto(self._photo(result, fetched), fetched.content)
        self._log.add(origin_of(result.address), status, fetched)

    def _photo(self, result: SearchResult, fetched: Fetched) -> Photo:
        facts = {**result.facts, "query": self._search.query}
        if fetched.final and fetched.final != result.address:
            facts["fetched_from"] = fetched.final
        return Photo(
            f"photos/{fetched.sha256[:_NAME_LENGTH]}",
            source=self.name,
            origin=origin_of(result.address),
            licence=result.licence,
            author=result.author,
            label=self._settings.label,
            facts=facts,
        )
