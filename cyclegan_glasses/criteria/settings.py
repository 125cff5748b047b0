"""What the filter may be told. Free of heavy imports; the help of each option stands beside its default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.option import Settings, option


def _limit(default: float, help: str, **details: float) -> float:
    return option(default, f"{help} ({default:g})", group="thresholds", metavar="X", **details)


@dataclass(frozen=True, slots=True)
class Thresholds(Settings):
    """Where each score stops being good enough: `min_x` and `max_x` are still accepted."""

    min_face_share: float = _limit(0.5, "height of the face's box as a share of the picture's height")
    max_face_share: float = _limit(1.25, "the same, from above")
    max_second_face: float = _limit(0.4, "size of the second largest face as a share of the largest one's")
    max_outside: float = _limit(
        0.3, "with --align: share of the aligned crop that lies outside of the picture"
    )
    min_eye_margin: float = _limit(0.4, "distance of the eyes from the border, in eye distances")
    max_turn: float = _limit(30.0, "turn of the head to the side, in degrees")
    max_roll: float = _limit(30.0, "tilt of the line between the eyes, in degrees")
    min_nose: float = _limit(0.4, "where the nose lies from eyes (0) to mouth (1): low looks up")
    max_nose: float = _limit(0.72, "the same, from above: high looks down")
    min_eye_distance: float = _limit(24.0, "pixels between the eyes: small faces are rejected")
    min_sharpness: float = _limit(0.08, "strength of fine detail relative to the face's contrast")
    min_brightness: float = _limit(30.0, "median grey level of the face, of 255")
    max_brightness: float = _limit(235.0, "the same, from above")
    min_contrast: float = _limit(10.0, "spread of the grey levels of the face, of 255")
    min_lens: float = _limit(
        0.45, "brightness behind the lenses relative to the skin: dark ones are sunglasses"
    )
    min_frame_margin: float = _limit(0.0, "distance of the ends of a frame from the border, in eye distances")
    max_label_doubt: float = _limit(
        1.0, "doubt of the edge measure about the label, 0 to 1; at 1 it only flags for the review"
    )
    min_judge_confidence: float = _limit(
        0.8, "confidence from which a verdict counts against the label, or for a photo without one"
    )
    max_lower_colour: float = _limit(
        28.0, "colour of mouth and chin against the skin around the eyes (mask), in CIELAB"
    )
    max_side_colour: float = _limit(28.0, "colour of one cheek against the other (hair, hand), in CIELAB")
    max_eye_imbalance: float = _limit(
        0.9, "difference in brightness between the eyes (hair), natural logarithm"
    )
    max_duplicate_bits: float = _limit(
        6.0, "differing bits of 64, in both of two hashes, up to which pictures are one; -1 turns it off",
        least=-1, most=15,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilterSettings(Settings):
    """How a folder is filtered."""

    thresholds: Thresholds = Thresholds()
    align: bool = option(False, "faces will be cropped: their share of the picture does not count")
    yunet: Path | None = option(None, "find faces by YuNet, whose ONNX file this is", metavar="FILE")
    workers: int = option(0, "processes (0: one for each core)", least=0)
    cluster: str = option("", "a Dask scheduler to work on", metavar="tcp://HOST:PORT")
    redo_reviewed: bool = option(False, "decide anew on photos that a person decided on")
