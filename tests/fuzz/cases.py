"""One case: a file made of a seed and a number, read, and what became of it."""

from __future__ import annotations

import logging
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from cyclegan_glasses.errors import UserError
from tests.fuzz.mutation import mutate_bytes
from tests.fuzz.readers import READERS, Reader

SECONDS = 10
"""Longest time of the processor that a reader may take; one that waits is ended by the process above."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        reader: its name.
        seconds: of the processor that it took.
        megabytes: peak of the process so far.
        failure: what it raised although its reader does not document it; empty where all is well.
    """

    number: int
    reader: str
    seconds: float
    megabytes: int
    failure: str = ""


class TooSlow(BaseException):
    """Raised by the clock: no reader catches it."""


def case_file(seed: int, number: int, only: str = "") -> tuple[Reader, bytes]:
    """The reader and the damaged file of a case."""
    rng = random.Random(f"{seed} {number}")
    reader = rng.choice([reader for reader in READERS if only in reader.name])
    data = rng.choice(reader.seeds())
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        try:
            data = rng.choice(reader.ways)(data, rng)
        except Exception:  # what was damaged before cannot be taken apart
            data = mutate_bytes(data, rng)
    return reader, data


def run_case(seed: int, number: int, only: str, folder: Path, reraise: bool = False) -> Outcome:
    """Read the file of a case in a folder of its own below `folder`."""
    reader, data = case_file(seed, number, only)
    place = folder / str(number)
    place.mkdir()
    (place / reader.file).write_bytes(data)
    logging.disable(logging.CRITICAL)
    before, begun, failure = _peak(), time.process_time(), ""
    _set_clock(SECONDS)
    try:
        reader.read(place / reader.file)
    except (UserError, *reader.documented):
        pass
    except TooSlow:
        failure = f"takes more than {SECONDS} s"
    except Exception as error:
        if reraise:
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        failure = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"[:300]
    finally:
        _set_clock(0)
        logging.disable(logging.NOTSET)
        shutil.rmtree(place, ignore_errors=True)
    seconds, peak = time.process_time() - begun, _peak()
    if not failure and peak - before > reader.megabytes:
        failure = f"takes {peak - before} MB"
    return Outcome(number, reader.name, seconds, peak, failure)


def run_cases(connection: Connection, seed: int, number: int, only: str, seconds: float) -> None:
    """Run cases from `number` on for so many seconds, and send what became of each."""
    end = time.monotonic() + seconds
    with TemporaryDirectory() as folder:
        while time.monotonic() < end:
            connection.send(run_case(seed, number, only, Path(folder)))
            number += 1


def _peak() -> int:
    """The most memory that the process had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> (20 if sys.platform == "darwin" else 10)


def _set_clock(seconds: int) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)  # of this process, however busy the machine is
