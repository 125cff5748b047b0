"""What the scores are called, which way is better, and which ones are shown by group."""

from __future__ import annotations

HIGH, LOW, ZERO = "high", "low", "zero"
ARROWS = {HIGH: "↑", LOW: "↓", ZERO: "→0"}

_HIGH = (
    *("psnr", "ssim", "ms-ssim", "likeness", "precision", "recall", "confidence"),
    *("as asked", "rims o", "bridge o", "temples o", "whole frame", "frame shapes", "frame colours"),
)
_ZERO = ("skin", "background", "kid", "kd-")

#: Shown by group where they are there.
BY_GROUP = (
    *("as asked", "whole frame off", "frame left", "whole frame on"),
    *("PSNR inside", "L1 elsewhere", "skin lightness"),
)
#: The first of these that is there says which pictures are the worst.
RANKING = ("L1 inside", "L1", "frame left", "rims on", "L1 elsewhere")

MEANINGS = {
    "PSNR": "dB, against the truth",
    "L1": "of 255, against the truth",
    "LPIPS": "against the truth, as people see it (AlexNet, version 0.1)",
    "L1 inside": "of 255, against the truth, inside the glasses' mask",
    "L1 ring": "of 255, against the truth, in a ring around the mask",
    "L1 outside": "of 255, against the input, outside the mask",
    "as asked": "share that the attribute classifier calls as asked",
    "as asked, of two": "the same where it may say glasses or none alone, as a plain classifier",
    "confidence": "of the classifier, that it is as asked",
    "broken": "share that the classifier calls no photograph",
    "right before": "share whose input the classifier calls as asked already",
    "rims off": "share of the way round the eyes along which a line was removed",
    "whole frame off": "share with both rims (three quarters round) and the bridge removed",
    "frame left": "share of the contrast of the rims that is still there; 1 where none went",
    "rims on": "share of the way round the eyes along which a line was drawn",
    "bridge on": "share of the way from rim to rim along which a line was drawn",
    "temples on": "share of the way outwards along which a line was drawn",
    "whole frame on": "share with both rims (three quarters round) and a bridge drawn",
    "frame shapes": "how many shapes the added frames have in effect, by entropy; 1 to 13",
    "frame colours": "mean distance of a rim's colour from that of all, ΔE (CIE 1976)",
    "change": "L1 of 255, result against input, whole picture",
    "L1 elsewhere": "of 255, result against input, outside the mask, or a band along the eyes",
    "SSIM elsewhere": "result against input, outside the glasses",
    "skin lightness": "change of L* (0 to 100) of cheeks and nose",
    "skin hue": "change in degrees, towards yellow is positive",
    "background lightness": "change of L* of the upper corners",
    "background hue": "change in degrees",
    "cycle L1": "of 255, way back against input",
    "change of what is right": "L1 of 255 when the input is in the target's domain already",
    "eye outlines moved": "of lids and iris, in percent of the eye distance; 8 where they are gone",
    "face lost": "share in whose result the detector finds no face",
    "eyes moved": "of the eye distance, in percent",
    "nose and mouth moved": "of the eye distance, in percent",
}


def label(name: str) -> str:
    """The name of a score with an arrow that says which way is better."""
    return f"{name} {ARROWS.get(better(name), '')}".rstrip()


def better(name: str) -> str:
    """Whether `HIGH`, `LOW` or near `ZERO` is the better value of a score; "" where none is."""
    lowered = name.lower()
    if lowered in ("right before", "change"):
        return ""
    if lowered.startswith(_HIGH):
        return HIGH
    return ZERO if lowered.startswith(_ZERO) else LOW


def ranking_key(name: str, value: float) -> float:
    """A number that is larger for a better value."""
    return {HIGH: value, LOW: -value, ZERO: -abs(value), "": 0.0}[better(name)]
