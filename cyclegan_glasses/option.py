"""An option of a command, declared once: as a field of a settings dataclass.

    @dataclass(frozen=True, slots=True)
    class AdamSettings(Settings):
        GROUP = "training"
        lr: float = option(0.0002, "learning rate of Adam", above=0)
        clip: float = option(0.0, "largest norm of a gradient; 0: no limit", flag="clip_grad", least=0)

The declaration holds all that there is to know: the field's type says how the text is read, and from default,
help, choices and bounds follow the argument of the parser (`cli.options`), the check of the value, what
becomes of it in a run that goes on, and its row in docs/reference/options.md. `build` makes the settings,
nested ones included, of the values that a parser read.

Errors call a setting by its flag: that is its name on the command line, in `train_opt.json` and in the docs.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import cache
from types import NoneType
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

from cyclegan_glasses.errors import UserError, one_of

log = logging.getLogger(__name__)
T = TypeVar("T")
Resume = Literal["", "session", "free", "reported", "fixed"]

RESUME: dict[Resume, str] = {
    "session": "given anew each time",
    "free": "kept; may change",
    "reported": "kept; a change is taken up and named",
    "fixed": "kept; a change is refused",
}
"""What becomes of an option in a run that goes on (`train.py --continue_train`)."""

_KEY = "option"
_TYPES: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "text"),
}
_UNSET = object()
NO_OPTIONS = {_KEY: None}
"""Metadata of a field that holds settings whose options are not offered."""


@dataclass(frozen=True, slots=True)
class Option:
    """A declared option.

    Attributes:
        help: its line in `--help` and in the docs.
        flag: its name without dashes, where that is not the field's. Of a bool that is true by default it
            begins with `no_` and turns the field off.
        group: title of its group in `--help`, where that is not `GROUP` of its class.
        choices: values that are allowed; empty for any.
        unlisted: further values that the field may have, though nobody can type them.
        least, most, above, below: bounds of a number, or of each of several; the last two are excluded.
        resume: see `RESUME`; where it is not `RESUME` of its class.
        cli_default: default of the command line, where it differs from the field's.
        parse: reads the text, where the type alone does not say how; raises `ValueError` with a message.
        read: makes the field's value of the values of all options; of `variants`, the values that the chosen
            settings are made of.
        negatable: a bool that has `--no_<flag>`, too.
        on_request: only models have it whose settings name the field in `USES`.
        required: what to do where it is missing; empty for an option that may be.
        secret: its value is in no file.
        metavar: what stands for its value in `--help`.
        variants: settings classes by choice: the field holds the chosen one, made of its own options.
        shared: another field declares the option; this one takes its value.
        field, hint, default: name, type and default of the field.
    """

    help: str = ""
    flag: str = ""
    group: str = ""
    choices: Collection[str] = ()
    unlisted: Collection[str] = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    resume: Resume = ""
    cli_default: Any = _UNSET
    parse: Callable[[str], Any] | None = None
    read: Callable[[Mapping[str, Any]], Any] | None = None
    negatable: bool = False
    on_request: bool = False
    required: str = ""
    secret: bool = False
    metavar: str | None = None
    variants: Mapping[str, type] | None = None
    shared: bool = False
    field: str = ""
    hint: Any = None
    default: Any = None

    @property
    def many(self) -> bool:
        """Whether it takes several values."""
        return get_origin(self.hint) is tuple

    @property
    def element(self) -> type:
        """The type of one value."""
        known = [hint for hint in get_args(self.hint) if hint not in (NoneType, ...)]
        element: type = known[0] if known else self.hint
        return element

    @property
    def negative(self) -> bool:
        """Whether the flag turns a field off."""
        return self.hint is bool and self.flag.startswith("no_")

    @property
    def typed_default(self) -> Any:
        """Its value where it is not given, as a parser gives it: without tuples."""
        default = self.default if self.cli_default is _UNSET else self.cli_default
        return False if self.negative else list(default) if isinstance(default, tuple) else default

    @property
    def bounds(self) -> str:
        """Its bounds in words; empty for none."""
        if self.least is not None and self.most is not None:
            return f"{_digits(self.least)} to {_digits(self.most)}"
        bounds = {"above": self.above, "at least": self.least, "at most": self.most, "below": self.below}
        return ", ".join(f"{word} {_digits(bound)}" for word, bound in bounds.items() if bound is not None)

    def value_of(self, values: Mapping[str, Any]) -> Any:
        """The field's value, of those of all options by flag; raises `UserError` where it is missing."""
        if self.read:
            return self.read(values)
        value = values[self.flag]
        if self.required and not value:
            raise UserError(f"--{self.flag} is missing: {self.required}")
        if self.negative:
            return not value
        return tuple(value) if isinstance(value, list) and self.many else value

    def check_saved(self, value: Any) -> None:
        """Raises `UserError` where a value that a file holds is of no type that a parser gives."""
        if value is None and self.typed_default is None:
            return
        allowed = value if self.many and isinstance(value, list) else [value]
        for one in allowed:
            if self.parse or self.read:
                if isinstance(one, dict | list):
                    raise UserError(f"--{self.flag} {value!r} is invalid: must be plain values")
            else:
                self._check_type(one, str if self.variants else self.element)

    def check(self, value: Any) -> None:
        """Raises `UserError` where `value` is not allowed."""
        if self.many and not isinstance(value, tuple | list):
            raise UserError(f"--{self.flag} {value!r} is invalid: must be several values")
        for one in value if self.many else (value,):
            if one is None and NoneType in get_args(self.hint):
                continue
            self._check_type(one, self.element)
            if self.choices:
                one_of(self.flag, one, (*self.choices, *self.unlisted))
            if self.bounds and not self._within(one):
                raise UserError(f"--{self.flag} {_digits(one)} is invalid: must be {self.bounds}")

    def _check_type(self, value: Any, kind: type) -> None:
        allowed, name = _TYPES.get(kind, ((object,), ""))
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind in (int, float)):
            raise UserError(f"--{self.flag} {value!r} is invalid: must be {name}")

    def _within(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def _digits(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def number(text: str) -> float:
    """A text as a finite number.

    Raises:
        ValueError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number")
    return value


def declared(help: str, **details: Any) -> dict[str, Option]:
    """The metadata of a field without a default: `dataroot: str = field(metadata=declared("its folder"))`.

    `details` are attributes of `Option`.
    """
    return {_KEY: Option(help=help, **details)}


def option(default: T, help: str, **details: Any) -> T:
    """A field that is an option; `details` are attributes of `Option`."""
    secret = details.get("secret", False)
    made: T = field(default=default, repr=not secret, metadata=declared(help, **details))
    return made


def shared(default: T, flag: str, **details: Any) -> T:
    """A field that takes the value of the option `flag`, which another field declares."""
    made: T = field(default=default, metadata=declared("", flag=flag, shared=True, **details))
    return made


def variants(table: Mapping[str, type], default: str, help: str, **details: Any) -> Any:
    """A field that holds one of several settings classes; the option `flag` chooses it by its key in `table`.

    The parser has the options of all of them, or of one where it is known which (`options_of`).
    """
    metadata = declared(help, choices=tuple(table), variants=table, cli_default=default, **details)
    return field(default_factory=lambda: table[default](), metadata=metadata)


@cache
def _declarations(settings: type) -> list[tuple[str, Option | None, Any]]:
    """Name, option and type of each field of a settings class."""
    hints, found = get_type_hints(settings), []
    for item in fields(settings):
        hint, made = hints[item.name], item.metadata.get(_KEY)
        if made:
            made = replace(
                made,
                flag=made.flag or item.name,
                group=made.group or getattr(settings, "GROUP", ""),
                resume=made.resume or getattr(settings, "RESUME", "reported"),
                field=item.name,
                hint=hint,
                default=None if item.default is MISSING else item.default,
            )
        found.append((item.name, made, None if _KEY in item.metadata else hint))
    return found


def _nested(hint: Any) -> tuple[type | None, bool]:
    """The settings class that a field's type names, and whether there may be none."""
    hints = get_args(hint)
    classes = [cls for cls in hints or (hint,) if isinstance(cls, type) and is_dataclass(cls)]
    return (classes[0] if len(classes) == 1 else None), NoneType in hints


def options_of(settings: type, uses: Collection[str] = (), **kinds: str) -> list[Option]:
    """Every option of a settings class and of the settings within it, each flag once.

    Args:
        uses: fields whose options are there on request alone.
        kinds: for `variants`, by flag: the one whose options are wanted; those of all by default.

    Raises:
        TypeError: two fields declare one flag, and not alike.
    """
    found: dict[str, Option] = {}
    for name, made, hint in _declarations(settings):
        cls, optional = _nested(hint)
        inner: Iterable[type] = [cls] if cls and (not optional or name in uses) else []
        if made and made.variants:
            kind = kinds.get(made.flag)
            inner = [made.variants[kind]] if kind else dict.fromkeys(made.variants.values())
        here = [made] if made and not made.shared and (not made.on_request or name in uses) else []
        for item in (*here, *(item for cls in inner for item in options_of(cls, uses, **kinds))):
            known = found.setdefault(item.flag, item)
            if (known.hint, known.default, known.help) != (item.hint, item.default, item.help):
                raise TypeError(f"--{item.flag} is declared twice, and not alike")
    return list(found.values())


def build(settings: type[T], values: Mapping[str, Any], /, **extra: Any) -> T:
    """Settings of the values of options.

    Args:
        values: by flag, as a parser gives them. A field whose option is not there keeps its default.
        extra: values of fields by name, beside those of options.

    Raises:
        UserError: a value that is not allowed, or two that do not go together.
    """
    for name, made, hint in _declarations(settings):  # type: ignore[arg-type]  # a class is hashable
        cls, optional = _nested(hint)
        if name in extra:
            continue
        if made and made.variants:
            if made.flag in values:
                extra[name] = _variant(made, made.variants, values)
        elif made:
            if made.flag in values:
                extra[name] = made.value_of(values)
        elif cls and (not optional or any(inner.flag in values for inner in options_of(cls))):
            extra[name] = build(cls, values)
    return settings(**extra)


def _variant(made: Option, table: Mapping[str, type], values: Mapping[str, Any]) -> Any:
    kind = values[made.flag]
    one_of(made.flag, kind, table)
    known = {item.flag for item in options_of(table[kind])}
    others = {item.flag: item for cls in table.values() for item in options_of(cls) if item.flag not in known}
    unused = [
        flag for flag, item in others.items() if values.get(flag, item.typed_default) != item.typed_default
    ]
    for flag in unused:
        if others[flag].hint is bool:
            raise UserError(f"--{made.flag} {kind} has no {flag}: leave --{flag} out")
    if unused:
        log.warning("--%s %s does not use --%s", made.flag, kind, ", --".join(unused))
    return build(table[kind], made.read(values) if made.read else values)


def check(settings: Any) -> None:
    """Raises `UserError` where a field has a value that its option does not allow."""
    for name, made, _ in _declarations(type(settings)):  # type: ignore[arg-type]
        if made and not made.variants:
            made.check(getattr(settings, name))


class Settings:
    """Base of settings, frozen dataclasses that check their values when they are made.

    Attributes:
        GROUP: title of their options' group in `--help`.
        RESUME: what becomes of their options in a run that goes on.
    """

    __slots__ = ()
    GROUP: ClassVar[str] = ""
    RESUME: ClassVar[Resume] = "reported"

    def __post_init__(self) -> None:
        check(self)


def flags_that(options: Iterable[Option], *resume: Resume) -> frozenset[str]:
    """The flags of the options with one of these meanings in a run that goes on."""
    return frozenset(item.flag for item in options if item.resume in resume)
