"""What commands print: whatever a file or its name holds, it cannot write to the terminal otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from cyclegan_glasses.errors import printable

_SUGGESTING = ContextVar("suggesting", default=True)


def echo(*values: object, sep: str = " ", end: str = "\n", file: TextIO | None = None) -> None:
    """Print as `print` does, at once, with what would steer a terminal escaped in every line."""
    text = sep.join(map(str, values))
    print("\n".join(map(printable, text.split("\n"))), end=end, file=file, flush=True)


def suggesting() -> bool:
    """Whether a command is to say what a person may type next."""
    return _SUGGESTING.get()


@contextmanager
def without_suggestions() -> Iterator[None]:
    """In the block another command goes on by itself, so that none says what to type next."""
    token = _SUGGESTING.set(False)
    try:
        yield
    finally:
        _SUGGESTING.reset(token)


def suggest(text: str, before: str = "next: ") -> None:
    """Print what a person may type next, where that is asked for (`suggesting`)."""
    if suggesting():
        echo(f"{before}{text}")


def echo_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON in ASCII, on one line unless it is indented."""
    print(json.dumps(value, indent=indent), flush=True)
