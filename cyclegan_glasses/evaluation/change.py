"""What else changed: everything that neither putting on nor taking off glasses should touch.

Pictures are uint8 RGB (height, width, 3); eyes (2, 2) are the x and y of the right and left eye in pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cyclegan_glasses.evaluation.metrics import WINDOW, Mask, Picture, l1, ssim
from cyclegan_glasses.faces.align import Framing, alignment_of, take
from cyclegan_glasses.faces.detect import Face, FaceDetector

#: Lower limits in degrees of the classes of skin, Del Bino et al. 2006.
TYPOLOGY = ((55, "1 very light"), (41, "2 light"), (28, "3 intermediate"), (10, "4 tan"), (-30, "5 brown"))
GREYEST = 6.0  # a chroma below it has no hue worth a number
FRAMED = 0.02  # eyes nearer than this share of the side to their place need no new crop


def changed_elsewhere(before: Picture, after: Picture, glasses: Mask) -> dict[str, float]:
    """`L1 elsewhere` (of 255) and `SSIM elsewhere` between input and result where `glasses` is 0."""
    elsewhere = (glasses == 0).astype(np.float64)
    scores = {"L1 elsewhere": l1(after, before, elsewhere)}
    if min(before.shape[:2]) >= WINDOW:
        scores["SSIM elsewhere"] = ssim(after, before, elsewhere)
    return scores


def colour_shift(before: Picture, after: Picture, eyes: NDArray) -> dict[str, float]:
    """Signed change of the mean CIELAB colour of the skin and of the background, result minus input.

    Lightness in units of L* (0 to 100), hue in degrees of the a*b* plane (towards yellow is positive), left
    out where either picture is nearly grey. Skin is an ellipse over nose and cheeks below the glasses, the
    background both upper corners.
    """
    scores, corners = {}, np.zeros(before.shape[:2], bool)
    down, across = before.shape[0] // 6, before.shape[1] // 6
    corners[:down, :across] = corners[:down, -across:] = True
    for name, region in (("skin", skin_region(before.shape, eyes)), ("background", corners)):
        if region.any():
            old, new = (mean_lab(picture, region) for picture in (before, after))
            scores[f"{name} lightness"] = float(new[0] - old[0])
            if min(np.hypot(*old[1:]), np.hypot(*new[1:])) > GREYEST:
                rotation = np.degrees(np.arctan2(new[2], new[1]) - np.arctan2(old[2], old[1]))
                scores[f"{name} hue"] = float((rotation + 180) % 360 - 180)
    return scores


def skin_region(shape: tuple[int, ...], eyes: NDArray) -> NDArray[np.bool_]:
    """Cheeks and nose below the glasses, (height, width) of yes or no."""
    across, middle = eyes[1] - eyes[0], eyes.mean(axis=0)
    down = np.array([-across[1], across[0]])
    region = np.zeros(shape[:2], np.uint8)
    centre = middle + 0.85 * down
    axes = (0.62 * np.hypot(*across), 0.25 * np.hypot(*across))
    roll = float(np.degrees(np.arctan2(across[1], across[0])))
    cv2.ellipse(region, (tuple(centre.tolist()), tuple((2 * np.array(axes)).tolist()), roll), 1, -1)
    return region.astype(bool)


def mean_lab(picture: Picture, region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean CIELAB colour (D65) of a region: L* of 0 to 100, a*, b*."""
    pixels = picture[region].astype(np.float32)[None] / 255
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0].mean(axis=0), np.float64)


def typology_angle(picture: Picture, eyes: NDArray) -> float:
    """Individual typology angle of the skin in degrees: above 55 very light, below -30 dark.

    Chardon, Cretois and Hourseau, "Skin colour typology and suntanning pathways", Int. J. Cosmetic Science 13
    (1991): arctan((L* - 50) / b*). Light counts as much as the skin's own colour: it groups pictures, not
    people.
    """
    lightness, _, yellow = mean_lab(picture, skin_region(picture.shape, eyes))
    return float(np.degrees(np.arctan2(lightness - 50, max(float(yellow), 1e-6))))


def typology(angle: float) -> str:
    """The class of skin of an individual typology angle in degrees."""
    return next((name for limit, name in TYPOLOGY if angle > limit), "6 dark")


def landmarks_moved(
    before: Picture, after: Picture, eyes: NDArray, detector: FaceDetector
) -> dict[str, float]:
    """How far the detector's eyes, and nose and mouth, moved, mean in percent of the eye distance.

    Empty where it finds no face in the input; `face lost` is 1 where it finds none in the result.
    """
    found = [detector.find_faces(picture)[:1] for picture in (before, after)]
    if not found[0]:
        return {}
    if not found[1]:
        return {"face lost": 1.0}
    distance = float(np.hypot(*(eyes[1] - eyes[0])))
    moved = 100 * np.hypot(*(found[1][0].landmarks - found[0][0].landmarks).T) / distance
    scores = {"face lost": 0.0, "eyes moved": float(moved[:2].mean())}
    if np.isfinite(moved[2:]).all():
        scores["nose and mouth moved"] = float(moved[2:].mean())
    return scores


def framed(picture: Picture, eyes: NDArray, framing: Framing, size: int) -> Picture:
    """The face with its eyes where an encoder or classifier expects them: uint8 (size, size, 3).

    A picture that has them there already is only resized, and not even that at the right size.
    """
    height, width = picture.shape[:2]
    half = np.array([framing.eye_distance / 2, 0])
    expected = np.array([0.5, framing.eye_height]) + np.stack([-half, half])
    if height == width and np.abs(eyes / width - expected).max() < FRAMED:
        if width == size:
            return picture
        return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
    landmarks = np.full((5, 2), np.nan)
    landmarks[:2] = eyes
    face = Face((0, 0, width, height), 1.0, landmarks)
    return take(picture, alignment_of(face, size, picture.shape, framing))
