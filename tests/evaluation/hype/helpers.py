"""Results of models on drawn pictures, and a study of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cyclegan_glasses.evaluation.hype.settings import TASKS, StudySettings
from cyclegan_glasses.evaluation.hype.study import Study, build_study
from cyclegan_glasses.evaluation.results_page import Result, write_results_page
from cyclegan_glasses.photo import Photo, write_manifest

SIDE = 16


def draw(path: Path, seed: int, side: int = SIDE) -> Path:
    """A picture of noise that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(values).save(path)
    return path


def make_results(root: Path, name: str, stems: list[str], seed: int, side: int = SIDE) -> None:
    """What test.py leaves below `root/results/<name>/test_latest`."""
    folder = root / "results" / name / "test_latest"
    rows = []
    for place, stem in enumerate(stems):
        pictures = {"real_A": f"images/{stem}_real_A.png", "fake_B": f"images/{stem}_fake_B.png"}
        for number, path in enumerate(pictures.values()):
            draw(folder / path, 1000 * seed + 2 * place + number, side)
        rows.append(Result(stem, pictures))
    write_results_page(folder, name, "AtoB", rows)


def make_data(root: Path, stems: list[str], reals: int = 6) -> Path:
    """A data set with a manifest whose groups are `race` (three of four are X) and `gender`."""
    photos = []
    for place, stem in enumerate(stems):
        draw(root / "data" / "testA" / f"{stem}.png", 50_000 + place)
        group = {"race": "Y" if place % 4 == 3 else "X", "gender": "Male" if place % 2 else "Female"}
        photos.append(Photo(f"testA/{stem}.png", group=group))
    for place in range(reals):
        draw(root / "data" / "testB" / f"real{place}.png", 60_000 + place)
    write_manifest(root / "data", photos)
    return root / "data"


def make_study(
    root: Path,
    tasks: tuple[str, ...] = TASKS,
    count: int = 4,
    names: tuple[str, ...] = ("one", "two"),
    **more,
) -> Study:
    """A study of `names` in `root/study`, of `count` portraits out of as many or 8."""
    stems = [f"face{place}" for place in range(max(8, count))]
    for seed, name in enumerate(names, 1):
        make_results(root, name, stems, seed)
    settings = StudySettings(
        names=names,
        dataroot=make_data(root, stems),
        tasks=tasks,
        count=count,
        results=root / "results",
        **more,
    )
    return build_study(settings, root / "study")
