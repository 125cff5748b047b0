"""The address of the dashboard is what a person typed, or they are told what is wrong with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.monitoring.settings import DashboardSettings


@pytest.mark.parametrize(
    ("server", "url", "here"),
    [
        ("http://localhost", "http://localhost:8097", True),
        ("localhost", "http://localhost:8097", True),
        ("http://127.0.0.1/", "http://127.0.0.1:8097", True),
        ("http://[::1]", "http://[::1]:8097", True),
        ("https://localhost", "https://localhost:8097", False),
        ("http://gpu3.example.org/visdom/", "http://gpu3.example.org:8097/visdom", False),
        ("http://localhost:8097", "http://localhost:8097", True),
    ],
)
def test_address(server: str, url: str, here: bool) -> None:
    """Without this the panes go nowhere, or a server is started for an address that is elsewhere."""
    settings = DashboardSettings(display_server=server)
    assert (settings.url, settings.on_this_machine) == (url, here)


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_port": 0},
        {"display_port": 65536},
        {"display_server": "ftp://localhost"},
        {"display_server": "http://"},
        {"display_server": "http://localhost:99999"},
        {"display_server": "http://localhost:8000"},
        {"display_winsize": 0},
        {"display_env": ""},
        {"username": "ann"},
    ],
)
def test_impossible_values(wrong: dict) -> None:
    """A typing error is named before training starts."""
    with pytest.raises(UserError) as caught:
        DashboardSettings(**wrong)
    assert "\n" not in str(caught.value)


def test_password_is_not_shown() -> None:
    """A password in a log is a password lost."""
    assert "secret" not in repr(DashboardSettings(username="ann", password="secret"))


def test_import_is_light() -> None:
    """`--help` answers at once: settings load neither torch nor Visdom."""
    code = (
        "import sys, cyclegan_glasses.monitoring.settings as s; "
        "assert not {'torch', 'visdom', 'dominate', 'requests'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
