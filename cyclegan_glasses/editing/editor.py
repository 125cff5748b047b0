"""Glasses on or off the faces of a whole photo, in place."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import numpy as np
import torch
from PIL import Image

from cyclegan_glasses.attributes import classifier as attribute_classifier
from cyclegan_glasses.attributes.verdicts import AttributeClassifier, Verdict
from cyclegan_glasses.devices import Precision, choose_device, choose_precision
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE, SUNGLASSES
from cyclegan_glasses.editing.blend import apply_change, measure_change
from cyclegan_glasses.editing.models import apply_generator
from cyclegan_glasses.editing.package import EditingModel, load_model
from cyclegan_glasses.editing.photograph import from_array, to_array, to_rgb8
from cyclegan_glasses.editing.settings import ALL, LARGEST, EditSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Alignment, align, alignment_of, take, yaw_of
from cyclegan_glasses.faces.detect import Face, FaceDetector, make_detector
from cyclegan_glasses.images import to_grey
from cyclegan_glasses.pixels import luminance, to_levels, to_tensor

ImageLike = TypeVar("ImageLike", Image.Image, np.ndarray, torch.Tensor)
EDITED, LEFT = "edited", "left alone"
CLASSIFIED_SIZE = 128
DEFAULTS = EditSettings()
#: Verdicts on faces with which there is nothing to do.
NOTHING_TO_DO = {REMOVE: (NONE,), ADD: (GLASSES, SUNGLASSES)}
_JSON_KEYS = {"yaw": "turn", "area": "share"}


@dataclass(frozen=True, slots=True)
class FaceReport:
    """What became of one face.

    Attributes:
        box: x, y, width, height in pixels of the upright photo.
        yaw: of the head in degrees, positive towards the picture's right, an estimate; None where it is not
            known.
        eyes_found: the eyes were seen, not guessed from the box.
        done: `edited` or `left alone`.
        reason: why it was left alone.
        before, after: the verdict, if there is a classifier; `after` with `EditSettings.check` alone.
        area: fraction of the photo's pixels that may have changed, 0 to 1.
    """

    box: tuple[float, float, float, float]
    yaw: float | None
    eyes_found: bool
    done: str
    reason: str = ""
    before: Verdict | None = None
    after: Verdict | None = None
    area: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values, under the keys that programs know."""
        return {_JSON_KEYS.get(name, name): value for name, value in asdict(self).items()}

    def __getattr__(self, name: str) -> Any:
        """The fields by their JSON keys, too, which were once their names."""
        fields = {key: field_name for field_name, key in _JSON_KEYS.items()}
        return object.__getattribute__(self, fields.get(name, name))


@dataclass(frozen=True, eq=False)
class Edit:
    """An edited picture, in the type of the one given, and what became of each of its faces."""

    picture: Any
    faces: list[FaceReport]

    @property
    def changed(self) -> bool:
        """Whether anything was edited."""
        return any(face.done == EDITED for face in self.faces)


@dataclass(frozen=True, eq=False)
class Target:
    """A face that was looked at: its report so far and, where it is to be edited, its aligned crop."""

    face: Face
    report: FaceReport
    alignment: Alignment | None = None
    crop: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))


