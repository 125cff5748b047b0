"""The Visdom dashboard of a run: curves, newest pictures, options and progress."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import numpy as np

from cyclegan_glasses.monitoring.history import SCORES, HistoryRow, read_history
from cyclegan_glasses.monitoring.settings import DashboardSettings
from cyclegan_glasses.monitoring.visdom import panes
from cyclegan_glasses.monitoring.visdom.sender import Client, Sender
from cyclegan_glasses.monitoring.visdom.server import ensure_server
from cyclegan_glasses.training.progress import Monitor, Progress, Run

MESSAGES = 5


class Dashboard(Monitor):
    """Shows a run in Visdom; the server is looked for, and started if need be, when this is made.

    Nothing here waits for the server: panes are drawn and sent in a thread. Each run has panes of its own,
    named after it.

    Args:
        settings: where, and how large.
        log: takes what a person should read: the address, a lost server.

    Raises:
        UserError: something that is not Visdom answers at the address.
    """

    def __init__(self, settings: DashboardSettings, log: Callable[[str], None]) -> None:
        self._settings = settings
        self._rows: list[HistoryRow] = []
        self._scores: list[HistoryRow] = []
        self._messages: deque[str] = deque(maxlen=MESSAGES)
        self._run: Run | None = None
        self._last: tuple[Progress | None, dict[str, float]] = (None, {})
        server = ensure_server(settings, log)
        self._sender = Sender(Client(settings), log, server, settings.display_port)

    def start(self, run: Run) -> None:
        """Show the options, and the curves of earlier sessions."""
        self._run = run
        self._rows = list(read_history(run.folder))
        self._scores = list(read_history(run.folder, SCORES))
        self._show_text("training")
        self._show_curves()

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Draw the curves on."""
        self._last = (progress, dict(losses))
        self._rows.append(HistoryRow.of(progress, losses))
        self._show_curves()
        self._show_text("training")

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        """Draw the curves of the scores on, in a pane of their own."""
        self._scores.append(HistoryRow.of(progress, scores))
        self._show_curves()

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Show the pictures: in one table, or each in a pane of its own."""
        if self._run is None:
            return
        name, columns, width = self._run.name, self._settings.display_ncols, self._settings.display_winsize
        about = f"epoch {progress.epoch}, {progress.pictures:,} of {progress.epoch_size:,} pictures"
        pictures = {label: picture.copy() for label, picture in pictures.items()}
        tables = {label: {label: picture} for label, picture in pictures.items()}
        for pane, table in {"images": pictures}.items() if columns > 0 else tables.items():
            title = f"{name} {pane}"
            self._offer(pane, partial(panes.picture_table, title, table, max(1, columns), width, about))

    def message(self, text: str) -> None:
        """Add a line to the text pane."""
        self._messages.append(text)
        self._show_text("training")

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        self._show_text("not running")
        self._sender.close()

    def _show_curves(self) -> None:
        for pane, rows in (("loss", self._rows), ("scores", self._scores)):
            if self._run is not None and rows:
                names = self._run.loss_names if pane == "loss" else tuple(rows[-1].losses)
                self._offer(pane, partial(panes.curves, f"{self._run.name} {pane} over time", rows, names))

    def _show_text(self, state: str) -> None:
        if self._run is not None:
            messages = list(self._messages)
            self._offer("text", partial(panes.progress_text, self._run, *self._last, messages, state))

    def _offer(self, pane: str, build: Callable[[], panes.Pane]) -> None:
        if self._run is not None:
            window = f"{quote(self._run.name, safe='', errors='replace')}_{self._settings.display_id}_{pane}"
            self._sender.offer(window, build)
