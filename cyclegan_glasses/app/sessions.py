"""What the app keeps of each person while the page is open: one folder, which nobody else's page knows.

ROOT/uploads/…              what Gradio receives, until its photo is opened
ROOT/sessions/TOKEN/…       the photo of one page, and its results
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.temporary import leftovers, temporary_for

#: Seconds after which a page that does nothing loses its photo, and how many pages may have one.
IDLE, MOST_SESSIONS = 3600.0, 32
#: Seconds after which a photo that was received is removed where no page has opened it.
UNOPENED = 600.0
#: Name of the root among temporary files, and its folders.
NAME = "cyclegan-glasses-app"
UPLOADS, SESSIONS = "uploads", "sessions"
State = TypeVar("State")


@dataclass(eq=False)
class Session(Generic[State]):
    """One page in one browser.

    Attributes:
        folder: of its files, which no other page can name.
        state: what the page works on.
    """

    folder: Path
    state: State
    used: float = field(default_factory=time.monotonic)
    working: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def empty(self) -> None:
        """Remove its files."""
        for path in self.folder.iterdir():
            path.unlink()


class Sessions(Generic[State]):
    """The open pages, by the key that Gradio gives each; may be shared by threads.

    A page that was closed is ended by `end`. One whose end nobody tells of, or that is left open, ends after
    `IDLE` seconds without a request, or when `MOST_SESSIONS` others were used later.
    """

    def __init__(
        self,
        folder: Path,
        begin: Callable[[], State],
        end: Callable[[State], None] = lambda state: None,
    ) -> None:
        """Begin without any.

        Args:
            folder: takes their folders; it is there already.
            begin: makes the state of a new page.
            end: is told the state of a page that is over.
        """
        self._folder, self._begin, self._end, self._lock = folder, begin, end, threading.Lock()
        self._open: dict[str, Session[State]] = {}

    @contextmanager
    def at_work(self, key: str) -> Iterator[Session[State]]:
        """The session of a page, one request of it at a time; it begins with the first."""
        with self._lock:
            session = self._open.pop(key, None)
            if session is None:
                folder = self._folder / secrets.token_urlsafe(16)
                folder.mkdir(mode=0o700)
                session = Session(folder, self._begin())
            self._open[key] = session  # the one used last is the last
            session.used = time.monotonic()
            over = self._too_old(session.used)
        for one in over:
            self._remove(one)
        with session.working:
            if not session.folder.is_dir():
                raise UserError("this page was closed: open it again")
            yield session

    def end(self, key: str) -> None:
        """Forget a page, and remove its files once what it asked for is done."""
        with self._lock:
            session = self._open.pop(key, None)
        if session is not None:
            self._remove(session)

    def close(self) -> None:
        """Forget all pages."""
        for key in list(self._open):
            self.end(key)

    def __len__(self) -> int:
        return len(self._open)

    def _too_old(self, now: float) -> list[Session[State]]:
        """Take out the sessions that are over at `now`."""
        keys = list(self._open)
        old = [key for key in keys if now - self._open[key].used > IDLE]
        old += [key for key in keys[: max(0, len(keys) - MOST_SESSIONS)] if key not in old]
        return [self._open.pop(key) for key in old]

    def _remove(self, session: Session[State]) -> None:
        with session.working:
            self._end(session.state)
            shutil.rmtree(session.folder, ignore_errors=True)


def remove_unopened(uploads: Path) -> None:
    """Remove what was received more than `UNOPENED` seconds ago and lies in `uploads` still: its page was
    closed before it could open the photo."""
    for folder in uploads.iterdir():
        with suppress(FileNotFoundError):  # it was opened, or removed, meanwhile
            if time.time() - folder.stat().st_mtime > UNOPENED:
                shutil.rmtree(folder)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that this user alone can read, with `UPLOADS` and `SESSIONS` in it; removed in the end.

    Those of earlier processes that were killed are removed, too.
    """
    parent = Path(tempfile.gettempdir()).resolve()
    for entry in leftovers(parent):
        if entry.name.startswith(f".{NAME}.") and entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
    folder = temporary_for(parent / NAME)
    folder.mkdir(mode=0o700)
    try:
        for part in (UPLOADS, SESSIONS):
            (folder / part).mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
