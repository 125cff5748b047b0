"""The human test: make a study from results, let people answer it, read what they said."""

from __future__ import annotations

import argparse
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_port
from cyclegan_glasses.cli.echo import echo, suggest
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.settings import StudySettings
from cyclegan_glasses.option import build, options_of

HELP = "the human test: build, serve, export and report a study"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `hype`."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    study = steps.add_parser("build", help="a study from the results of test.py")
    study.add_argument("study", type=Path, metavar="STUDY", help="folder to make")
    study.add_argument(
        "--name",
        nargs="+",
        required=True,
        help="of the runs that are compared; shipped is the model that ships",
    )
    study.add_argument("--dataroot", type=Path, required=True, help="with the real pictures and the manifest")
    study.add_argument("--group", nargs="*", default=[], help="groups to balance, such as race gender")
    add_options(study, options_of(StudySettings))
    serve = steps.add_parser("serve", help="the page on this machine; answers are saved at once")
    serve.add_argument("study", type=Path, metavar="STUDY")
    add_port(serve)
    export = steps.add_parser("export", help="one file for one rater, that needs no server")
    export.add_argument("study", type=Path, metavar="STUDY")
    export.add_argument("--rater", required=True, help="pseudonym")
    export.add_argument("-o", "--out", type=Path, required=True, help="file to write, such as anna.html")
    report = steps.add_parser("report", help="what the answers say")
    report.add_argument("study", type=Path, metavar="STUDY")
    report.add_argument("--answers", type=Path, nargs="*", default=[], help="files of exported pages")
    report.add_argument("--group", nargs="*", default=[], help="columns of the table; all by default")
    simulate = steps.add_parser("simulate", help="whether the staircase finds a threshold that is known")
    simulate.add_argument("--threshold", type=float, default=300.0, help="of the simulated raters, ms")
    simulate.add_argument("--raters", type=int, default=30, help="how many")
    simulate.add_argument("--trials", type=int, default=150, help="pictures of a staircase")


def run(args: argparse.Namespace) -> None:
    """Do the step that the arguments ask for."""
    STEPS[args.step](args)


def _build(args: argparse.Namespace) -> None:
    settings = build(
        StudySettings, vars(args), names=tuple(args.name), dataroot=args.dataroot, groups=tuple(args.group)
    )
    from cyclegan_glasses.evaluation.hype.plan import plan
    from cyclegan_glasses.evaluation.hype.study import build_study

    study = build_study(settings, args.study)
    items = [item.task for item in plan(study, "anyone")]
    counts = ", ".join(f"{items.count(task)} of {task}" for task in study.tasks)
    echo(f"{len(study.portraits)} portraits of {len(study.models)} models; a rater answers {counts}")
    suggest(f"{command_line('hype')} serve {args.study}")


def _serve(args: argparse.Namespace) -> None:
    from cyclegan_glasses.evaluation.hype.answers import ANSWERS
    from cyclegan_glasses.evaluation.hype.server import StudyServer

    with StudyServer(args.study, args.port) as server:
        echo(f"open {server.address}\nCtrl-C ends it")
        server.serve_until_stopped()
        echo(f"every answer is in {args.study / ANSWERS}")


def _export(args: argparse.Namespace) -> None:
    from cyclegan_glasses.evaluation.hype.server import export_page

    export_page(args.study, args.rater, args.out)
    echo(f"{args.out}: for {args.rater} alone; what comes back: hype report {args.study} --answers FILE")


def _report(args: argparse.Namespace) -> None:
    from cyclegan_glasses.evaluation.hype.answers import ANSWERS, read_answers
    from cyclegan_glasses.evaluation.hype.outcome import outcome, to_csv, to_markdown
    from cyclegan_glasses.evaluation.hype.study import read_study
    from cyclegan_glasses.files import write_text

    study, answers = read_study(args.study), args.study / ANSWERS
    known = {name for portrait in study.portraits for name in portrait.group}
    if unknown := [name for name in args.group if name not in known]:
        raise UserError(f"no portrait has a group {unknown[0]!r}: --group can be {', '.join(sorted(known))}")
    found = outcome(study, read_answers([*([answers] if answers.is_file() else []), *args.answers]))
    text = to_markdown(study, found, args.group)
    write_text(args.study / "report.md", text)
    write_text(args.study / "report.csv", to_csv(study, found))
    echo(text + f"written: {args.study / 'report.md'}, {args.study / 'report.csv'}")


def _simulate(args: argparse.Namespace) -> None:
    if not 100 <= args.threshold <= 1000 or args.raters < 1 or args.trials < 20:
        raise UserError(
            "--threshold must lie between 100 and 1000, --raters be 1 or more, --trials 20 or more"
        )
    import numpy as np

    from cyclegan_glasses.evaluation.hype.staircase import simulate
    from cyclegan_glasses.evaluation.statistics import bootstrap

    rng = np.random.default_rng(0)
    found = bootstrap([simulate(args.threshold, args.trials, rng) for _ in range(args.raters)])
    echo(f"{args.raters} raters of {args.threshold:g} ms, {args.trials} pictures each: found {found} ms")


STEPS = {"build": _build, "serve": _serve, "export": _export, "report": _report, "simulate": _simulate}
