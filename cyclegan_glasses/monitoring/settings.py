"""Settings of what watches a run. Free of torch and of Visdom."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, option


@dataclass(frozen=True, slots=True)
class DashboardSettings(Settings):
    """The Visdom dashboard.

    Attributes:
        display_id: a number above 0 keeps two runs of one name apart.
        display_server: a server is started when nothing answers there and it is this machine.
        display_ncols: 0 or less gives every picture a pane of its own.
    """

    GROUP, RESUME = "watching", "free"

    display_id: int = option(1, "identity of the dashboard; 0 or less: no dashboard")
    display_server: str = option("http://localhost", "where Visdom answers or is started")
    display_port: int = option(8097, "port of Visdom", least=1, most=65535)
    display_env: str = option("main", "Visdom environment")
    display_ncols: int = option(4, "pictures in a row")
    display_winsize: int = option(256, "width of a picture in pixels", least=1)
    username: str = option("", "user name of the Visdom server", flag="display_user", resume="session")
    password: str = option(
        "", "its password; kept out of every file", flag="display_password", resume="session", secret=True
    )

    def __post_init__(self) -> None:
        check(self)
        if not self.display_env:
            raise UserError("--display_env is empty: give a name, such as main")
        if bool(self.username) != bool(self.password):
            raise UserError("the dashboard needs both a user name and a password, or neither")
        self._split()

    @property
    def enabled(self) -> bool:
        """Whether there is to be a dashboard."""
        return self.display_id > 0

    @property
    def url(self) -> str:
        """Address of the dashboard, without a slash at its end."""
        address = self._split()
        host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
        return f"{address.scheme}://{host}:{self.display_port}{address.path.rstrip('/')}"

    @property
    def on_this_machine(self) -> bool:
        """Whether the server is this very machine, so that one can be started."""
        address = self._split()
        local = address.hostname in ("localhost", "127.0.0.1", "::1")
        return local and address.scheme == "http" and not address.path.strip("/")

    def _split(self) -> SplitResult:
        server = self.display_server if "://" in self.display_server else f"http://{self.display_server}"
        wrong = f"--display_server {self.display_server} is not an address: give one such as http://localhost"
        try:
            address = urlsplit(server)
            port = address.port
        except ValueError:
            raise UserError(wrong) from None
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UserError(wrong)
        if port not in (None, self.display_port):
            raise UserError(
                f"--display_server {self.display_server} names a port: give it as --display_port {port}"
            )
        return address


@dataclass(frozen=True, slots=True)
class MonitoringSettings(Settings):
    """Everything that watches a run."""

    GROUP, RESUME = "watching", "free"

    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    html: bool = option(True, "no web page", flag="no_html")
    use_wandb: bool = option(False, "also report to Weights & Biases")
    wandb_project: str = option("cyclegan-glasses", "project there", flag="wandb_project_name")
