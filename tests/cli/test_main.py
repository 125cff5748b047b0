"""`python -m cyclegan_glasses` from a shell, as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pkgutil import resolve_name

import pytest

from cyclegan_glasses import __version__
from cyclegan_glasses.cli.main import VERBS, parse
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.crawl import VERBS as CRAWL_VERBS
from tests.commands import ROOT


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_lists_every_verb_with_a_line():
    for verbs, argv in ((VERBS, ("-m", "cyclegan_glasses")), (CRAWL_VERBS, ("crawl.py",))):
        done = run(*argv, "--help")
        assert done.returncode == 0
        for name, module in ((name, resolve_name(path)) for name, path in verbs.items()):
            assert name in done.stdout and module.HELP.split()[0] in done.stdout
            assert module.__doc__ and "\n" not in module.HELP


def test_version_and_unknown_verbs():
    assert run("-m", "cyclegan_glasses", "--version").stdout.strip() == f"cyclegan-glasses {__version__}"
    for argv in (("-m", "cyclegan_glasses"), ("crawl.py",), ("-m", "cyclegan_glasses", "crawl")):
        for verb in (("dance",), ()):
            done = run(*argv, *verb)
            (line,) = done.stderr.splitlines()
            assert done.returncode == 2 and line.startswith("error: ") and "VERB" in line


@pytest.mark.parametrize("script", ["train", "test", "crawl"])
def test_a_script_and_its_verb_are_one_command(script):
    """A person who installed the package has no scripts, and must miss nothing."""
    listed = []
    for argv, prog in ((f"{script}.py",), f"{script}.py"), (("-m", "cyclegan_glasses", script), script):
        done = run(*argv, "--help")
        assert done.returncode == 0 and f"{prog} [-h]" in done.stdout
        listed.append(done.stdout.partition("\n\n")[2])
    assert listed[0] == listed[1]


def test_an_argument_that_is_wrong_names_the_program():
    for verb in ("remove", "train", "test", "crawl synthetic"):
        with pytest.raises(UserError, match=f"see python -m cyclegan_glasses {verb} --help"):
            parse([*verb.split(), "--dance"])


def test_one_verb_is_imported_alone():
    """`remove --help` should not wait for what the training needs."""
    code = "import sys; from cyclegan_glasses.cli.main import parse; parse(['remove', '--help'])"
    code = f"import atexit, sys; atexit.register(lambda: print(*sys.modules)); {code}"
    modules = set(run("-c", code).stdout.splitlines()[-1].split())
    used, others = "cyclegan_glasses.cli.edit", {path.partition(":")[0] for path in VERBS.values()}
    assert used in modules and not modules & (others - {used}) and "torch" not in modules


@pytest.mark.parametrize(
    "program, prefix",
    [
        ("/usr/bin/cyclegan-glasses", "cyclegan-glasses"),
        ("cyclegan-glasses.exe", "cyclegan-glasses"),
        ("/a/cyclegan_glasses/__main__.py", "python -m cyclegan_glasses"),
    ],
)
def test_messages_name_the_command_that_was_used(monkeypatch, program, prefix):
    """Where the package is installed there is no train.py to go on with."""
    monkeypatch.setattr(sys, "argv", [program])
    assert (command_line("train"), command_line("remove")) == (f"{prefix} train", f"{prefix} remove")
    monkeypatch.setattr(sys, "argv", ["/clone/train.py"])
    assert (command_line("test"), command_line("hype")) == (
        "python test.py",
        "python -m cyclegan_glasses hype",
    )
