"""An option is declared once: parser, settings, checks and what resuming means all follow from that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import Parser
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build, check, declared, flags_that, option, options_of, shared, variants


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of wheel."""

    GROUP: ClassVar[str] = "wheels"
    radius: float = option(1.0, "in cm", above=0, resume="fixed")
    colour: str = shared("red", "paint", choices=("red", "blue"))

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Track:
    """Another kind."""

    GROUP: ClassVar[str] = "wheels"
    links: tuple[int, ...] = option((3, 4), "of each side", least=1)
    rubber: bool = option(False, "quieter", negatable=True)

    def __post_init__(self) -> None:
        check(self)


def whole(text: str) -> int | None:
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no count")
    return int(text) or None


@dataclass(frozen=True, slots=True)
class Engine:
    """There on request alone."""

    power: int = option(0, "in watts")


@dataclass(frozen=True, slots=True)
class Car:
    """Everything that can be declared."""

    name: str = field(metadata=declared("of the car", resume="session"))
    wheels: Any = variants({"round": Round, "track": Track}, "round", "what it runs on", flag="kind")
    paint: str = option("red", "colour", choices=("red", "blue"), group="looks")
    lights: bool = option(True, "in the dark", flag="no_lights", resume="free")
    seats: int | None = option(None, "at most; 0: any number", parse=whole, cli_default=4)
    doors: int = option(2, "of a side", read=lambda values: 2 * values["doors"], cli_default=1)
    hooks: int = option(0, "to tow", on_request=True)
    engine: Engine | None = None


def parse(text: str, **details: Any) -> dict[str, Any]:
    parser = Parser(prog="car")
    add_options(parser, options_of(Car, **details))
    return vars(parser.parse_args(text.split()))


def car(text: str = "", **details: Any) -> Car:
    return build(Car, parse(f"--name x {text}", **details))


def test_fields_come_from_the_command_line() -> None:
    assert car() == Car("x", seats=4, doors=2)
    assert car("--paint blue --radius 2") == Car("x", Round(2.0, "blue"), "blue", seats=4)
    made = car("--kind track --links 5 6 7 --rubber --no_lights --seats 0 --doors 3")
    assert made == Car("x", Track((5, 6, 7), True), lights=False, seats=None, doors=6)
    assert car("--kind track --no_rubber").wheels == Track()
    assert car("--hooks 1 --power 5", uses=("hooks", "engine")) == Car(
        "x", seats=4, hooks=1, engine=Engine(5)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--radius 0", "--radius 0 is invalid: must be above 0"),
        ("--radius nan", "not a number"),
        ("--paint green", "invalid choice"),
        ("--kind track --links 5 0", "--links 0 is invalid: must be at least 1"),
        ("--rubber", "--kind round has no rubber: leave --rubber out"),
        ("--seats few", "'few' is no count"),
        ("--hooks 1", "--hooks"),
        ("--power 1", "--power"),
    ],
)
def test_what_is_not_allowed_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        car(text)


def test_settings_check_themselves_without_a_command_line() -> None:
    with pytest.raises(UserError, match="unknown --paint 'green'"):
        Round(colour="green")
    with pytest.raises(UserError, match="--radius nan"):
        Round(float("nan"))


def test_what_a_run_that_goes_on_does_with_them() -> None:
    options = options_of(Car)
    assert flags_that(options, "session") == {"name"}
    assert flags_that(options, "free", "fixed") == {"no_lights", "radius"}


def test_options_of_one_kind_alone() -> None:
    assert {item.flag for item in options_of(Car, kind="track")} >= {"links", "rubber"}
    assert "radius" not in {item.flag for item in options_of(Car, kind="track")}


def test_one_flag_is_not_declared_in_two_ways() -> None:
    """The second would be passed over without a sound."""

    @dataclass
    class Twice:
        """Declares `radius` again."""

        wheels: Round
        other: int = option(1, "in cm", flag="radius")

    globals().update(Twice=Twice)
    with pytest.raises(TypeError, match="radius"):
        options_of(Twice)
