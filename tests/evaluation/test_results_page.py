"""The results page shows every picture of both directions with the scores that were measured."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclegan_glasses.evaluation.results_page import ROWS, Result, read_rows, summary, write_results_page


def result(stem: str, direction: str = "AtoB", psnr: float = 25.0, before: float = 20.0) -> Result:
    a, b = direction[0], direction[-1]
    paths = {label: f"images/{stem}_{label}.png" for label in (f"real_{a}", f"fake_{b}", f"rec_{a}")}
    return Result(
        stem, paths, f"images/{stem}_truth.png", {"PSNR": psnr, "SSIM": 0.9}, {"PSNR": before, "SSIM": 0.95}
    )


def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def texts(cells: list) -> list[str]:
    return [
        cell if isinstance(cell, str) else BeautifulSoup(cell.render(), "html.parser").get_text()
        for cell in cells
    ]


def test_page(tmp_path: Path) -> None:
    """What was done, by which model, and the pictures in order come first; the numbers are folded away."""
    soup = soup_of(write_results_page(tmp_path / "r", "demo, latest", "AtoB", [result("x #1")]))
    assert soup.h1.get_text() == "Glasses taken off" and soup.p.get_text().startswith("Model: demo, latest")
    card = soup.find(id="cards-AtoB").find(class_="card")
    labels = [caption.get_text() for caption in card.find_all("figcaption")]
    assert labels == ["with glasses real_A", "removed fake_B", "added again rec_A", "truth"]
    assert card.img["src"] == "images/x%20%231_real_A.png"
    assert card.find(class_="head").get_text() == "x #1PSNR 25.0 dB, before 20.0 dB"
    assert "By PSNR, the result is nearer to the same face without glasses" in soup.get_text()
    means, each = soup.details.find_all("table")
    assert [cell.get_text() for cell in each.find_all("td")] == ["x #1", "25.0 dB (20.0 dB)", "0.900 (0.950)"]
    assert [span["class"] for span in means.find_all("span", class_=True)] == [["good"], ["bad"]]


def masked(stem: str, after: float) -> Result:
    return Result(stem, {"real_A": "r.png"}, "t.png", {"L1 inside": after}, {"L1 inside": 20.0})


def test_best_typical_and_worst_come_first(tmp_path: Path) -> None:
    """Whoever looks at three pictures alone has seen what to expect."""
    rows = [masked(f"{after}", after) for after in (5.0, 30.0, 10.0, 1.0, 15.0, 12.0)]
    soup = soup_of(write_results_page(tmp_path, "demo", "AtoB", rows))
    heads = [head.get_text() for head in soup.find(class_="cards").select(".card .head")]
    assert heads == [
        "Best: 1.05% of the difference left",
        "Typical: 10.050% of the difference left",
        "Worst: 30.0150% of the difference left",
    ]
    assert "61% of the difference" in soup.get_text() and "5 of 6" in soup.get_text()


def test_second_direction_adds(tmp_path: Path) -> None:
    """Testing the other direction adds to the page; testing one again replaces it."""
    write_results_page(tmp_path, "demo", "BtoA", [result("b", "BtoA")])
    write_results_page(tmp_path, "demo", "AtoB", [result("a"), result("b")])
    path = write_results_page(tmp_path, "demo", "AtoB", [result("c")])
    soup = soup_of(path)
    assert soup.h1.get_text() == "Glasses taken off and put on"
    headings = [h.get_text() for h in soup.find_all("h2")]
    assert headings == ["Glasses taken off", "1 picture", "Glasses put on", "1 picture"]
    assert [card.h3.get_text() for card in soup.select("#cards-AtoB > .card, #cards-BtoA > .card")] == [
        "c",
        "b",
    ]


def test_summary() -> None:
    """Means, the change, and how many results are nearer to the truth than the input was."""
    rows = [result("a", psnr=26, before=20), result("b", psnr=24, before=25), result("c", psnr=28, before=21)]
    lines = [texts(line) for line in summary(rows)]
    assert lines[0] == ["PSNR", "26.0 dB", "22.0 dB", "+4.0 dB", "67 %"]
    assert lines[1] == ["SSIM", "0.900", "0.950", "-0.050", "0 %"]


def test_scores_that_are_to_be_low() -> None:
    """A smaller error is a gain."""
    low = Result("a", {}, scores={"MAE in mask": 1.0}, input_scores={"MAE in mask": 4.0})
    assert texts(summary([low])[0]) == ["MAE in mask", "1", "4", "-3", "100 %"]
    assert 'class="good"' in summary([low])[0][3].render()


def test_without_truth(tmp_path: Path) -> None:
    """A plain folder has pictures and no scores, and nothing is made up for it."""
    soup = soup_of(
        write_results_page(tmp_path, "demo", "AtoB", [Result("a", {"real": "r.png", "fake": "f.png"})])
    )
    assert [c.get_text() for c in soup.find_all("figcaption")] == ["input real", "result fake"]
    assert not soup.find("table") and not soup.find("select") and "1 picture" in soup.get_text()
    assert soup.h1.get_text() == "Translated pictures"


def test_scores_of_identical_pictures(tmp_path: Path) -> None:
    """A result equal to the truth (infinite PSNR) and an undefined score are shown and kept."""
    rows = [Result("a", {}, "", {"PSNR": math.inf, "SSIM": math.nan}, {"PSNR": math.inf, "SSIM": 0.5})]
    soup = soup_of(write_results_page(tmp_path, "demo", "AtoB", rows))
    assert "∞ (∞)" in soup.get_text()
    assert read_rows(tmp_path)["AtoB"][0].scores["PSNR"] == math.inf


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version":9,"directions":{}}', '{"version":1,"directions":{"A":[{}]}}']
)
def test_damaged_rows(tmp_path: Path, text: str) -> None:
    """A damaged file beside the page costs the other direction, not the result at hand."""
    (tmp_path / ROWS).write_text(text)
    write_results_page(tmp_path, "demo", "AtoB", [result("a")])
    assert list(read_rows(tmp_path)) == ["AtoB"]


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_any_stem(tmp_path_factory: pytest.TempPathFactory, stem: str) -> None:
    """Whatever a file is called, the page shows its name and is not broken by it."""
    soup = soup_of(write_results_page(tmp_path_factory.mktemp("r"), stem, "AtoB", [result(stem)]))
    assert soup.select_one("#cards-AtoB h3").get_text() == stem and len(soup.find_all("script")) == 1
