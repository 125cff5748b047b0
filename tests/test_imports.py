"""The order of the rooms, and what may stand in them: what keeps the house easy to change."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cyclegan_glasses"

# A room imports only from itself and from those before it.
ROOMS = tuple(
    "errors option domains union_find signatures walk pairing temporary files locks records jsonl zip_files"
    " machine shipped onnx_network weight_files images values pixels photo parallel distributed devices"
    " local_server webpage faces overlays portraits networks losses attributes sources criteria collect data"
    " objectives training monitoring editing evaluation installation app cli options __main__".split()
)
LIGHT = set("errors shipped domains option options files locks photo settings run_folder cli sources".split())
HEAVY = ("torch", "torchvision", "numpy", "cv2", "PIL", "requests")
PRINTERS = ("errors.py", "cli/echo.py", "monitoring/console.py", "monitoring/visdom/files.py", "table.py")

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "options")
OPTIONS = sorted((ROOT / "options").rglob("*.py"))
SCRIPTS = [ROOT / name for name in ("crawl.py", "test.py", "train.py")]
TREES = {path: ast.parse(path.read_text("utf-8")) for path in [*MODULES, *OPTIONS, *SCRIPTS]}


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


def wrong_imports(name: str, tree: ast.Module) -> list[str]:
    """Imports of the module `name` that go against the order of the rooms."""
    segments = name.split(".")
    position = ROOMS.index(segments[1]) if len(segments) > 1 else len(ROOMS)
    wrong = []
    for imported in imports(tree):
        first, *rest = imported.split(".")
        outside = first in ("", "options", "tests", "benchmarks", "train", "test", "crawl")
        later = first == "cyclegan_glasses" and rest[0] != "__version__" and ROOMS.index(rest[0]) > position
        if outside or later:
            wrong.append(imported)
    return wrong


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach one another (Tarjan's strongly connected components of more than one)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in graph[node]:
            if other not in order:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], order[other])
        if lowest[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def test_a_room_imports_only_from_those_before_it():
    """A circle between rooms means that none can be understood or tested alone."""
    wrong = {name_of(path): wrong_imports(name_of(path), TREES[path]) for path in MODULES}
    assert {name: imported for name, imported in wrong.items() if imported} == {}


def test_no_two_modules_import_each_other():
    """Neither directly nor over others, nor in the body of a function."""
    modules = {name_of(path): path for path in [*MODULES, *OPTIONS]}
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for imported in imports(TREES[path]):
            if imported.startswith("."):
                imported = f"{package}.{imported.lstrip('.')}"
            module = imported if imported in modules else imported.rpartition(".")[0]
            if module in modules and module != name:
                graph[name].add(module)
    assert circles(graph) == []


def test_the_rule_of_circles_tells_right_from_wrong():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


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
    ],
)
def test_the_rule_of_rooms_tells_right_from_wrong(name, line, wrong):
    assert bool(wrong_imports(name, ast.parse(line))) is wrong


def test_options_load_only_settings():
    """Anything heavier makes `--help` slow."""
    wrong = [
        f"{name_of(path)}: {imported} belongs inside a function"
        for path in OPTIONS
        for imported in imports(TREES[path], top_level=True)
        if imported.startswith("cyclegan_glasses.") and not LIGHT & set(imported.split("."))
    ]
    assert wrong == []


def test_options_have_one_name():
    """Under two names there would be two of every module, and the bare name is not installed."""
    folders = [ROOT / name for name in ("tests", "benchmarks", "examples", "docs")]
    files = [*TREES, *(path for folder in folders for path in folder.rglob("*.py"))]
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if "options" in [name.partition(".")[0] for name in imports(ast.parse(path.read_text("utf-8")))]
    ]
    assert wrong == []


def test_options_settings_and_commands_import_nothing_heavy():
    """`--help` answers at once only as long as this holds."""
    settings = [path for path in MODULES if "settings" in (path.stem, path.parent.name)]
    names = [name_of(path) for path in [*OPTIONS, *settings, *SCRIPTS, PACKAGE / "cli" / "main.py"]]
    code = f"import sys, {', '.join(names)}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_command_line_stays_at_the_door():
    """A library that reads a command line or prints cannot be used by another program."""
    wrong = []
    for path in MODULES:
        inside = path.relative_to(PACKAGE).as_posix()
        if not inside.startswith("cli") and "argparse" in [i.split(".")[0] for i in imports(TREES[path])]:
            wrong.append(f"{inside} imports argparse")
    for path in [*MODULES, *OPTIONS]:
        if not path.as_posix().endswith(PRINTERS):
            wrong += [
                f"{path.relative_to(ROOT)}:{node.lineno} prints: use logging, in a command cli.echo"
                for node in ast.walk(TREES[path])
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            ]
    assert wrong == []


def test_the_package_is_imported_without_its_rooms():
    """`import cyclegan_glasses` must cost nothing; what is public is imported when it is used."""
    code = (
        "import sys, cyclegan_glasses as c; print(sorted(m for m in sys.modules if m.startswith(c.__name__)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "['cyclegan_glasses']"), done.stderr


def test_a_room_is_entered_by_its_modules():
    """An import here would load a whole room, and torch with it, for one settings module."""
    wrong = []
    for path in [path for path in MODULES if path.name == "__init__.py" and path.parent != PACKAGE]:
        body = TREES[path].body
        if not ast.get_docstring(TREES[path]):
            wrong.append(f"{name_of(path)} does not say what the room does")
        if body[1:]:
            wrong.append(f"{name_of(path)} holds more than a docstring")
    assert wrong == []


def test_modules_and_functions_are_small_enough_to_read():
    wrong = []
    for path, tree in TREES.items():
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        if len(lines) > (40 if path.parent == ROOT else 300):
            wrong.append(f"{name_of(path)} has {len(lines)} lines that are not blank: divide it")
        wrong += [
            f"{name_of(path)}.{node.name} has {node.end_lineno - node.lineno + 1} lines: divide it"
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno >= 70
        ]
    assert wrong == []
