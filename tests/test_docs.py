"""Who reads the documentation finds every file, link, module and function that it names."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cyclegan_glasses"
ROOMS = {
    path.stem
    for path in PACKAGE.iterdir()
    if (path.suffix == ".py" or (path / "__init__.py").is_file()) and not path.stem.startswith("_")
}
#: Where code lies; the folder `options` is a package within this one, too.
PLACES = (ROOT, PACKAGE)
SUFFIXES = "py|md|csv|json|jsonl|pt|onnx|html|css|js"
LINK = re.compile(r"\]\(([^)\s]+)\)")
FOLDERS = "cyclegan_glasses|options|tests|benchmarks|docs|examples"
FILE = re.compile(rf"(?<![\w./-])((?:{FOLDERS}|{'|'.join(sorted(ROOMS))})/[\w./-]*\w\.(?:{SUFFIXES}))\b")
DOTTED = re.compile(
    rf"`(?:cyclegan_glasses\.)?((?:{'|'.join(sorted(ROOMS))})(?:\.(?!(?:{SUFFIXES})\b)\w+)+)(?:\(.*?\))?`"
)
IMPORT = re.compile(r"from cyclegan_glasses\.([\w.]+) import ([\w, ]+)")


def tracked(*patterns: str) -> list[Path]:
    """The files of the project that fit one of `patterns`, this test apart."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if ROOT / name != Path(__file__).resolve()]


def lines_of(*patterns: str) -> Iterator[tuple[Path, str, str]]:
    """Each line with its file and where it stands."""
    for path in tracked(*patterns):
        for number, line in enumerate(path.read_text("utf-8").splitlines() if path.is_file() else [], 1):
            yield path, f"{path.relative_to(ROOT)}:{number}", line


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def names_in(module: Path) -> frozenset[str]:
    """What can stand behind the dot of a module: classes, their members, functions, constants, imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return frozenset(names)


def is_defined(dotted: str) -> bool:
    """Whether `dotted`, from a room on, is a module or something that a module defines."""
    segments = dotted.split(".")
    for place in (PACKAGE, ROOT):
        for end in range(len(segments), 0, -1):
            path = place.joinpath(*segments[:end])
            module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if module.is_file():
                return all(name in names_in(module) for name in segments[end:])
    return False


def test_links_between_pages_lead_somewhere():
    """A reader who follows a link arrives, at the heading too where the link names one."""
    wrong = []
    for page, where, line in lines_of("*.md"):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (page.parent / name).resolve() if name else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                wrong.append(f"{where} links to {target}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_files_that_docs_docstrings_and_comments_name_are_there():
    """By their path from the top or from the package; a module in backticks by its bare name, too."""
    modules = {path.name for path in tracked("*.py")}
    wrong = [
        f"{where} names {name}"
        for _, where, line in lines_of("*.md", "*.py")
        for name in re.findall(r"`(\w+\.py)`", line)
        if name not in modules
    ]
    wrong += [
        f"{where} names {name}"
        for page, where, line in lines_of("*.md", "*.py", "Makefile", "*.cfg", "*.toml")
        for name in FILE.findall(line)
        if not line.startswith("# new: ")  # a file that a worked example makes
        and not any((place / name).is_file() for place in (*PLACES, page.parent))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_modules_and_functions_that_docs_and_docstrings_name_are_there():
    wrong = []
    for _, where, line in lines_of("*.md", "*.py"):
        names = DOTTED.findall(line)
        if where.startswith(("docs/", "README", "CONTRIBUTING")):
            names += [
                f"{module}.{n.strip()}" for module, many in IMPORT.findall(line) for n in many.split(",")
            ]
        wrong += [f"{where} names {name}" for name in names if not is_defined(name)]
    assert not wrong, "\n" + "\n".join(wrong)
