"""Filters a folder two photos at a time in a process of its own, to be killed at it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cyclegan_glasses.criteria import filtering, measure
from cyclegan_glasses.criteria.settings import FilterSettings
from tests.criteria.helpers import DrawnFaces


def filter_batches(argv: Sequence[str]) -> None:
    """Measure and decide the folder `argv[0]`; a line for each photo that was measured."""
    filtering.detector_file = lambda path: None
    filtering.process_detector = measure.process_detector = lambda path: DrawnFaces()
    filtering._BATCH = 2
    for _ in filtering.measure_folders([Path(argv[0])], FilterSettings(align=True, workers=1)):
        print("x", flush=True)
    filtering.decide_folders([Path(argv[0])], FilterSettings(align=True, workers=1))