@dataclass(eq=False)
class GlassesEditor:
    """Removes and adds glasses. Keeps nothing between pictures and may be shared by threads."""

    model: EditingModel
    detector: FaceDetector
    device: torch.device
    precision: Precision
    classifier: AttributeClassifier | None = None
    _classifying: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

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
            device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
            precision: `fp32`, `bf16`, `fp16`, or `auto` for what the device is fastest in.
            classifier: leaves faces alone that need nothing; with None every face is edited.
            yunet: file of the face detector, see docs/faces.md.

        Raises:
            UserError: there is no such model, device or file.
        """
        chosen = choose_device(device)
        how = choose_precision(precision, chosen)
        classifier = more.pop("judge", classifier)  # its name in programs of before
        if classifier == "shipped":
            classifier = attribute_classifier.load_classifier()
        return cls(load_model(model, chosen, **more), make_detector(yunet), chosen, how, classifier)

    def remove(self, picture: ImageLike | Sequence[ImageLike], settings: EditSettings = DEFAULTS) -> Any:
        """`picture` without glasses, see `edit`; of a list of pictures, the list of results."""
        return self._each(picture, REMOVE, settings)

    def add(self, picture: ImageLike | Sequence[ImageLike], settings: EditSettings = DEFAULTS) -> Any:
        """`picture` with glasses, see `edit`; of a list of pictures, the list of results."""
        return self._each(picture, ADD, settings)

    def edit(self, picture: ImageLike, direction: str, settings: EditSettings = DEFAULTS) -> Edit:
        """Edit the faces of one picture.

        Args:
            picture: a PIL image; an array (height, width) or (height, width, 1 to 4) of uint8, uint16, or
                floats from 0 to 1; a tensor (1 to 4, height, width) of the same. It stays as it is.
            direction: `AtoB` removes, `BtoA` adds.

        Returns:
            A picture of the same type, shape and device. What was not changed is the same to the last bit.

        Raises:
            UserError: the model does not go that way.
            ValueError: the picture is none of the above.
        """
        pixels = to_array(picture)
        targets = self.find_targets(pixels, direction, settings)
        crops = self.translate(targets, direction, settings)
        edited, faces = self.blend(pixels, targets, crops, settings)
        return Edit(from_array(edited, picture), faces)

    def find_targets(self, pixels: np.ndarray, direction: str, settings: EditSettings) -> list[Target]:
        """First step: find the faces of a picture and decide which are to be edited, largest first."""
        seen = to_rgb8(pixels)
        faces = self.detector.find_faces(seen)
        facts = enumerate(zip(faces, self._classify(seen, faces), strict=True), 1)
        return [self._target(seen, *known, number, direction, settings) for number, known in facts]

    def translate(
        self, targets: Sequence[Target], direction: str, settings: EditSettings
    ) -> list[np.ndarray]:
        """Second step, the model: the edited crops of those that are to be edited, float32 of 0 to 255."""
        crops = [target.crop for target in targets if target.alignment is not None]
        generator = self.model.get(direction)
        if not crops:
            return []
        photo = to_tensor(np.stack(crops), self.device)
        inputs = luminance(photo) if generator.settings.input_nc == 1 else photo
        passes = settings.passes or generator.passes
        edited = apply_generator(generator.network, inputs, self.precision, passes)
        if edited.shape[1] == 1:  # a model of grey faces: the photo keeps its colours
            edited = (photo + edited - luminance(photo)).clamp(-1, 1)
        return list(to_levels(edited).permute(0, 2, 3, 1).contiguous().cpu().numpy())

    def blend(
        self,
        pixels: np.ndarray,
        targets: Sequence[Target],
        crops: Sequence[np.ndarray],
        settings: EditSettings,
    ) -> tuple[np.ndarray, list[FaceReport]]:
        """Third step: the changes of the crops, blended into the picture, and a report of every face."""
        reports, waiting = [], list(crops)
        result = pixels.copy() if waiting else pixels
        for target in targets:
            if target.alignment is None:
                reports.append(target.report)
                continue
            crop, new = target.crop.astype(np.float32), waiting.pop(0)
            if pixels.shape[2] < 3:
                new = np.repeat(to_grey(new)[:, :, None], 3, axis=2)
            change = measure_change(crop, new)
            count = apply_change(result, change, target.alignment, settings.strength)
            report = replace(target.report, area=count / (pixels.shape[0] * pixels.shape[1]))
            if not count:
                report = replace(report, done=LEFT, reason="the model changes nothing")
            reports.append(report)
        if settings.check:
            if self.classifier is None:
                raise UserError("there is no attribute classifier for the results: leave --judge out")
            after = self._classify(to_rgb8(result), [target.face for target in targets])
            reports = [replace(report, after=one) for report, one in zip(reports, after, strict=True)]
        return result, reports

    def _target(
        self,
        seen: np.ndarray,
        face: Face,
        verdict: Verdict | None,
        number: int,
        direction: str,
        settings: EditSettings,
    ) -> Target:
        report = FaceReport(face.box, yaw_of(face), face.eyes_found, EDITED, before=verdict)
        asked = {ALL: number, LARGEST: 1}.get(settings.face) or int(settings.face)
        reason = "" if number == asked else "not asked for"
        if verdict and verdict.label in NOTHING_TO_DO[direction] and not settings.force:
            reason = reason or ("wears no glasses" if direction == REMOVE else "wears glasses already")
        if not reason:
            try:
                crop, alignment = align(seen, face, self.model.size, self.model.framing)
                return Target(face, report, alignment, crop)
            except UserError as error:
                reason = str(error)
        return Target(face, replace(report, done=LEFT, reason=reason))

    def _classify(self, seen: np.ndarray, faces: Sequence[Face]) -> list[Verdict | None]:
        """The verdict on each face, None where there is no classifier or the face cannot be aligned."""
        verdicts: list[Verdict | None] = [None] * len(faces)
        if self.classifier is None:
            return verdicts
        crops: dict[int, np.ndarray] = {}
        for number, face in enumerate(faces):
            with suppress(UserError):
                crops[number] = take(seen, alignment_of(face, CLASSIFIED_SIZE, seen.shape))
        if crops:
            with self._classifying:
                found = self.classifier.classify(np.stack([*crops.values()]))
            for number, verdict in zip(crops, found, strict=True):
                verdicts[number] = verdict
        return verdicts

    def _each(self, picture: Any, direction: str, settings: EditSettings) -> Any:
        if isinstance(picture, Image.Image | np.ndarray | torch.Tensor):
            return self.edit(cast(Any, picture), direction, settings).picture
        return [self.edit(one, direction, settings).picture for one in picture]
