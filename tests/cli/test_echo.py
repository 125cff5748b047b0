"""What commands print of files cannot do anything to a terminal."""

from __future__ import annotations

import json

import pytest

from cyclegan_glasses.cli.echo import echo, echo_json, suggest, without_suggestions


def test_lines_stay_lines_and_escape_sequences_do_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    echo("a\x1b[2J", 1, end="")
    echo("|", "é\n\udcff\r", sep="")
    assert capsys.readouterr().out == "a\\x1b[2J 1|é\n\\udcff\\r\n"


def test_json_is_what_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"path": "é\udcff\x9b\x1b\x7f"}
    echo_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value and out.isascii() and "\x1b" not in out


def test_a_step_of_another_command_does_not_say_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    with without_suggestions():
        suggest("crawl.py filter")
    suggest("crawl.py build")
    assert capsys.readouterr().out == "next: crawl.py build\n"
