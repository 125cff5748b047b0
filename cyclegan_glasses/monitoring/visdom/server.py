"""Finds the Visdom server of a run, or starts one for this machine alone, out of the reach of other pages.

A started server goes on after the training, so that its panes can be read, until it is stopped:

    kill $(cat ~/.visdom/server-8097.pid)
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import requests

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import make_folder, write_text
from cyclegan_glasses.local_server import why_foreign
from cyclegan_glasses.monitoring.settings import DashboardSettings
from cyclegan_glasses.monitoring.visdom.files import why_no_server

PROBE_SECONDS = 5.0
Answer = Literal["visdom", "other", "nothing"]


def who_answers(settings: DashboardSettings, timeout: float = PROBE_SECONDS) -> Answer:
    """Whether Visdom, something else or nothing answers at the address of the dashboard."""
    session = new_session(settings)
    try:
        with session.get(f"{settings.url}/", timeout=timeout, stream=True) as reply:
            text = reply.raw.read(1 << 14, decode_content=True).decode("utf-8", "replace").lower()
        if "<title>visdom" in text:
            return "visdom"
        # A server whose page fails, beside too new a tornado, still takes what it is sent.
        reply = session.post(f"{settings.url}/env_state", data="{}", timeout=timeout)
        return "visdom" if isinstance(reply.json(), list) else "other"
    except (requests.exceptions.SSLError, requests.exceptions.ReadTimeout):
        return "other"
    except requests.exceptions.ConnectionError as error:
        return "nothing" if _refused(error) else "other"
    except (requests.RequestException, ValueError, OSError):
        return "other"


def new_session(settings: DashboardSettings) -> requests.Session:
    """A session for the server; one on this machine is never looked for behind a proxy."""
    session = requests.Session()
    session.trust_env = not settings.on_this_machine
    return session


def ensure_server(settings: DashboardSettings, log: Callable[[str], None]) -> subprocess.Popen[bytes] | None:
    """Start a server if none answers and it is to be on this machine; return it if so.

    It listens on 127.0.0.1 only, asks for the user name and password if they are given, and writes to
    `~/.visdom/server-<port>.log`; once it listens its process number is in `server-<port>.pid`. The call does
    not wait until it answers.

    Args:
        settings: of the dashboard.
        log: takes a line that a person should read.

    Raises:
        UserError: something that is not Visdom answers at that address.
    """
    answer = who_answers(settings)
    if answer == "visdom":
        log(f"Visdom: {settings.url}")
        return None
    if answer == "other":
        raise UserError(
            f"{settings.url} is taken by something that is not Visdom: choose another --display_port, "
            "or --display_id 0 for no dashboard"
        )
    if not settings.on_this_machine:
        log(f"Visdom does not answer at {settings.url}: the run goes on, and its panes come when it does")
        return None
    if why := why_no_server():
        log(f"no dashboard, and the run goes on: {why}")
        return None
    return _start(settings, log)


def log_file(port: int) -> Path:
    """Where a started server writes; its process number is beside that, with the suffix `.pid`."""
    return Path.home() / ".visdom" / f"server-{port}.log"


def _start(settings: DashboardSettings, log: Callable[[str], None]) -> subprocess.Popen[bytes]:
    log_path = log_file(settings.display_port)
    make_folder(log_path.parent)
    command = [sys.executable, "-m", __name__, "-port", str(settings.display_port), "-bind_local"]
    command += ["-logging_level", "WARNING"]
    environment = dict(os.environ)
    if settings.username:
        command.append("-enable_login")
        environment |= {
            "VISDOM_USE_ENV_CREDENTIALS": "1",
            "VISDOM_USERNAME": settings.username,
            "VISDOM_PASSWORD": settings.password,
        }
        secret = log_path.with_name("COOKIE_SECRET")  # that the server signs its cookies with
        secret.touch(0o600)
        if not secret.stat().st_size:
            secret.write_text(secrets.token_hex(32))
    try:
        with log_path.open("wb") as output:
            server = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise UserError(f"cannot start Visdom: {reason_of(error)}; --display_id 0 does without") from None
    log(f"Visdom: {settings.url} (started; it stays after the training, stop it with: kill {server.pid})")
    return server


def _refused(error: requests.exceptions.ConnectionError) -> bool:
    """Nothing listens there: refused, unreachable, no such name, or no answer to the attempt to connect."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    signs = ("NewConnectionError", "NameResolutionError", "Failed to establish")
    return any(sign in str(error) for sign in signs)


def main() -> None:
    """Visdom's own command with its own options, for this machine alone, without downloads and without torch.

    Visdom itself answers under any name and takes what the page of any site sends. `--hostname` names one
    more host that it is to answer to; it then listens on every address of the machine.
    """
    sys.modules["torch"] = None  # type: ignore[assignment]  # Visdom can do without, in a third of the memory
    from tornado.web import ErrorHandler
    from visdom.server import app, defaults, run_server

    names: list[str] = []

    class LocalApplication(app.Application):
        """Before any of its handlers, HTTP and WebSocket alike, it is asked where a request comes from."""

        def find_handler(self, request, **kwargs):
            if why_foreign(request.method, request.headers, *names):
                return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
            return super().find_handler(request, **kwargs)

        def listen(self, port, *args, **kwargs):
            server = super().listen(port, *args, **kwargs)  # of two that were started at once one does not
            process = log_file(port).with_suffix(".pid")
            make_folder(process.parent)
            write_text(process, f"{os.getpid()}\n")
            return server

    start = run_server.start_server

    def start_server(hostname: str, bind_local: bool, **more: Any) -> None:
        if hostname != defaults.DEFAULT_HOSTNAME:
            names.append(hostname)
        start(hostname=hostname, bind_local=bind_local or not names, **more)

    app.tornado_settings["autoreload"] = False
    vars(run_server).update(Application=LocalApplication, start_server=start_server)
    run_server.main()


if __name__ == "__main__":
    main()
