"""Records: dataclasses made of JSON that someone else may have written.

The annotations of a class are what its reader checks: names, types, allowed words. Ranges and patterns are
checked by its constructor, so that no record, however it is made, holds what its writer never writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
MOST = 2**53
"""Beyond it a whole number is no exact float, and no count of anything here."""


def record(kind: type[Record], values: Any) -> Record:
    """An object of the dataclass `kind` from the values of its fields, as JSON has them.

    Raises:
        ValueError: not an object, a field is unknown, missing or of another type, or the constructor refuses.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{kind.__name__} is not an object")
    hints, required = _fields(kind)  # type: ignore[arg-type]  # a class is hashable
    if unknown := values.keys() - hints.keys():
        raise ValueError(f"unknown field {min(map(str, unknown))!r}")
    if missing := required - values.keys():
        raise ValueError(f"no {min(missing)}")
    return kind(**{name: checked(hints[name], value, name) for name, value in values.items()})


def checked(hint: Any, value: Any, name: str) -> Any:
    """`value`, as JSON has it, as the type `hint`; messages call it `name`.

    Known are `bool`, `int`, `float` (whole numbers too), `str`, `Any`, `None`, `Literal`, lists and tuples of
    one type (lists in JSON), dictionaries with `str` keys, dataclasses, and unions of these.

    Raises:
        ValueError: it is of another type, a whole number beyond `MOST`, or a word that is not allowed.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if hint in (int, float) and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MOST:
            raise ValueError(f"{name} is too large a number")
        return hint(value)
    if hint in (bool, float, str, None, NoneType) and type(value) is (hint or NoneType):
        return value
    if origin is Literal and isinstance(value, str) and value in inner:
        return value
    if origin in (tuple, list) and isinstance(value, list):
        return origin(checked(inner[0], one, name) for one in value)
    if origin is dict and isinstance(value, dict):
        return {key: checked(inner[1], one, f"{name} {key!r}") for key, one in value.items()}
    if origin in (Union, UnionType):
        return _first_fit(inner, value, name)
    if is_dataclass(hint) and isinstance(hint, type):
        return record(hint, value)
    raise ValueError(f"{name} is {_kind_of(value)}, not {_described(hint)}")


@cache
def _fields(kind: type) -> tuple[dict[str, Any], frozenset[str]]:
    """The types of the fields of a dataclass, and the names of those without a default."""
    hints, items = get_type_hints(kind), fields(kind)
    required = (item.name for item in items if item.default is MISSING and item.default_factory is MISSING)
    return {item.name: hints[item.name] for item in items}, frozenset(required)


def _first_fit(hints: tuple[Any, ...], value: Any, name: str) -> Any:
    for hint in hints:
        try:
            return checked(hint, value, name)
        except ValueError as error:
            last = error
    raise last


def _described(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    by_type = {bool: "true or false", int: "a whole number", float: "a number", str: "text", NoneType: "null"}
    by_type |= {tuple: "a list", list: "a list", dict: "an object"}
    return by_type.get(get_origin(hint) or hint, "of this kind")


def _kind_of(value: Any) -> str:
    if isinstance(value, str):
        return repr(value[:40])
    return {list: "a list", dict: "an object", NoneType: "null"}.get(type(value), repr(value)[:40])
