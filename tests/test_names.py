"""One name, one meaning, and the field's name where it has one: docs/reference/glossary.md."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: What a name was once called here, and what the field calls it.
OLD_NAMES = {
    "judge_a judge_b": "discriminator_a, discriminator_b",
    "Judge judging reading": "AttributeClassifier, attributes",
    "Turn _turns forth back given wished same": "loss terms, gen_ab, gen_ba, real, target, identity",
    "parts chunk Passes add_passes": "micro-batches, splits, segments",
    "Ranks ranks leads of_first own": "DistributedContext, is_main, broadcast, per-rank state",
    "give_back rehearse finish learn say shown": "trim_memory, warm_up, to_tensors, train, log, progress",
    "Cuts Kept Found Hit": "Crops, CachedImages, SourcePhoto, SearchResult",
    "Patience Every RateSettings": "EarlyStopping, is_due, LRScheduleSettings",
    "Several Nobody Background": "CompositeMonitor, NullMonitor, ThreadedMonitor",
    "share numbers words chance": "fraction or weight, values, args or text, rng",
    "rivals goodness doubt stroll turn": "baselines, score, uncertainty, random walk, yaw or rotation",
}
OLD_PHRASES = {
    r"\bpeer('s)?\b": "the reference implementation",
    r"\b(is|are) not possible\b": "unsupported, with what is allowed",
    r"\b(that|what|which|who) cannot be(?= *[.,;:)\n]|$)": "invalid",
    "[\u00ab\u00bb]": "plain quotation marks",
}
TEXTS = {".py", ".md", ".cfg", ".toml", ".html", ".js", ".css", ".yml"}


def tracked_files() -> list[Path]:
    """Every text of the project, this module apart."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [p for p in paths if p.suffix in TEXTS and p.is_file() and p != Path(__file__).resolve()]


def defined_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module defines, with its line: modules, classes, functions, arguments, variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield (node.id if isinstance(node, ast.Name) else node.attr), node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno


def test_names_are_those_of_the_field():
    """A reader who knows PyTorch does not have to translate."""
    old = {name: new for names, new in OLD_NAMES.items() for name in names.split()}
    wrong = []
    for path in tracked_files():
        if path.suffix != ".py":
            continue
        names = [*defined_names(ast.parse(path.read_text("utf-8"))), (path.stem, 1)]
        wrong += [
            f"{path.relative_to(ROOT)}:{line} {name}: use {old[bare]}"
            for name, line in names
            if (bare := name.lstrip("_")) in old
            and not (path.parent.name == "cli" and name in ("judge", "learn"))
        ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_texts_are_plain_technical_english():
    wrong = []
    for path in tracked_files():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            wrong += [
                f"{path.relative_to(ROOT)}:{number} {match[0]!r}: use {new}"
                for phrase, new in OLD_PHRASES.items()
                for match in re.finditer(phrase, line)
            ]
    assert not wrong, "\n" + "\n".join(wrong)
