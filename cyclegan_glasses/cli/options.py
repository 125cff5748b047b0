"""Declared options (`cyclegan_glasses.option`) as arguments of a parser."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cyclegan_glasses.option import Option, number


def add_options(
    parser: argparse.ArgumentParser,
    options: Iterable[Option],
    defaults: Mapping[str, Any] | None = None,
    last: Iterable[str] = (),
) -> None:
    """Add an argument for each of `options`, in groups.

    Args:
        defaults: of this parser, by flag, where they differ from those that were declared.
        last: titles of groups that come after all others in `--help`.
    """
    options, last = list(options), list(last)
    titles = list(dict.fromkeys(item.group for item in options if item.group))
    titles.sort(key=lambda title: last.index(title) if title in last else -1)
    groups = {title: parser.add_argument_group(title) for title in titles}
    for item in options:
        _add(groups.get(item.group, parser), item)
    parser.set_defaults(**defaults or {})


def _add(group: argparse._ActionsContainer, item: Option) -> None:
    flag, default = f"--{item.flag}", item.typed_default
    if item.hint is bool:
        if item.negatable:
            group = group.add_mutually_exclusive_group()
        group.add_argument(flag, action="store_true", default=default, help=item.help)
        if item.negatable:
            opposite = f"--no_{item.flag}"
            group.add_argument(opposite, dest=item.flag, action="store_false", default=default, help="not so")
        return
    group.add_argument(
        flag,
        type=_reader(item),
        default=default,
        choices=tuple(item.choices) or None,
        nargs="+" if item.many else None,
        metavar=item.metavar,
        help=item.help,
    )


def _reader(item: Option) -> Callable[[str], Any]:
    """How the text of a value is read; with the message of a `ValueError` where a function does it."""
    parse = item.parse or (number if item.element is float else None)
    if not parse:
        return str if item.variants else item.element

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read
