"""`web/index.html` shows what the run drew, newest first, and nothing of another run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from bs4 import BeautifulSoup
from PIL import Image

from cyclegan_glasses.monitoring.history import History
from cyclegan_glasses.monitoring.training_page import TrainingPage
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import LABELS, NAMES, losses, pictures


def train(run: Run, at: Callable[[int], Progress], *steps: int) -> TrainingPage:
    history, page = History(run.folder), TrainingPage(run.folder)
    history.start(run)
    page.start(run)
    for step in steps:
        history.losses(at(step), losses(step))
        page.losses(at(step), losses(step))
        page.page(at(step), pictures(shade=step % 256))
    return page


def soup_of(run: Run) -> BeautifulSoup:
    return BeautifulSoup((run.folder / "web" / "index.html").read_text(encoding="utf-8"), "html.parser")


def sources(run: Run) -> list[str]:
    return [image["src"] for image in soup_of(run).find_all("img") if image.get("src")]


def test_page(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """Pictures in both directions with their labels, newest epoch first; curves; options; no live script."""
    run = make_run("glasses & <b>")
    page = train(run, at, 100, 1100, 2100)
    expected = [f"images/epoch{epoch:03d}_{label}.png" for epoch in (3, 2, 1) for label in LABELS]
    assert sources(run) == expected
    soup = soup_of(run)
    assert soup.h1.get_text() == "Training of glasses & <b>" and len(soup.find_all("script")) == 1
    assert {line["data-name"] for line in soup.find_all("polyline")} == {*NAMES, "rate"}
    assert "8.1 pictures/s · 1 h 06 min left" in soup.p.get_text() and "epoch 3 of 10" in soup.p.get_text()
    assert soup.body.get("data-refresh") == "60"
    assert "<script>alert(1)</script>" in soup.details.get_text()
    page.close()
    assert soup_of(run).body.get("data-refresh") is None and "not running" in soup_of(run).p.get_text()


def test_pictures_on_disk(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """The files have the names of the reference implementation and hold exactly what was handed over."""
    run = make_run()
    train(run, at, 100)
    for label, picture in pictures(shade=100).items():
        with Image.open(run.folder / "web" / "images" / f"epoch001_{label}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), picture)


def test_resume_keeps_earlier_epochs(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """A run that goes on shows its first epochs still, but none that it has not reached again."""
    train(make_run(), at, 100, 1100, 2100)
    run = make_run(step=1000, resumed=True)
    train(run, at, 1200)
    epochs = [source[7:15] for source in sources(run)]
    assert epochs == ["epoch002"] * 8 + ["epoch001"] * 8


def test_new_run_shows_nothing_old(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """A run that begins anew in an old folder does not pass off the old run's pictures as its own."""
    train(make_run(), at, 100, 1100)
    run = make_run()
    train(run, at, 1200)
    assert {source[7:15] for source in sources(run)} == {"epoch002"}


def test_closed_before_a_report(make_run: Callable[..., Run]) -> None:
    """A run that ends at once leaves a page that says so."""
    run = make_run()
    page = TrainingPage(run.folder)
    page.start(run)
    page.close()
    assert "No report yet" in soup_of(run).get_text()


def test_the_same_pictures_over_time_are_few_and_begin_with_what_goes_in(
    make_run: Callable[..., Run], at: Callable[[int], Progress]
) -> None:
    run = make_run()
    page = train(run, at, 100)
    rows = {label: np.full((8, 48, 3), 90, np.uint8) for label in ("real_A", "fake_B")}
    for step in range(0, 1000, 20):
        page.gallery(at(step), rows)
    names = [name for name in sources(run) if name.startswith("gallery/")]
    made = [name for name in names if "fake_B" in name]
    assert names[0] == "gallery/step00000980_real_A.jpg" and len(names) == len(made) + 1
    assert made[0].endswith("step00000000_fake_B.jpg") and made[-1].endswith("step00000980_fake_B.jpg")
    assert 12 <= len(made) <= 24
    on_disk = {path.name for path in (run.folder / "web" / "gallery").iterdir()}
    assert {name.removeprefix("gallery/") for name in names} <= on_disk and len(on_disk) == 2 * len(made)
    TrainingPage(run.folder).start(make_run(step=500, resumed=True))
    left = {int(path.name[4:12]) for path in (run.folder / "web" / "gallery").iterdir()}
    assert 0 in left and max(left) <= 500
    TrainingPage(run.folder).start(make_run())
    assert not any((run.folder / "web" / "gallery").iterdir())
