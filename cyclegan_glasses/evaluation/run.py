"""What `evaluate` runs: loads the models, measures them beside baselines, writes the report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from tqdm import tqdm

from cyclegan_glasses import __version__
from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.attributes.frame_reader import FrameReader
from cyclegan_glasses.attributes.verdicts import Encoder
from cyclegan_glasses.domains import ADD, REMOVE, opposite
from cyclegan_glasses.editing.trained_models import load_model, weights_file
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.editors import Editor, baseline, conditioned_editor, network_editor
from cyclegan_glasses.evaluation.inputs import Inputs
from cyclegan_glasses.evaluation.measure import Instruments, Measured, already_there, measure
from cyclegan_glasses.evaluation.page import Examples, write_page
from cyclegan_glasses.evaluation.pretrained import Inception, Lpips, SFace, find_alexnet
from cyclegan_glasses.evaluation.report import Candidate, Report, evaluated, to_markdown, write_report
from cyclegan_glasses.evaluation.settings import UNTOUCHED, EvaluationSettings, model_name
from cyclegan_glasses.evaluation.statistics import bootstrap
from cyclegan_glasses.evaluation.tables import figure
from cyclegan_glasses.faces.detect import make_detector
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.photo import MANIFEST, manifest_hash
from cyclegan_glasses.training.run_folder import OPTIONS_FILE

SHORT = 12  # letters of a hash that are shown


def evaluate(settings: EvaluationSettings) -> str:
    """Evaluate what is asked for, write the report, and return what to print.

    Raises:
        UserError: something that is asked for is not there or does not fit.
    """
    # What is scored, and with what.
    settings = replace(settings, inputs=replace(settings.inputs, grey=_grey(settings)))
    inputs = Inputs(settings.inputs)
    instruments = _instruments(settings)
    report = Report(_about(settings, instruments))
    report.notes += _notes(inputs, instruments, settings)
    # A column for each checkpoint and baseline.
    done: list[Measured] = []
    examples: list[Examples] = []
    for candidate, editor, trained in _candidates(settings, inputs):
        kept = Examples(candidate.title)
        items = tqdm(inputs, desc=candidate.title, disable=not sys.stderr.isatty())
        measured = measure(inputs, editor, instruments, kept.keep, items)
        if not measured.rows:
            raise UserError(
                f"{candidate.title} translated no picture: are there masks in {settings.inputs.dataroot}?"
            )
        column = evaluated(candidate, measured)
        if trained:
            column.scores["change of what is right"] = bootstrap(already_there(inputs, editor, len(inputs)))
            examples.append(kept)
        report.columns.append(column)
        done.append(measured)
    # The report: files, a page, and what is printed.
    report.notes += report.warnings()
    if settings.pick:
        report.notes.append(_picked(report, settings.pick))
    write_report(report, done, settings.out)
    page = write_page(report, examples, settings.out)
    return f"{to_markdown(report)}\nresults: {page}\n"


def _candidates(settings: EvaluationSettings, inputs: Inputs) -> Iterator[tuple[Candidate, Editor, bool]]:
    """What is evaluated, with its editor, and whether it is trained; models are loaded one at a time."""
    direction, reverse = settings.inputs.direction, opposite(settings.inputs.direction)
    for path, label in settings.runs:
        model = load_model(path, settings.device, label=label or "latest", precision=settings.precision)
        generator, other = model.get(direction), model.generators.get(reverse)
        channels = generator.settings.input_nc, generator.settings.output_nc
        file, options = weights_file(path, label, direction), path / OPTIONS_FILE
        candidate = Candidate(
            name=model_name(path),
            epoch=label,
            weights=sha256_of(file)[:SHORT],
            options=sha256_of(options)[:SHORT] if options.is_file() else "",
            trained_on=str(model.facts.get("manifest_hash", ""))[:SHORT],
        )
        # What a conditioned generator is shown in a reconstruction is not known here.
        network = other.network if other and not other.settings.conditioned else None
        for passes in settings.passes:
            if passes > 1 and channels[0] != channels[1]:
                raise UserError(f"{path} gives other pictures than it takes: leave --passes out")
            if generator.settings.conditioned:
                editor = conditioned_editor(generator.network, network)
            else:
                editor = network_editor(generator.network, network, channels[0] == 1, passes)
            yield replace(candidate, passes=passes), editor, True
    for name in settings.baselines:
        if name == UNTOUCHED or inputs.masked:
            yield Candidate(name), baseline(name), False


def _grey(settings: EvaluationSettings) -> bool:
    """Whether one of the models takes or gives grey pictures: then all are scored in luminance."""
    first = dict(reversed(settings.runs))  # of the checkpoints of a run
    models = (load_model(path, label=label or "latest") for path, label in first.items())
    networks = [model.get(settings.inputs.direction).settings for model in models]
    return any(1 in (network.input_nc, network.output_nc) for network in networks)


def _instruments(settings: EvaluationSettings) -> Instruments:
    classifier, alexnet = load_classifier(settings.classifier), settings.lpips or find_alexnet()
    return Instruments(
        classifier=classifier,
        encoder=classifier,
        inception=Inception(settings.inception) if settings.inception else None,
        sface=SFace(settings.sface) if settings.sface else None,
        lpips=Lpips(alexnet) if alexnet else None,
        detector=make_detector(steady=False) if settings.landmarks else None,
        frame_reader=FrameReader.load() if settings.inputs.direction == ADD else None,
    )


def _about(settings: EvaluationSettings, instruments: Instruments) -> dict[str, str]:
    pictures, classifier = settings.inputs, instruments.encoder
    known = (pictures.dataroot / MANIFEST).is_file()
    return {
        "direction": pictures.direction,
        "colours": "luminance alone" if pictures.grey else "",
        "data": str(pictures.dataroot),
        "manifest": manifest_hash(pictures.dataroot)[:SHORT] if known else "",
        "protocol": pictures.protocol.about
        or f"{pictures.protocol.preprocess} {pictures.protocol.crop_size}, PNG",
        "judge": _known_by(classifier) if classifier else "",
        "inception": instruments.inception.sha256[:SHORT] if instruments.inception else "",
        "likeness": _known_by(instruments.sface) if instruments.sface else "",
        "lpips": instruments.lpips.sha256[:SHORT] if instruments.lpips else "",
        "landmarks": instruments.detector.name if instruments.detector else "",
        "versions": ", ".join(_versions()),
    }


def _known_by(encoder: Encoder) -> str:
    """Its name, with the hash of its weights."""
    short = encoder.sha256[:SHORT]
    return encoder.name if short in encoder.name else f"{encoder.name} {short}"


def _versions() -> list[str]:
    found = [f"cyclegan-glasses {__version__}"]
    for name in ("torch", "torch-fidelity", "lpips", "opencv-python-headless", "pillow", "numpy"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found


def _notes(inputs: Inputs, instruments: Instruments, settings: EvaluationSettings) -> list[str]:
    """What is left out, and why."""
    notes = []
    if settings.inputs.grey:
        notes.append("a model of grey pictures is among them: all, baselines too, are scored in luminance")
    if instruments.classifier is None:
        notes.append(
            "no attribute classifier: whether results are as asked, FD-judge, KD-judge and its likeness"
            " are left out"
        )
    if instruments.inception is None:
        notes.append("no --inception: FID and KID are left out")
    if not inputs.paired:
        found = f"{inputs.in_common} names" if inputs.in_common else "no pictures"
        notes.append(f"{found} in common, no pairs: scores against the truth are left out")
    elif instruments.lpips is None:
        notes.append("no --lpips, and none in torch's cache: LPIPS is left out")
    if not inputs.masked and set(settings.baselines) - {UNTOUCHED}:
        notes.append(f"no masks in {settings.inputs.phase}M: inpainting is left out")
    counts, protocol = (len(inputs), inputs.target_count), settings.inputs.protocol
    expected = protocol.counts if settings.inputs.direction == REMOVE else protocol.counts[::-1]
    if any(expected) and counts != expected:
        notes.append(
            f"{protocol.name}: {counts[0]} inputs and {counts[1]} targets, the protocol has "
            f"{expected[0]} and {expected[1]}: not to be set beside published numbers"
        )
    return notes


def _picked(report: Report, score: str) -> str:
    column = report.best(score)
    if column is None:
        raise UserError(f"--pick {score!r} is no score of this evaluation: {', '.join(report.scores)}")
    return f"best by {score}: {column.candidate.title} ({figure(column.value(score))})"
