"""The page of all options, written from their declarations.

python -m cyclegan_glasses.options.table > docs/reference/options.md
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from cyclegan_glasses.objectives.settings.models import ALIASES, MODELS
from cyclegan_glasses.option import RESUME, Option

from .test import test_options
from .train import train_options

HEADER = """# Options

Written from the declarations in the `settings.py` of each room by
`python -m cyclegan_glasses.options.table > docs/reference/options.md`; a test holds it to them. So does
`python train.py --model MODEL --help`.

The last column says what becomes of an option in a run that goes on (`--continue_train`). A model in italics
means that the option is that model's alone, or has another default there.
"""
COLUMNS = ["option", "default", "meaning", "in a run that goes on"]


def markdown() -> str:
    """The page, in Markdown."""
    models = {name: train_options(name) for name in MODELS if name not in ALIASES}
    trained = _section(models, "what is trained", 4)
    tested = _section({"cyclegan": test_options()}, "what translates", 3)
    return "\n".join([HEADER, "## train.py\n", *trained, "## test.py\n", *tested])


def _section(models: Mapping[str, list[Option]], first: str, columns: int) -> Iterator[str]:
    """A table for each group, `first` being the one without a title.

    Models that declare an option alike share a row.
    """
    found: dict[tuple[str, str, str], dict[str, Option]] = {}
    for model, options in models.items():
        for item in options:
            found.setdefault((item.group, item.flag, item.help), {})[model] = item
    for group in sorted(dict.fromkeys(group for group, _, _ in found), key=bool):
        title = group or first
        yield f"### {title[0].upper()}{title[1:]}\n"
        selected = [per_model for (name, _, _), per_model in found.items() if name == group]
        for row in (COLUMNS, ["---"] * columns, *(_row(per_model, len(models)) for per_model in selected)):
            yield f"| {' | '.join(row[:columns])} |"
        yield ""


def _row(per_model: Mapping[str, Option], models: int) -> list[str]:
    item = next(iter(per_model.values()))
    usual = _default(item.typed_default)
    others: dict[str, list[str]] = {}
    for model in per_model:
        default = _default(MODELS[model].DEFAULTS.get(item.flag, item.typed_default))
        if default != usual:
            others.setdefault(default, []).append(model)
    defaults = [usual, *(f"*{', '.join(names)}* {default}" for default, names in others.items())]
    meaning = ("" if len(per_model) == models else f"*{', '.join(per_model)}*: ") + _meaning(item)
    return [f"`--{item.flag}`", "; ".join(defaults), meaning, RESUME[item.resume]]


def _meaning(item: Option) -> str:
    """Its help, with what is allowed."""
    allowed = f"one of {', '.join(item.choices)}" if item.choices else item.bounds
    return item.help.replace("|", "\\|") + (f" ({allowed})" if allowed else "")


def _default(value: Any) -> str:
    if value is argparse.SUPPRESS:
        return "as the weights say"
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return "" if value in (None, "") or value is False else f"`{value}`"


if __name__ == "__main__":
    print(markdown(), end="")
