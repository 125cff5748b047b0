"""`python -m cyclegan_glasses` from a shell, as a person types it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from cyclegan_glasses import __version__
from cyclegan_glasses.cli.main import VERBS


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cyclegan_glasses", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_lists_every_verb_with_a_line():
    done = run("--help")
    assert done.returncode == 0
    for name, module in ((name, import_module(path)) for name, path in VERBS.items()):
        assert name in done.stdout and module.HELP.split()[0] in done.stdout
        assert module.__doc__ and "\n" not in module.HELP


def test_version_and_unknown_verbs():
    assert run("--version").stdout.strip() == f"cyclegan-glasses {__version__}"
    done = run("dance")
    assert done.returncode == 2 and "doctor" in done.stderr and "Traceback" not in done.stderr
