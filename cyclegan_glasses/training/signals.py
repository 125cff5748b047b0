"""Ctrl-C, SIGTERM and the end of the time as a wish to stop at the next step."""

from __future__ import annotations

import math
import signal
import threading
import time
from types import FrameType
from typing import Any

from cyclegan_glasses.distributed import ALONE, DistributedContext


class StopRequest:
    """Within its block, SIGINT and SIGTERM are a wish to stop; the second SIGINT interrupts at once. The end
    of `minutes` from now is such a wish, too; 0 is no limit.

    Outside the main thread it changes nothing. Where several processes train together a second SIGINT only
    repeats the first: it may come from the terminal, and once more from `torchrun`. An error leaves SIGTERM
    ignored there: `torchrun` sends it to the others as soon as one has died, and they still have to say why.
    """

    def __init__(self, distributed: DistributedContext = ALONE, minutes: float = 0.0) -> None:
        self._end = time.monotonic() + 60 * minutes if minutes else math.inf
        self.wanted, self._noted, self._distributed = "", "", distributed
        self._earlier: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._earlier[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        if kind and self._earlier and self._distributed.size > 1:
            self._earlier[signal.SIGTERM] = signal.SIG_IGN
        for number, handler in self._earlier.items():
            signal.signal(number, handler)

    def agreed(self) -> bool:
        """Whether any process is to stop; all ask together, and `wanted` then names the signal for all; it is
        empty at the end of the time."""
        late = int(time.monotonic() >= self._end)
        number = self._distributed.max(2 * signal.Signals[self._noted] if self._noted else late)
        self.wanted = signal.Signals(number // 2).name if number > 1 else ""
        return bool(number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._noted and number == signal.SIGINT and self._distributed.size == 1:
            raise KeyboardInterrupt
        self._noted = signal.Signals(number).name
