"""How a command ends."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cyclegan_glasses.errors import (
    DEBUG,
    UserError,
    explained,
    printable,
    reason_of,
    run_command,
    stoppable,
)


def fail(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize("result, code", [(None, 0), (0, 0), (3, 3)])
def test_a_command_says_its_own_code(result: int | None, code: int) -> None:
    assert run_command(lambda: result) == code


def test_bad_input_is_one_line_whatever_a_library_put_into_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts read it, and people should not have to look for it."""
    assert run_command(lambda: fail(UserError("no:\n  two  spaces\nstay"))) == 2
    assert capsys.readouterr() == ("", "error: no:   two  spaces stay\n")


def test_ctrl_c_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: fail(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_sigterm_stops_like_ctrl_c_and_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that a cluster ends must not lose the message, nor leave its handler behind."""

    def command() -> None:
        with stoppable(lambda: "the same command goes on"):
            signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    assert run_command(command) == 130
    assert capsys.readouterr().err == "the same command goes on\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(lambda: 1 // 0)


@pytest.mark.parametrize(
    "error, line",
    [
        (PermissionError(13, "Permission denied", "a\x1b[2Jb"), "error: a\\x1b[2Jb: Permission denied\n"),
        (OSError(28, "No space left on device"), "error: No space left on device\n"),
        (MemoryError(), "error: not enough memory\n"),
    ],
)
def test_what_the_machine_refuses_is_one_line(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is full or read-only is no defect, and a name must not clear the screen."""
    assert run_command(lambda: fail(error)) == 2
    assert capsys.readouterr().err == line


def test_the_traceback_of_a_line_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect that was taken for a damaged file must still be found."""

    def command() -> None:
        with explained(lambda error: UserError(f"x.png: {reason_of(error)}")):
            {}["no such key"]

    assert run_command(command) == 2
    assert capsys.readouterr().err == "error: x.png: KeyError: 'no such key'\n"
    monkeypatch.setenv(DEBUG, "1")
    assert run_command(command) == 2
    assert "Traceback" in (told := capsys.readouterr().err) and '{}["no such key"]' in told


def test_an_error_for_people_is_not_explained_again() -> None:
    with pytest.raises(UserError, match="^mend it$"), explained(lambda error: UserError("something else")):
        raise UserError("mend it")


@pytest.mark.parametrize(
    "error, reason",
    [
        (ValueError("broken\nheader"), "broken"),
        (AssertionError(), "AssertionError"),
        (IndexError("list index out of range"), "IndexError: list index out of range"),
    ],
)
def test_a_reason_says_the_kind_where_the_message_says_little(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_names_cannot_write_to_the_terminal() -> None:
    """Escape sequences, reversed endings and bytes that are no text; every letter of a language stays."""
    assert printable("\x9b2J\u202egpj.exe \udcff\r") == "\\x9b2J\\u202egpj.exe \\udcff\\r"
    assert printable(name := "Größe 안경 👓 é.png") == name


def test_what_is_logged_cannot_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    run_command(lambda: logging.getLogger("x").warning("left out %s", "\x1b]0;title\x07.png"))
    assert capsys.readouterr().err == "left out \\x1b]0;title\\x07.png\n"


@pytest.mark.parametrize("reader, code", [("cat", 0), ("true", 141)])
def test_a_reader_that_has_seen_enough_is_no_traceback(reader: str, code: int, tmp_path: Path) -> None:
    """`judge FOLDER | head` ends quietly; a name that is no text can be printed wherever Python is strict."""
    script = tmp_path / "command.py"
    script.write_text(
        "import sys, time\nfrom cyclegan_glasses.errors import run_command\n"
        "def say():\n    time.sleep(0.2)\n    [print('\\udcff', n, flush=True) for n in range(3)]\n"
        "sys.exit(run_command(say))"
    )
    line = f"PYTHONIOENCODING=utf-8:strict {sys.executable} {script} | {reader}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith("\\udcff 0\n") or reader == "true"
