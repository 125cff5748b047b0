"""What a look at the installation finds, and the one check that training and testing make at their start."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from cyclegan_glasses.errors import UserError

FINE, NOTE, TROUBLE = "ok", "note", "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        subject: a word or two.
        state: `ok`; `note`, something that a person may want to mend; `trouble`, something that must be.
        text: what was found, one line.
        remedy: what to do about it; empty where there is nothing to do.
    """

    subject: str
    state: str
    text: str
    remedy: str = ""


def check_torchvision() -> None:
    """Import torchvision, so that one that was built for another torch is told in words at the start.

    Raises:
        UserError: torchvision is missing or does not match torch.
    """
    try:
        import torchvision  # noqa: F401
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed: run `pip install torch torchvision`") from error
    except (ImportError, RuntimeError, OSError) as error:
        versions = " beside ".join(f"{name} {version_of(name)}" for name in ("torchvision", "torch"))
        raise UserError(
            f"{versions} does not work ({first_line(error)}): they must come from the same place and be "
            "installed by one command, `pip install --force-reinstall torch torchvision`"
        ) from error


def version_of(distribution: str) -> str:
    """The installed version; empty where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def first_line(error: BaseException) -> str:
    """The first line of the error's words, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
