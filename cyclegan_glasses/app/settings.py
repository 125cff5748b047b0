"""What the app is asked to do. Free of Gradio."""

from __future__ import annotations

import ipaddress
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import read_regular
from cyclegan_glasses.local_server import HOST
from cyclegan_glasses.option import Settings, check, option

#: Environment variable of the password, where no file holds it.
PASSWORD = "CYCLEGAN_GLASSES_PASSWORD"
LEAST_LETTERS, _MOST_BYTES = 8, 1024


@dataclass(frozen=True, slots=True)
class AppSettings(Settings):
    """Who may open the page, and what it offers.

    Raises:
        UserError: a value that is not allowed.
    """

    GROUP = "page"

    host: str = option(HOST, "address to listen on; any but this machine's own needs a password")
    password_file: Path | None = option(
        None, f"its first line is the password; else the variable {PASSWORD}", metavar="FILE"
    )
    public_link: bool = option(
        False, "also a public link, through Gradio's servers; needs a password", flag="share"
    )
    frames: Path | None = option(
        None, "the frames to try on: a catalogue of your own, TOML or JSON", metavar="FILE"
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can reach the page."""
        if self.public_link:
            return True
        with suppress(ValueError):
            return not ipaddress.ip_address(self.host.strip("[]")).is_loopback
        return self.host != "localhost"

    def read_password(self) -> str:
        """The password that opens the page; empty for a page of this machine alone that needs none.

        Raises:
            UserError: it is missing where others can reach the page, too short, or its file cannot be read.
        """
        password = os.environ.get(PASSWORD, "")
        if self.password_file is not None:
            try:
                lines = read_regular(self.password_file, _MOST_BYTES).decode("utf-8").splitlines()
            except (OSError, ValueError) as error:
                raise UserError(f"{self.password_file}: the password cannot be read ({error})") from None
            password = lines[0].strip() if lines else ""
        if len(password) < LEAST_LETTERS and (password or self.password_file or self.is_public):
            why = "others could open the page: " if self.is_public and not password else ""
            least = f"give a password of at least {LEAST_LETTERS} letters"
            raise UserError(f"{why}{least} by --password_file, or in {PASSWORD}")
        return password
