"""Make a model of your own from photos with glasses and photos without.

Give two folders, or one with sub-folders such as glasses/ and none/, or one of unsorted photos, which the
attribute classifier sorts. The model that ships is trained further on pairs made of your photos: drawn
glasses on the bare faces, and the photographed glasses of the others put on them. The best state by
validation is kept, the model that ships among them. Every step is printed as the command that it is. Ctrl-C
keeps the best so far; the same command goes on.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_detector
from cyclegan_glasses.cli.echo import echo, without_suggestions
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.locks import folder_lock

HELP = "a model of your own from two folders of photos"
LEAST, BATCH, PAIRS_A_MINUTE = 8, 8, 15
_LOOKED_AT = 12  # photos of each of two folders, before anything is done
_TRANSPLANT_SECONDS = 2.0  # of a photo, about
_FOR_THE_REST = 0.15  # of the time: the last validation, and the page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `learn`."""
    help = "photos with glasses, then photos without; or one folder of both"
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help=help)
    parser.add_argument("--out", type=Path, default=Path("learnt"), help="folder to work in (learnt)")
    parser.add_argument("--minutes", type=float, default=40.0, help="time for all of it (40)")
    help = "what the name of a sub-folder means, such as anna=glasses"
    parser.add_argument("--label_words", nargs="+", default=[], metavar="WORD=LABEL", help=help)
    parser.add_argument("--display_id", type=int, default=1, help="0: without the dashboard")
    add_detector(parser)


def run(args: argparse.Namespace) -> int:
    """Learn.

    Raises:
        UserError: too few photos are left, or the two folders look exchanged.
    """
    if not 1 <= args.minutes <= 7 * 24 * 60:
        raise UserError(f"--minutes {args.minutes:g} is invalid: 1 to {7 * 24 * 60}")
    if len(args.folders) > 2:
        raise UserError(f"{len(args.folders)} folders: give one with glasses and one without, or one of both")
    if len(args.folders) == 2 and args.label_words:
        raise UserError("--label_words is for sub-folders of one folder: leave it out")
    end = time.monotonic() + 60 * args.minutes
    from cyclegan_glasses.sources.folder import FolderSource

    for folder in args.folders:
        next(FolderSource(folder).photos())  # nothing is begun for a folder without pictures
    if len(args.folders) == 2 and not args.out.exists():
        _check_order(args)
    with stoppable(lambda: f"stopped: {args.out} keeps what was done; type the same command again to go on"):
        counts = _gather(args)
        _make_pairs(args, counts)
    with folder_lock(args.out):
        code = _train(args, end)
        _pack_best(args, counts)
    return code


def _step(*typed: object) -> int:
    """Print a command and run it; its exit code.

    Raises:
        UserError: as the command does.
    """
    from cyclegan_glasses.cli.main import parse

    verb, *argv = map(str, typed)
    echo(f"\n$ {command_line(verb)} {shlex.join(argv)}")
    with without_suggestions():
        return parse([verb, *argv])() or 0


