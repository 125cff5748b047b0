"""Glasses on or off the faces of a whole photo, in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import numpy as np
from PIL import Image

from cyclegan_glasses.attributes import classifier as attribute_classifier
from cyclegan_glasses.attributes.verdicts import AttributeClassifier
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.attempts import Attempt
from cyclegan_glasses.editing.blend import apply_change, fade, measure_change
from cyclegan_glasses.editing.drawing import AnyFrame, Drawing, as_drawing, described, draw, fit
from cyclegan_glasses.editing.inspection import Inspection, inspect
from cyclegan_glasses.editing.models import EditingModel, Generator, Translated, translate
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.photograph import from_array, is_tensor, to_array, to_rgb8
from cyclegan_glasses.editing.refine import refine
from cyclegan_glasses.editing.reports import EDITED, LEFT, Edit, FaceReport
from cyclegan_glasses.editing.settings import SWAP, EditSettings
from cyclegan_glasses.editing.sight import CLASSIFIED_SIZE, Sight
from cyclegan_glasses.editing.targets import (
    Target,
    asked_for,
    bystanders,
    edited_by_model,
    is_bare,
    reason_to_leave,
    worn_probability,
)
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align, alignment_of, yaw_of
from cyclegan_glasses.faces.detect import Face, FaceDetector, make_detector
from cyclegan_glasses.images import to_grey

if TYPE_CHECKING:
    import torch

ImageLike = TypeVar("ImageLike", Image.Image, np.ndarray, "torch.Tensor")
DEFAULTS = EditSettings()


@dataclass(eq=False)
class GlassesEditor:
    """Removes and adds glasses. Keeps nothing between pictures and may be shared by threads.

    `upright`: see `sight.Sight`.
    """

    model: EditingModel
    detector: FaceDetector
    classifier: AttributeClassifier | None = None
    upright: bool = False
    _sight: Sight = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sight = Sight(self.detector, self.classifier, self.upright)

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        device: str = "auto",
        precision: str = "fp32",
        classifier: AttributeClassifier | Literal["shipped"] | None = "shipped",
        yunet: str | Path | None = None,
        **more: Any,
    ) -> GlassesEditor:
        """An editor with the model that ships, or another one.

        Args:
            model: see `package.load_model`, which takes `more` too (`direction`, `runs`, `label`, `asked`,
                `size`).
            device, precision: see there.
            classifier: leaves faces alone that need nothing; with None every face is edited.
            yunet: file of the face detector, see docs/guides/faces.md.

        Raises:
            UserError: there is no such model, device or file.
        """
        classifier = more.pop("judge", classifier)  # its name in programs of before
        if classifier == "shipped":
            classifier = attribute_classifier.load_classifier()
        loaded = load_model(model, device, precision=precision, **more)
        return cls(loaded, make_detector(yunet), classifier)

    def remove(self, picture: ImageLike | Sequence[ImageLike], settings: EditSettings = DEFAULTS) -> Any:
        """`picture` without glasses, see `edit`; of a list of pictures, the list of results."""
        return self._each(picture, REMOVE, settings, None)

    def add(
        self,
        picture: ImageLike | Sequence[ImageLike],
        settings: EditSettings = DEFAULTS,
        frame: AnyFrame | Drawing | str | None = None,
    ) -> Any:
        """`picture` with glasses, see `edit`; of a list of pictures, the list of results.

        Args:
            frame: is drawn, see `drawing.as_drawing`; None for one that suits, `learned` for what the model
                adds.
        """
        return self._each(picture, ADD, settings, as_drawing(frame))

    def swap(
        self,
        picture: ImageLike | Sequence[ImageLike],
        settings: EditSettings = DEFAULTS,
        frame: AnyFrame | Drawing | str | None = None,
    ) -> Any:
        """`picture` with other glasses, `frame` as of `add`; of a list of pictures, the list of results."""
        return self._each(picture, SWAP, settings, as_drawing(frame))

    def edit(
        self,
        picture: ImageLike,
        direction: str,
        settings: EditSettings = DEFAULTS,
        drawing: Drawing | None = None,
    ) -> Edit:
        """Edit the faces of one picture.

        Args:
            picture: a PIL image; an array (height, width) or (height, width, 1 to 4) of uint8, uint16, or
                floats from 0 to 1; a tensor (1 to 4, height, width) of the same. It stays as it is.
            direction: `AtoB` removes, `BtoA` adds, `swap` removes and draws.
            drawing: the frame that is drawn; without it the model adds, a conditioned one to one that suits.

        Returns:
            A picture of the same type, shape and device. What was not changed is the same to the last bit.

        Raises:
            UserError: the model does not go that way, or the frame cannot be as is asked.
            ValueError: the picture is none of the above.
        """
        pixels = to_array(picture)
        if direction == ADD and self.model.conditioned:
            drawing = drawing or Drawing()
        if direction == SWAP and drawing is None:
            raise UserError("swap draws a frame: say which, or leave it out for one that suits")
        targets = self.find_targets(pixels, direction, settings, drawing)
        made = self.translate(targets, direction, settings)
        edited, faces = self.blend(pixels, targets, made, settings, drawing)
        return Edit(from_array(edited, picture), faces)

    def find_targets(
        self, pixels: np.ndarray, direction: str, settings: EditSettings, drawing: Drawing | None = None
    ) -> list[Target]:
        """First step: find the faces of a picture and decide which are to be edited, largest first."""
        seen = to_rgb8(pixels)
        faces, verdicts = self._sight.find(seen)
        beside = bystanders(faces, seen.shape[1])
        wanted = asked_for(settings.face, len(faces))
        targets = []
        for number, (face, verdict) in enumerate(zip(faces, verdicts, strict=True)):
            report = FaceReport(face.box, yaw_of(face), EDITED, before=verdict)
            dark = direction != ADD and self._sight.hides_eyes(seen, face, verdict)
            how = (direction, settings, drawing is not None, beside[number], dark)
            reason = reason_to_leave(report, number in wanted, *how)
            # The model edits all but what is only drawn: a bare face has nothing to be taken off.
            drawn = drawing is not None and (direction == ADD or is_bare(verdict))
            targets.append(self._target(seen, face, report, reason, None if drawn else direction))
        return targets

    def translate(
        self, targets: Sequence[Target], direction: str, settings: EditSettings
    ) -> list[Translated]:
        """Second step, the model: what it makes of the crops of those that are to be edited."""
        crops = [target.crop for target in edited_by_model(targets)]
        if not crops:
            return []
        generator = self._generator(direction)
        # A network that learnt from pairs guesses what is there; the mean of two guesses is nearer to it.
        flip = generator.settings.locates_frame
        return translate(generator, np.stack(crops), settings.passes or generator.passes, flip=flip)

    def blend(
        self,
        pixels: np.ndarray,
        targets: Sequence[Target],
        made: Sequence[Translated],
        settings: EditSettings,
        drawing: Drawing | None = None,
    ) -> tuple[np.ndarray, list[FaceReport]]:
        """Third step: the changes of the crops and the frame, in the picture, and a report of every face."""
        best = self._best(pixels, self._attempt(pixels, targets, made), settings)
        if not settings.force and (reasons := best.reasons_to_leave(drawing is not None)):
            return self.blend(pixels, *best.leaving(reasons), settings, drawing)  # without these faces
        result, reports = best.picture, list(best.reports)
        if drawing is None:
            for number, report in enumerate(reports):
                if report.done == EDITED and not report.area:
                    reports[number] = replace(
                        report, done=LEFT, reason="the model changes nothing", warnings=()
                    )
        else:
            seen = to_rgb8(result)
            for number, report in enumerate(reports):
                if report.done == EDITED:
                    reports[number] = self._draw(result, seen, targets[number].face, report, drawing)
        fade(result, pixels, settings.strength)
        if settings.check:
            if self.classifier is None:
                raise UserError("there is no attribute classifier for the results: leave --judge out")
            after = self._sight.classify(to_rgb8(result), [target.face for target in targets])
            reports = [replace(report, after=one) for report, one in zip(reports, after, strict=True)]
        return result, reports

    def _attempt(self, pixels: np.ndarray, targets: Sequence[Target], made: Sequence[Translated]) -> Attempt:
        """The picture with the changes of the crops, inspected where glasses were taken off."""
        result, reports = self._apply(pixels, targets, made)
        removed = [number for number, target in enumerate(targets) if target.removes]
        found: dict[int, Inspection] = {}
        if removed and self.classifier is not None:
            seen = to_rgb8(result)
            after = self._sight.classify(seen, [targets[number].face for number in removed])
            for number, verdict in zip(removed, after, strict=True):
                found[number] = inspect(targets[number], seen, verdict)
        return Attempt(targets, made, result, reports, found)

    def _best(self, pixels: np.ndarray, first: Attempt, settings: EditSettings) -> Attempt:
        """The first attempt, or the better of two where a face of it is doubtful; with warnings and tries.

        The second try goes over a face once more often.
        """
        if not (doubtful := first.doubtful):
            return first.told(())
        more = replace(settings, passes=1 + (settings.passes or self._generator(REMOVE).passes))
        made = self.translate([first.targets[place] for place in doubtful], REMOVE, more)
        others = dict(zip(doubtful, made, strict=True))
        second = self._attempt(pixels, first.targets, first.exchanged(others))
        better = first.better(second)
        if better and better != doubtful:
            others = {place: others[place] for place in better}
            second = self._attempt(pixels, first.targets, first.exchanged(others))
        return (second if better else first).told(doubtful)

    def _apply(
        self,
        pixels: np.ndarray,
        targets: Sequence[Target],
        made: Sequence[Translated],
    ) -> tuple[np.ndarray, list[FaceReport]]:
        """The picture, copied where anything is to be edited, with the changes of the crops; the reports.

        Where faces overlap, the likeliest to wear glasses goes first: `--force` also edits what is no face.
        """
        reports = [target.report for target in targets]
        result = pixels.copy() if any(report.done == EDITED for report in reports) else pixels
        settled = np.zeros(pixels.shape[:2], np.float32) if len(made) > 1 else None
        places = [number for number, target in enumerate(targets) if target.crop.size]
        edits = zip(places, made, strict=True)
        for number, one in sorted(edits, key=lambda edit: -worn_probability(targets[edit[0]].report.before)):
            target = targets[number]
            if target.alignment is None:
                continue
            crop, new = target.crop.astype(np.float32), one.picture
            if pixels.shape[2] < 3:
                new = np.repeat(to_grey(new)[:, :, None], 3, axis=2)
            change = measure_change(crop, new, one.frame, target.removes)
            count = apply_change(result, change, target.alignment, settled)
            reports[number] = replace(target.report, area=count / (pixels.shape[0] * pixels.shape[1]))
        return result, reports

    def _draw(
        self, result: np.ndarray, seen: np.ndarray, face: Face, report: FaceReport, drawing: Drawing
    ) -> FaceReport:
        """Draw the frame on a face, let a conditioned model make it real, and report it."""
        name, frame = drawing.frame_for(seen, face)
        count = draw(result, frame, fit(seen, face, drawing.pupils))
        if count and self.model.conditioned:
            count = max(count, refine(result, seen, face, self.model))
        area = max(report.area, count / (result.shape[0] * result.shape[1]))
        return replace(report, area=area, frame=described(name, frame))

    def _generator(self, direction: str) -> Generator:
        return self.model.get(REMOVE if direction == SWAP else direction)

    def _target(
        self, seen: np.ndarray, face: Face, report: FaceReport, reason: str, direction: str | None
    ) -> Target:
        """A face, with its crop where the model of `direction` is to edit it."""
        if not reason:
            try:
                if direction is None:
                    return Target(face, report, alignment_of(face, CLASSIFIED_SIZE, seen.shape))
                generator = self._generator(direction)
                crop, alignment = align(seen, face, generator.size, generator.framing)
                return Target(face, report, alignment, crop, removes=direction != ADD)
            except UserError as error:
                reason = str(error)
        return Target(face, replace(report, done=LEFT, reason=reason))

    def _each(self, picture: Any, direction: str, settings: EditSettings, drawing: Drawing | None) -> Any:
        if isinstance(picture, Image.Image | np.ndarray) or is_tensor(picture):
            return self.edit(cast(Any, picture), direction, settings, drawing).picture
        return [self.edit(one, direction, settings, drawing).picture for one in picture]
