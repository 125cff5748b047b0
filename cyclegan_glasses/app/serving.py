"""Starts the page, and ends it without a trace."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from cyclegan_glasses.app.desk import Desk
from cyclegan_glasses.app.guard import Guard
from cyclegan_glasses.app.page import css, make_page, theme
from cyclegan_glasses.app.sessions import SESSIONS, UPLOADS, Sessions, private_folder
from cyclegan_glasses.app.settings import AppSettings
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import FILE_BYTES

#: Where Gradio puts what it receives, read when a component is made.
_FOLDER = "GRADIO_TEMP_DIR"
#: Values of components that Gradio keeps, of so many pages.
_MOST_STATES = 64
_HEARTBEAT_SECONDS = 2.0
_WRONG_PASSWORD_SECONDS = 1.0
#: Gradio's page knows a user and a password; here the password alone counts.
_LOGIN = "Write any name, and the password of this page."


@contextmanager
def served(editor: GlassesEditor, settings: AppSettings, port: int = 0) -> Iterator[str]:
    """Serve the page while the block lasts; gives its address, and the public one behind it with `share`.

    All that people upload lies in one private folder, which is removed in the end.

    Args:
        port: to listen on; 0 for the first that is free from 7860 on.

    Raises:
        UserError: the port is taken, or a password is missing.
    """
    password = settings.read_password()
    with private_folder() as folder, _environment(folder / UPLOADS):
        sessions = Sessions(folder / SESSIONS, Desk, Desk.close)
        page = make_page(editor, sessions, folder / UPLOADS, settings.frames, settings.is_public)
        gr.set_static_paths([folder / SESSIONS])
        try:
            _, local, shared = page.launch(
                prevent_thread_lock=True,
                quiet=True,
                inline=False,
                server_name=settings.host,
                server_port=port or None,
                share=settings.public_link,
                auth=_checks(password) if password else None,
                auth_message=_LOGIN,
                app_kwargs={"middleware": [Middleware(Guard, public=settings.is_public)]},
                max_file_size=FILE_BYTES,
                state_session_capacity=_MOST_STATES,
                ssr_mode=False,
                enable_monitoring=False,
                run_history=False,
                footer_links=[],
                theme=theme(),
                css=css(),
            )
        except OSError as error:
            place = f"{settings.host}, port {port}" if port else settings.host
            raise UserError(
                f"cannot listen on {place} ({error.strerror or 'it is taken'}): choose another --port"
            ) from None
        try:
            if settings.public_link and not shared:
                raise UserError(
                    "there is no public link: Gradio's servers cannot be reached, leave --share out"
                )
            yield f"{local} and {shared}" if shared else local
        finally:
            page.close(verbose=False)
            sessions.close()


def wait() -> None:
    """Wait until Ctrl-C or SIGTERM."""
    while True:
        time.sleep(3600)


@contextmanager
def _environment(uploads: Path) -> Iterator[None]:
    """What Gradio reads from the environment: its folder, how soon it sees that a page was closed, that it
    counts no users and asks nobody anything, and that it finds itself without a proxy."""
    wanted = {
        _FOLDER: str(uploads),
        "GRADIO_HEARTBEAT_INTERVAL": f"{_HEARTBEAT_SECONDS:g}",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"))),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _checks(password: str) -> Callable[[str, str], Any]:
    """The check of a login; a wrong password is answered late, so that trying many takes long."""

    async def check(_: str, typed: str) -> bool:
        if hmac.compare_digest(typed.encode(), password.encode()):
            return True
        await asyncio.sleep(_WRONG_PASSWORD_SECONDS)
        return False

    return check