def _gather(args: argparse.Namespace) -> Counter[str]:
    """Align, filter and split the faces; how many photos of each label were kept."""
    from cyclegan_glasses.criteria.decide import UNLABELLED
    from cyclegan_glasses.editing.package import load_model
    from cyclegan_glasses.photo import ACCEPTED, latest_photos

    yunet = ("--yunet", args.yunet) if args.yunet else ()
    align = ("--align", load_model(None).get(REMOVE).size, *yunet)
    labels = (GLASSES, NONE) if len(args.folders) == 2 else ("photos",)
    places = [args.out / label for label in labels]
    for folder, label, place in zip(args.folders, labels, places, strict=True):
        labelled = ("--label", label) if len(places) == 2 else ()
        if args.label_words:
            labelled = ("--label_words", *args.label_words)
        _step("crawl", "folder", folder, "--out", place, *align, *labelled)
    _step("crawl", "filter", *places, "--align", "--judge", *yunet)
    photos = [photo for place in places for photo in latest_photos(place).values()]
    counts = Counter(photo.label for photo in photos if photo.verdict == ACCEPTED)
    doubtful = sum(photo.reason == UNLABELLED for photo in photos)
    crawl, again = command_line("crawl"), "then type this command again"
    if doubtful:
        echo(f"{doubtful} photos are doubtful: {crawl} review {places[0]} asks you; {again}")
    for label, wording in ((GLASSES, "with glasses"), (NONE, "without")):
        if counts[label] < LEAST:
            raise UserError(
                f"{counts[label]} photos {wording} are left, and {LEAST} are needed: the reasons are above,"
                f" and {crawl} review {places[-1 if label == NONE else 0]} shows the photos"
            )
    if min(counts.values()) < 100:
        echo(f"warning: {counts[GLASSES]} and {counts[NONE]} photos are few, 100 each teach more")
    _step("crawl", "build", args.out / "faces", "--from", *places, "--test_share", 0.15)
    return counts


