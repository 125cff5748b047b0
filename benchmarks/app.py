"""The app over many uploads: what becomes of each, and its memory meanwhile. Or the rate of its mirror.

    python benchmarks/app.py [--uploads 1000] [--bad 0.1] [--people 4] [--seed 0]
    python benchmarks/app.py --mirror 10

Starts `cyclegan-glasses app` as a process of its own. So many people, each with a page, give it synthetic
portraits in every format that is read, from 60 thousand to 12 million pixels, and among them files that are
damaged, hostile, or no pictures. A photo that opens is edited and downloaded; a page is closed after
eight of them. Of a file that does not open the page must show one line. Prints a row for every tenth part:
memory is the resident set of the process, `private` what it does not share with others.

`--mirror SECONDS` opens the mirror in headless Chromium, which draws without a GPU, with a fake camera that
shows a portrait that moves. Prints how many pictures a second it shows, at most 20, and how many processors
the app takes, and all that runs on the computer, browser included. A swap edits a face without glasses as
putting on does, and removing finds nothing to remove: its rate is what the page reaches without an edit.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cyclegan_glasses.images import check_header, to_bytes
from tests.app.client import Page, PageError
from tests.app.helpers import files_kept, portrait, write_film
from tests.browser import chromium, click, fake_camera, seen, wait
from tests.fuzz.mutation import mutate_bytes
from tests.fuzz.readers import clips, pictures

ROOT = Path(__file__).resolve().parents[1]
FORMATS = ("JPEG", "JPEG", "JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "GIF", "PPM")
SIDES = (240, 480, 900, 1600, 3464)
OF_A_PAGE = 8
WAYS = ("off", "strip", "look")


@dataclass
class Tally:
    """What became of the uploads so far."""

    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, state: str, wrong: str = "") -> None:
        """Count one; `wrong` says what it should not have been."""
        with self.lock:
            self.states[state] += 1
            self.wrong += [wrong] * bool(wrong)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--uploads", type=int, default=1000)
    parser.add_argument("--bad", type=float, default=0.1, help="fraction of bad files")
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mirror", type=float, metavar="SECONDS", help="measure the mirror instead")
    args = parser.parse_args()
    if args.mirror:
        mirror(args.mirror)
        return
    tally, begun = Tally(), time.monotonic()
    print("| uploads | opened | refused | seconds | MB resident | MB private | files kept |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with app() as (process, address, errors):
        part = max(1, args.uploads // 10)
        for first in range(0, args.uploads, part):
            count = min(part, args.uploads - first)
            with ThreadPoolExecutor(args.people) as pool:
                todo = np.array_split(range(first, first + count), args.people)
                list(pool.map(lambda places: person(address, places, args, tally), todo))
            resident, private = memory(process.pid)
            states = tally.states
            row = (
                first + count,
                states["opened"],
                states["refused"],
                time.monotonic() - begun,
                resident,
                private,
            )
            print(
                "| {} | {} | {} | {:.0f} | {:.0f} | {:.0f} |".format(*row),
                f"{len(files_kept(process.pid))} |",
                flush=True,
            )
        told, left = errors(), len(files_kept(process.pid))
    traces = told.count("Traceback")
    print(f"\ntracebacks in the terminal: {traces}; files kept in the end: {left}")
    for line in tally.wrong:
        print("wrong:", line)
    sys.exit(bool(traces or tally.wrong))


@contextmanager
def app() -> Iterator[tuple]:
    """The app; gives its process, its address, and what it wrote on standard error so far."""
    with tempfile.TemporaryFile("w+") as log:
        command = [sys.executable, "-m", "cyclegan_glasses", "app", "--no_browser"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout
            address = process.stdout.readline().split()[0]

            def errors() -> str:
                log.seek(0)
                return log.read()

            yield process, address, errors
        finally:
            process.terminate()
            process.wait()


def mirror(seconds: float) -> None:
    """Print the rate of the mirror in a browser."""
    count = """
      window.shown = 0;
      new MutationObserver(changes => { window.shown += changes.filter(one => one.attributeName).length })
        .observe(document.querySelector("#mirror"), {subtree: true, attributeFilter: ["src"]});"""
    with tempfile.TemporaryDirectory() as folder, app() as (process, address, _):
        camera = fake_camera(write_film(Path(folder) / "face.mjpeg"))
        for browser in chromium(1280, 1000, *camera):
            browser.get(address)
            for button in ("button[role=tab]:nth-of-type(2)", "#camera button:has(.icon-wrap)"):
                wait(seen(browser, button))
                click(browser, button)
            wait(seen(browser, "#camera button.capture-button"))
            click(browser, "#camera button.capture-button")
            wait(seen(browser, "#mirror img"))
            browser.execute_script(count)
            print("| mirror | pictures a second | processors of the app | processors of all |")
            print("| --- | --- | --- | --- |")
            for place, name in enumerate(("put on", "take off, nothing worn", "swap, nothing worn")):
                click(browser, "#way input", place)
                time.sleep(3)
                before = browser.execute_script("return window.shown"), cpu(process.pid), all_cpu()
                begun = time.monotonic()
                time.sleep(seconds)
                after = browser.execute_script("return window.shown"), cpu(process.pid), all_cpu()
                passed = time.monotonic() - begun
                rates = [(now - then) / passed for now, then in zip(after, before, strict=True)]
                print("| {} | {:.1f} | {:.2f} | {:.2f} |".format(name, *rates), flush=True)


def cpu(process: int) -> float:
    """Seconds of processors that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def all_cpu() -> float:
    """Seconds of processors that all of this computer has used."""
    user, nice, system, *_ = map(int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def person(address: str, places: np.ndarray, args: argparse.Namespace, tally: Tally) -> None:
    """Give the app the files of these numbers, and do something with each that opens."""
    page = None
    for index, number in enumerate(places):
        if page is None or index % OF_A_PAGE == 0:
            if page:
                page.close()
            page = Page(address)
        rng = random.Random(f"{args.seed} {number}")
        is_bad = rng.random() < args.bad
        name, data = bad_file(rng) if is_bad else photograph(rng)
        try:
            page.open(name, data)
            use(page, rng)
            tally.note("opened")
        except PageError as error:
            text = str(error)
            one_line = (
                text and "\n" not in text and "Traceback" not in text and tempfile.gettempdir() not in text
            )
            told = f"{number} {name}: {text!r}"
            tally.note("refused", told if not one_line or not (is_bad or "no face" in text) else "")
    if page:
        page.close()


def use(page: Page, rng: random.Random) -> None:
    """What a person does with a photo that is open."""
    way = rng.choice(WAYS)
    if way == "look":
        return
    style = ["", "", "", False]
    if way == "off":
        values = page.do("off", "click", False)
    else:
        frames = page.do("upload", "input", *style, then=True)[0]
        if not frames:
            return
        values = page.do("strip", "select", *style, index=rng.randrange(len(frames)))
    check_header(page.fetch(values[-1]["value"]))


def photograph(rng: random.Random) -> tuple[str, bytes]:
    """A photo in one of the formats, with a face or several, and its name."""
    kind, side = rng.choice(FORMATS), rng.choice(SIDES)
    faces = [portrait(rng.randrange(6), rng.random() < 0.6) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    picture = Image.fromarray(np.hstack(faces))
    picture = picture.resize((side, max(1, round(side * picture.height / picture.width))))
    if kind in ("PNG", "WEBP", "TIFF") and rng.random() < 0.3:
        picture.putalpha(200)
    if kind == "JPEG" and rng.random() < 0.1:
        picture = picture.convert(rng.choice(("L", "CMYK")))
    if kind == "GIF":
        picture = picture.quantize(128)
    return f"photo {rng.randrange(9999)}.{kind.lower()}", to_bytes(picture, kind)


def bad_file(rng: random.Random) -> tuple[str, bytes]:
    """What a person should not give, and its name."""
    names = (
        "a.jpg",
        "b.png",
        "a" * 240 + ".jpg",
        "<b>x</b>.png",
        "..jpg",
        "é\u202e.jpg",
        "x",
        "-rf.jpg",
        "%s.tif",
    )
    match rng.randrange(8):
        case 0:
            data = b""
        case 1:
            data = rng.randbytes(rng.choice((1, 100, 100_000)))
        case 2:
            data = mutate_bytes(photograph(rng)[1], rng)
        case 3:
            whole = photograph(rng)[1]
            data = whole[: rng.randrange(len(whole) // 2)]
        case 4:  # more pixels than are allowed, in few bytes
            file = io.BytesIO()
            Image.new("1", (60_000, 60_000)).save(file, "PNG")
            data = file.getvalue()
        case 5:
            data = rng.choice(clips())
        case 6:
            data = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        case _:
            data = mutate_bytes(rng.choice(pictures()), rng)
    return rng.choice(names), data


def memory(process: int) -> tuple[float, float]:
    """Megabytes of a process: resident, and private ones."""
    rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    sizes = {row.split()[0]: int(row.split()[1]) / 1024 for row in rows[1:]}
    return sizes["Rss:"], sizes["Private_Clean:"] + sizes["Private_Dirty:"]


if __name__ == "__main__":
    main()
