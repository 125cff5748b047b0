"""The order of the rooms, and what may stand in them: what keeps the house easy to change."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cyclegan_glasses"

# A room imports only from itself and from those before it.
ROOMS = tuple(
    "errors files images machine photo parallel distributed devices local_server faces overlays portraits"
    " networks losses attributes sources criteria collect data objectives training monitoring editing"
    " evaluation cli options __main__".split()
)
LIGHT = ("errors", "files", "photo", "settings", "run_folder", "cli")
COMMANDS = ("errors.py", "cli", "monitoring/console.py", "monitoring/visdom_files.py")

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "options")
OPTIONS = sorted((ROOT / "options").rglob("*.py"))
SCRIPTS = [ROOT / name for name in ("crawl.py", "test.py", "train.py")]


def name_of(path: Path) -> str:
    """The dotted name of the module in `path`; the folder `options` is a package of `cyclegan_glasses`."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return f"cyclegan_glasses.{name}" if name.partition(".")[0] == "options" else name


def imports(tree: ast.Module, top_level: bool = False) -> Iterator[str]:
    """Dotted names of what is imported: `from a.b import c` gives `a.b.c`."""
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def wrong_ways(name: str, tree: ast.Module) -> list[str]:
    """Imports of the module `name` that go against the order of the rooms."""
    parts = name.split(".")
    own = ROOMS.index(parts[1]) if len(parts) > 1 else -1
    wrong = []
    for imported in imports(tree):
        first, *rest = imported.split(".")
        outside = first in ("", "options", "tests", "benchmarks", "train", "test", "crawl")
        later = first == "cyclegan_glasses" and rest[0] != "__version__" and ROOMS.index(rest[0]) > own
        if outside or later:
            wrong.append(imported)
    return wrong


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_room_imports_only_from_those_before_it(path):
    """A circle between rooms means that none can be understood or tested alone."""
    assert wrong_ways(name_of(path), ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "name, line, wrong",
    [
        ("cyclegan_glasses.faces.align", "from cyclegan_glasses.data.settings import X", True),
        ("cyclegan_glasses.faces.align", "def f():\n    import cyclegan_glasses.training.loop", True),
        ("cyclegan_glasses.faces.align", "from cyclegan_glasses import cli", True),
        ("cyclegan_glasses.faces.align", "from options.train import parse", True),
        ("cyclegan_glasses.faces.align", "from . import detect", True),
        ("cyclegan_glasses.faces.align", "from cyclegan_glasses.faces.detect import find", False),
        ("cyclegan_glasses.faces.align", "from cyclegan_glasses.photo import Photo\nimport torch", False),
        ("cyclegan_glasses", "from cyclegan_glasses.errors import UserError", True),
    ],
)
def test_the_rule_tells_right_from_wrong(name, line, wrong):
    assert bool(wrong_ways(name, ast.parse(line))) is wrong


@pytest.mark.parametrize("path", OPTIONS, ids=relative)
def test_options_load_only_settings(path):
    """Anything heavier makes `--help` slow."""
    for imported in imports(ast.parse(path.read_text()), top_level=True):
        if imported.startswith("cyclegan_glasses."):
            assert set(LIGHT) & set(imported.split(".")), f"{imported} belongs inside a function"


def test_options_settings_and_commands_do_not_import_torch():
    """`--help` answers at once only as long as this holds."""
    settings = [path for path in MODULES if path.name == "settings.py"]
    names = [name_of(path) for path in [*OPTIONS, *settings, *SCRIPTS, PACKAGE / "cli" / "main.py"]]
    code = f"import sys, {', '.join(names)}; print([m for m in ('torch', 'torchvision') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_words_of_a_command_line_stay_at_the_door(path):
    """A library that reads a command line or prints cannot be used by another program."""
    tree, inside = ast.parse(path.read_text()), path.relative_to(PACKAGE).as_posix()
    if not inside.startswith("cli"):
        assert "argparse" not in [imported.split(".")[0] for imported in imports(tree)]
    if not inside.startswith(COMMANDS):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        prints = [
            call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"
        ]
        assert not prints, f"print in line {prints}: use logging"


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "__init__.py"], ids=relative)
def test_a_room_is_entered_by_its_modules(path):
    """An import here would load a whole room, and torch with it, for one settings module."""
    body = ast.parse(path.read_text()).body
    assert ast.get_docstring(ast.Module(body, [])), f"{relative(path)} says what its room does"
    assert [type(node) for node in body[1:]] == ([ast.Assign] if path.parent == PACKAGE else [])


@pytest.mark.parametrize("path", [*MODULES, *OPTIONS, *SCRIPTS], ids=relative)
def test_modules_and_functions_are_small_enough_to_read(path):
    text = path.read_text()
    limit, lines = 40 if path.parent == ROOT else 300, [line for line in text.splitlines() if line.strip()]
    assert len(lines) <= limit, f"more than {limit} lines that are not blank: divide it"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 70, f"{node.name} has {length} lines: divide it"
