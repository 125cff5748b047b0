"""What follows from a declaration, down to the page of all options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.models import MODELS
from cyclegan_glasses.option import option
from cyclegan_glasses.options.table import markdown
from cyclegan_glasses.options.train import parse

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "options.md"


def test_the_page_of_options_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == markdown(), (
        "write it again: python -m cyclegan_glasses.options.table > docs/reference/options.md"
    )


@dataclass(frozen=True, slots=True)
class WithColour(CycleGANSettings):
    """CycleGAN with one more loss weight, as somebody would add it."""

    lambda_colour: float = option(0.0, "weight of the colour loss", least=0)
    colour_space: str = option("rgb", "of the colour loss", choices=("rgb", "lab"), resume="fixed")


def test_a_new_option_takes_its_declaration_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parser, settings, check, meaning for resuming and docs come with it; `CONTRIBUTING.md` says so."""
    monkeypatch.setitem(MODELS, "cyclegan", WithColour)
    usual = parse(["--dataroot", "d"])
    assert usual.objective == WithColour(compile="auto")
    o = parse(["--dataroot", "d", "--lambda_colour", "2", "--colour_space", "lab"])
    assert o.objective == WithColour(compile="auto", lambda_colour=2.0, colour_space="lab")
    assert (o.values["lambda_colour"], o.values["colour_space"]) == (2.0, "lab")
    with pytest.raises(UserError, match="--lambda_colour -1 is invalid: must be at least 0"):
        parse(["--dataroot", "d", "--lambda_colour", "-1"])
    assert "colour_space" in o.fixed and "lambda_colour" not in o.fixed | o.free
    row = (
        "| `--lambda_colour` | `0.0` | *cyclegan*: weight of the colour loss (at least 0) | kept; a change is"
    )
    assert f"\n{row} taken up and named |\n" in markdown()