def _check_order(args: argparse.Namespace) -> None:
    """Look at a few photos of both folders.

    Raises:
        UserError: they look exchanged.
    """
    from cyclegan_glasses.attributes.classifier import load_classifier
    from cyclegan_glasses.attributes.photos import classify_files
    from cyclegan_glasses.faces.detect import make_detector
    from cyclegan_glasses.images import find_pictures

    classifier, detector = load_classifier(), make_detector(args.yunet)
    assert classifier is not None
    said = Counter[tuple[str, str | None]]()
    for label, folder in zip((GLASSES, NONE), args.folders, strict=True):
        paths = find_pictures(folder)
        chosen = paths[:: max(1, len(paths) // _LOOKED_AT)][:_LOOKED_AT]
        for _, faces, _ in classify_files(chosen, detector, classifier):
            said.update((label, attributes.verdict.of_two) for _, attributes in faces[:1])
    of = {label: sum(count for (one, _), count in said.items() if one == label) for label in (GLASSES, NONE)}
    if said[GLASSES, NONE] > of[GLASSES] / 2 and said[NONE, GLASSES] > of[NONE] / 2:
        first, second = (shlex.quote(str(folder)) for folder in args.folders)
        raise UserError(
            f"the folders look exchanged: of the faces looked at, {said[GLASSES, NONE]} of {of[GLASSES]} in"
            f" {first} show no glasses and {said[NONE, GLASSES]} of {of[NONE]} in {second} do:"
            f" type learn {second} {first}"
        )


def _make_pairs(args: argparse.Namespace, counts: Counter[str]) -> None:
    """Drawn pairs, and as time allows pairs with photographed glasses, below one folder."""
    faces, drawn, real = (args.out / name for name in ("faces", "drawn", "photographed"))
    _step(
        "crawl", "overlay", faces, "--hard", 0.5, "--each", _pairs_each(drawn, args, counts), "--out", drawn
    )
    kinds = [drawn]
    if _TRANSPLANT_SECONDS * counts[GLASSES] < 0.2 * 60 * args.minutes:
        try:
            _step("crawl", "transplant", faces, "--name", "shipped", "--each", 2, "--out", real)
            kinds.append(real)
        except UserError as error:
            echo(f"without photographed glasses, then: {error}")
    echo(f"\n$ # {args.out / 'pairs'}: links to both, those of test faces as val")
    for kind in kinds:
        for split, phase in (("train", "train"), ("test", "val")):
            for domain in "ABML":
                source, target = (
                    kind / f"{split}{domain}",
                    args.out / "pairs" / f"{phase}{domain}" / kind.name,
                )
                if source.is_dir():
                    shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _pairs_each(drawn: Path, args: argparse.Namespace, counts: Counter[str]) -> int:
    """How many pairs to draw of a face: as before, where `drawn` was begun with more or fewer minutes."""
    from cyclegan_glasses.collect.pairs import RECORD
    from cyclegan_glasses.files import read_json

    if (drawn / RECORD).is_file():
        return int(read_json(drawn / RECORD)["each"])
    return min(8, max(1, round(PAIRS_A_MINUTE * args.minutes / counts[NONE])))


def _link(source: str, target: str) -> None:
    if not Path(target).exists():
        os.link(source, target)


def _train(args: argparse.Namespace, end: float) -> int:
    """Train in the time that is left, or go on with a training that was stopped; the exit code."""
    run = args.out / "model"
    minutes = max(0.5, (end - time.monotonic()) / 60 * (1 - _FOR_THE_REST))
    place = ("--name", run.name, "--checkpoints_dir", args.out)
    where = (*place, "--max_minutes", f"{minutes:.1f}", "--display_id", args.display_id)
    if (run / "latest.pt").exists():
        return _step("train", *where, "--continue_train")
    if run.is_dir():
        shutil.rmtree(run)  # it was stopped before its first state
    from cyclegan_glasses.editing.trained import module_of
    from cyclegan_glasses.editing.trained_models import load_model
    from cyclegan_glasses.images import find_pictures
    from cyclegan_glasses.training.plan import epochs_within, seconds_of_step

    remover = load_model(None).get(REMOVE)
    pairs = len(find_pictures(args.out / "pairs" / "trainA"))
    seconds = seconds_of_step(module_of(remover), (BATCH, 3, 144, remover.size))
    epochs = epochs_within(60 * minutes, seconds, pairs, BATCH)
    steps = min(int(60 * minutes / seconds), epochs * -(-pairs // BATCH))
    echo(
        f"\n{minutes:.0f} minutes for training, {seconds:.1f} s a step of {BATCH} pairs as measured here:"
        f" about {steps} steps, {steps * BATCH / pairs:.1f} times over {pairs} pairs. That changes details of"
        " the model that ships, whose state is the first to be validated"
    )
    schedule = ("--n_epochs", (epochs + 1) // 2, "--n_epochs_decay", epochs // 2, "--batch_size", BATCH)
    return _step("train", "--preset", "fine-tune", "--dataroot", args.out / "pairs", *where, *schedule)


def _pack_best(args: argparse.Namespace, counts: Counter[str]) -> None:
    """Pack the best state, look at it beside the model that ships, and write the page."""
    from cyclegan_glasses.attributes.classifier import load_classifier
    from cyclegan_glasses.editing.trained_models import load_model, save_model
    from cyclegan_glasses.evaluation.learnt import compare_models, verdict_of, write_learnt_page

    run, path = args.out / "model", args.out / "model.pt"
    shipped, best = load_model(None), load_model(run, label="best")
    before = shipped.get(REMOVE)
    after = replace(best.get(REMOVE), passes=before.passes)
    classifier = load_classifier()
    assert classifier is not None
    cases = compare_models(args.out / "faces" / "testA", before, after, classifier)
    verdict, taken = verdict_of(cases, *_losses(run))
    generators = {REMOVE: after if taken else before, ADD: shipped.get(ADD)}
    save_model(replace(best, generators=generators), path)
    kept = f"{counts[GLASSES]} photos with glasses and {counts[NONE]} without were kept."
    page = write_learnt_page(args.out, cases, verdict, (kept, f"The training: {run}/web/index.html"))
    echo(f"\n{verdict}\nlook at {page}")
    rest = f"PHOTO --name {shlex.quote(str(path))}"
    echo(f"next: {command_line('remove')} {rest}, or {command_line('add')} {rest}")


def _losses(run: Path) -> tuple[float, float]:
    """The validation losses of the model that ships and of the best state of a run."""
    from cyclegan_glasses.training.checkpoint import state_path
    from cyclegan_glasses.weight_files import load_tensors

    losses = load_tensors(state_path(run, "best"))["loop"]["patience"]
    return losses["first"], losses["best"]
