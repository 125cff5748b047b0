"""How a command ends."""

from __future__ import annotations

import signal

import pytest

from cyclegan_glasses.errors import UserError, run_command, stoppable


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
