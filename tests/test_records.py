"""What a file of others says has the types that its writer gives it, or is refused by one kind of error."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.records import MOST, checked, record


@dataclass(frozen=True)
class Inner:
    """A record within one."""

    name: str

    def __post_init__(self) -> None:
        if self.name == "forbidden":
            raise ValueError("a name that nobody writes")


@dataclass(frozen=True)
class Outer:
    """One field of each kind."""

    count: int
    fraction: float
    flag: bool
    way: Literal["AtoB", "BtoA"]
    inner: Inner
    more: tuple[Inner, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    note: str | None = None
    anything: Any = None


GOOD = Outer(3, 0.5, True, "AtoB", Inner("a"), (Inner("b"),), {"x": 1.0}, "n", [1])


def test_a_record_is_read_as_it_was_written():
    assert record(Outer, json.loads(json.dumps(asdict(GOOD)))) == GOOD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": "3"}, "count is '3', not a whole number"),
        ({"count": True}, "count is True"),
        ({"count": 1.5}, "count is 1.5"),
        ({"count": MOST + 1}, "too large"),
        ({"fraction": 10**400}, "too large"),
        ({"flag": 1}, "not true or false"),
        ({"way": "CtoD"}, "not one of AtoB, BtoA"),
        ({"way": []}, "way is a list"),
        ({"inner": "a"}, "Inner is not an object"),
        ({"inner": {}}, "no name"),
        ({"inner": {"name": "forbidden"}}, "nobody writes"),
        ({"more": {}}, "more is an object, not a list"),
        ({"more": [{"name": 3}]}, "name is 3, not text"),
        ({"scores": {"x": None}}, "scores 'x' is null"),
        ({"note": 3}, "note is 3"),
        ({"other": 3}, "unknown field 'other'"),
    ],
)
def test_what_its_writer_never_writes_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        record(Outer, {**json.loads(json.dumps(asdict(GOOD))), **change})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*asdict(GOOD)]), _JSON))
def test_any_json_is_a_record_or_one_kind_of_error(change):
    try:
        made = record(Outer, {**json.loads(json.dumps(asdict(GOOD))), **change})
    except ValueError:
        return
    assert record(Outer, json.loads(json.dumps(asdict(made)), parse_constant=float)).count == made.count


@given(_JSON)
def test_numbers_are_finite_in_memory_and_of_one_type(value):
    try:
        assert type(checked(float, value, "x")) is float
    except ValueError:
        assert type(value) is not float
