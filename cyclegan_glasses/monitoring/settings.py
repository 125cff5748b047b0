"""What the monitors can be told. Free of torch and of Visdom."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from cyclegan_glasses.errors import UserError


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """The Visdom dashboard.

    Attributes:
        display_id: 0 or less means no dashboard; another number keeps two runs of one name apart.
        display_server, display_port: where Visdom answers. One is started when nothing does and the server
            is this machine.
        display_env: the Visdom environment that the panes go to.
        display_ncols: pictures in a row of the table; 0 or less gives every picture a pane of its own.
        display_winsize: width of a picture in the browser, in pixels.
        username, password: of a Visdom server that asks for them.

    Raises:
        UserError: a value that cannot be.
    """

    display_id: int = 1
    display_server: str = "http://localhost"
    display_port: int = 8097
    display_env: str = "main"
    display_ncols: int = 4
    display_winsize: int = 256
    username: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.display_port <= 65535:
            raise UserError(
                f"--display_port {self.display_port} is not a port: give a number from 1 to 65535"
            )
        if self.display_winsize < 1:
            raise UserError(
                f"--display_winsize {self.display_winsize} is too small: give the width in pixels"
            )
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
class MonitoringSettings:
    """Everything that watches a run.

    Attributes:
        dashboard: Visdom.
        html: whether the page `web/index.html` is written.
        use_wandb, wandb_project: also send everything to Weights & Biases.
    """

    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    html: bool = True
    use_wandb: bool = False
    wandb_project: str = "cyclegan-glasses"
