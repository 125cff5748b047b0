"""How a command ends: the one error that a person is meant to read, and what stops it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager


class UserError(Exception):
    """Bad input or a state of the machine that the person can mend.

    The message is one line that says what is wrong and what to do. Commands print it on standard error and
    end with exit code 2 (`run_command`); libraries may catch it.
    """


def run_command(command: Callable[[], int | None]) -> int:
    """Run `command` and return its exit code: 2 with one line for a `UserError`, 130 for Ctrl-C, with
    what the interruption says of how to go on."""
    try:
        return command() or 0
    except UserError as error:
        print("error:", " ".join(str(error).splitlines()), file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(str(stop) or "stopped", file=sys.stderr)
        return 130


def first_line(error: BaseException) -> str:
    """The first line of the error's message, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def one_of(option: str, value: str, known: Collection[str]) -> None:
    """Refuse a value of `--option` that is not among the known ones.

    Raises:
        UserError: says which there are.
    """
    if value not in known:
        raise UserError(f"unknown --{option} {value!r}: choose one of {', '.join(known)}")


@contextmanager
def stoppable(message: Callable[[], str] = lambda: "stopped") -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block alike, and the command with it, by saying `message()`."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(message()) from None
    finally:
        signal.signal(signal.SIGTERM, before)
