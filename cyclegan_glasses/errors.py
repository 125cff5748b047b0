"""How a command ends: the one error that a person is meant to read, what becomes one, and what stops it."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

DEBUG = "CYCLEGAN_GLASSES_DEBUG"
"""Environment variable: where it is set, every error that becomes a line shows its traceback as well."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class UserError(Exception):
    """Bad input or a state of the machine that the person can mend.

    The message is one line that says what is wrong and what to do. Commands print it on standard error and
    end with exit code 2 (`run_command`); libraries may catch it.
    """


def run_command(command: Callable[[], int | None]) -> int:
    """Run `command` and return its exit code: 2 with one line for a `UserError`, for what the machine refuses
    (`OSError`, `MemoryError`), and where torch is missing; 130 for Ctrl-C, with what the interruption says of
    how to go on.

    Anything else that is raised is a defect and keeps its traceback. With `DEBUG` in the environment all do.
    """
    _prepare_streams()
    try:
        code = command() or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read the output has seen enough, as `head` does
        _show_traceback()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as a shell says of a program that SIGPIPE ended
    except (UserError, OSError, MemoryError) as error:
        _show_traceback()
        line = str(error) if isinstance(error, UserError) else _with_file(error)
        print("error:", printable(" ".join(line.splitlines())), file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:  # editing does without torch, so that it may not be there
        if error.name != "torch":
            raise
        _show_traceback()
        print("error: torch is not installed, which this needs: pip install torch", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(printable(str(stop)) or "stopped", file=sys.stderr)
        return 130


def printable(text: str) -> str:
    r"""`text` from a file or a file's name, fit for a terminal: control characters, the marks that turn the
    direction of writing, and lone surrogates as escapes.

    >>> printable("a\x1b[31m.png")
    'a\\x1b[31m.png'
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


@contextmanager
def explained(explain: Callable[[Exception], UserError]) -> Iterator[None]:
    """Whatever a library raises in the block becomes the `UserError` that `explain` makes of it.

    Libraries raise almost anything on a damaged or hostile file, so this is for blocks about one file or one
    photo, whose name `explain` gives. With `DEBUG` in the environment the traceback is shown.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        _show_traceback()
        raise explain(error) from error


def reason_of(error: BaseException) -> str:
    """Why, in a few words: what the system says, or the message; with its kind where that says little."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    line = first_line(error)
    plain = (
        isinstance(error, UserError | OSError | ValueError | RuntimeError) and line != type(error).__name__
    )
    return line if plain else f"{type(error).__name__}: {line}".removesuffix(f": {type(error).__name__}")


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


class _PrintableFormatter(logging.Formatter):
    """The message alone, fit for a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return printable(super().formatMessage(record))


def _prepare_streams() -> None:
    """Names of files need not be text: what a stream cannot encode is escaped, and so is what is logged."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    if not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_PrintableFormatter())
        logging.getLogger().addHandler(handler)


def _show_traceback() -> None:
    if os.environ.get(DEBUG):
        traceback.print_exc()


def _with_file(error: OSError | MemoryError) -> str:
    name = getattr(error, "filename", None)
    return f"{os.fsdecode(name)}: {reason_of(error)}" if isinstance(name, str | bytes) else reason_of(error)
