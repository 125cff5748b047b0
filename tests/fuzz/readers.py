"""Every reader of the outside world, with small valid files of its kind.

A reader is given a damaged file and reads it as its command would, to the end: it may raise `UserError`, or
the error that it documents, and nothing else.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.attributes.weights import read_weights, write_weights
from cyclegan_glasses.collect.pairs import bare_faces
from cyclegan_glasses.collect.review import Query, Review
from cyclegan_glasses.collect.writer import begun
from cyclegan_glasses.criteria.decide import decide
from cyclegan_glasses.criteria.settings import Thresholds
from cyclegan_glasses.data.labels import labels_of
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.editing.animation import open_animation
from cyclegan_glasses.editing.encode import encode
from cyclegan_glasses.editing.facemath import FaceMath, load_facemath, save_facemath
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.photograph import read_photograph, to_rgb8
from cyclegan_glasses.editing.trained import load_generator
from cyclegan_glasses.editing.video import open_video
from cyclegan_glasses.errors import UserError, explained
from cyclegan_glasses.evaluation.hype.answers import ANSWERS, read_answers
from cyclegan_glasses.evaluation.hype.plan import to_page
from cyclegan_glasses.evaluation.hype.study import STUDY, read_study
from cyclegan_glasses.evaluation.inputs import eyes_of, groups_of
from cyclegan_glasses.evaluation.results_page import ROWS, Result, read_rows, summary, write_results_page
from cyclegan_glasses.files import parse_json
from cyclegan_glasses.images import check_header, open_picture, to_bytes
from cyclegan_glasses.monitoring.history import HISTORY, read_history, thin
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import AutoencoderSettings, GeneratorSettings, ReaderSettings
from cyclegan_glasses.options import train
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.custom_frames import load_frames
from cyclegan_glasses.photo import MANIFEST, current_offsets, latest_photos, manifest_hash, photos_at
from cyclegan_glasses.signatures import HEAD, fitting_name
from cyclegan_glasses.sources import commons, openverse
from cyclegan_glasses.sources.annotations import read_annotations
from cyclegan_glasses.sources.archive import read_content
from cyclegan_glasses.sources.celeba import CelebaSource
from cyclegan_glasses.sources.fetch.robots import parse_robots, refusing_tag
from cyclegan_glasses.sources.fetch_log import LOG, FetchLog
from cyclegan_glasses.sources.folder import FolderSource
from cyclegan_glasses.sources.google import api_results, results_page
from cyclegan_glasses.sources.kaggle import KaggleSource, label_rows
from cyclegan_glasses.sources.search_result import parse_object
from cyclegan_glasses.training.run_folder import OPTIONS_FILE
from cyclegan_glasses.weight_files import load_tensors
from tests.editing.videos import write_video
from tests.fuzz import mutation

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Reader:
    """A reader of one kind of file.

    Attributes:
        name: of the kind.
        seeds: makes the valid files.
        read: reads the file at a path, in a folder of its own.
        mutations: beside those of bytes, the ways in which its files are damaged.
        file: name of the file.
        documented: what it may raise beside `UserError`.
        megabytes: by which the peak of memory may grow in one case; pictures have their own limit.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[Path], object]
    mutations: tuple[mutation.Mutation, ...] = ()
    file: str = "x"
    documented: tuple[type[Exception], ...] = ()
    megabytes: int = 300

    @property
    def ways(self) -> tuple[mutation.Mutation, ...]:
        """All mutations; those that keep the form of the file are taken more often."""
        return mutation.mutate_bytes, *self.mutations, *self.mutations


@cache
def pictures() -> tuple[bytes, ...]:
    """A small picture in every format and mode that is read."""
    values = np.random.default_rng(0).integers(0, 256, (12, 9, 4), np.uint8)
    colour, exif = Image.fromarray(values[:, :, :3]), Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    modes = [Image.fromarray(values), colour, colour.convert("L"), colour.convert("P"), colour.convert("1")]
    modes.append(Image.fromarray(values.view(np.uint16)[:, :, 0].copy()))
    made = []

    def add(picture: Image.Image, kind: str, **how: Any) -> None:
        file = io.BytesIO()
        picture.save(file, kind, **how)
        made.append(file.getvalue())

    for picture in modes:
        add(picture, "PNG", exif=exif)
        add(picture, "TIFF")
    for how in ({"quality": 80, "exif": exif}, {"progressive": True, "comment": b"a"}):
        add(colour, "JPEG", **how)
    add(colour.convert("CMYK"), "JPEG")
    for compression in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        add(colour, "TIFF", compression=compression, exif=exif)
    add(colour.convert("1"), "TIFF", compression="group4")
    add(colour, "WEBP", exif=exif)
    add(Image.fromarray(values), "WEBP", lossless=True)
    add(colour, "WEBP", save_all=True, append_images=[colour.convert("L")])
    made.extend(to_bytes(picture, kind) for picture in modes[:3] for kind in ("HEIF", "AVIF"))
    add(colour.convert("P"), "GIF", comment=b"a")
    add(colour, "BMP")
    add(colour.convert("P"), "BMP")
    add(colour, "PPM")
    made.append(b"P3\n2 1\n255\n1 2 3 4 5 6\n")
    return tuple(made)


@cache
def clips() -> tuple[bytes, ...]:
    """A small animation of every kind, and a video in every container."""
    values = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3), np.uint8)
    frames = [Image.fromarray(one) for one in values]
    how: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 40}
    made = [to_bytes(frames[0], kind, **how) for kind in ("GIF", "WEBP", "PNG", "AVIF")]
    with tempfile.TemporaryDirectory() as name:
        for suffix in (".mp4", ".webm", ".avi"):
            path = write_video(Path(name) / f"x{suffix}", [*values], sound=True)
            made.append(path.read_bytes())
    return tuple(made)


def _read_clip(path: Path) -> None:
    with explained(lambda error: UserError(str(error))):  # as whoever edits files does
        clip = open_animation(path) or open_video(path)
        suffix = fitting_name("x", path.read_bytes()[:HEAD])[1:]
        if clip and clip.count < 100:
            with clip.writer(io.BytesIO(), suffix, False) as add:
                for frame in clip.frames():
                    add(frame, frame)


def _one_picture() -> list[bytes]:
    return [one for one in pictures() if one.startswith(b"\x89PNG")][:2]


def _read_picture(path: Path) -> None:
    check_header(path)
    open_picture(path, 1)
    open_picture(path.read_bytes())


def _read_photograph(path: Path) -> None:
    photo = read_photograph(path)
    to_rgb8(photo.pixels)
    if photo.pixels.size < 1 << 16:
        for kind, strip in ((photo.format, False), ("PNG", False), ("JPEG", True), ("TIFF", False)):
            encode(photo, photo.pixels, kind, strip)


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


def _archives() -> list[bytes]:
    png = _one_picture()[0]
    table = b"id,v1,glasses\n1,0.5,1\n2,0.1,0\n"
    celeba = b"2\nEyeglasses Male Young\n000001.jpg 1 -1 1\n000002.jpg -1 1 -1\n"
    return [
        _zip(
            {
                "train.csv": table,
                "test.csv": b"id,v1\n3,1\n",
                "faces/face-1.png": png,
                "faces/face-2.png": png,
            }
        ),
        _zip({"a/glasses/1.png": png, "a/no_glasses/2.png": png, "a/test/sunglasses/3.png": png}),
        _zip({"list_attr_celeba.txt": celeba, "img/000001.jpg": png, "img/000002.jpg": png}),
    ]


def _read_archive(path: Path) -> None:
    for source in (KaggleSource(path), CelebaSource(path)):
        with suppress(UserError):
            for item in source.photos():
                with suppress(UserError):
                    read_content(item.content)  # type: ignore[arg-type]  # these make one photo of one


PHOTOS = [
    {"path": "photos/a.png", "label": "glasses", "origin": "o", "sha256": "0" * 64, "width": 12, "height": 9},
    {
        "path": "photos/b.png", "label": "none", "person": "7", "split": "train", "verdict": "accepted",
        "group": {"gender": "female", "age": "20-29"}, "sha256": "1" * 64, "width": 100, "height": 100,
        "facts": {
            "face": {"landmarks": [[1, 2], [3, 4], None, [5, 6], [7, 8]], "turn": 3.5},
            "frame": {"shape": "round"}, "mask": "trainM/b.png", "hashes": "0" * 32, "measured": "1 yunet x",
            "judged": "none",
        },
        "scores": {"faces": 1, "turn": 3.0, "lens": 0.5, "edges": 0.2, "judge_confidence": 0.9},
    },
    {"path": "photos/c.png", "verdict": "rejected", "reason": "framing: no face found", "version": 1},
]  # fmt: skip


def _lines(rows: Sequence[object]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _read_manifest(path: Path) -> None:
    folder = path.parent
    photos = latest_photos(folder)
    assert [*photos_at(folder, current_offsets(folder))] == [*photos.values()]
    manifest_hash(folder)
    for photo in photos.values():
        labels_of(photo)
        eyes_of(photo, (64, 64))
        groups_of(photo)
        decide(photo, Thresholds(), align=True)
    review = Review(folder)
    found = review.find(Query())
    review.counts()
    json.dumps([review.describe(number) for number in found])
    bare_faces(folder, folder / "out")


STUDY_VALUES = {
    "version": 1, "direction": "AtoB", "tasks": ["criteria", "infinity", "time"], "models": ["m", "n"],
    "portraits": [
        {"stem": "s", "input": "0" * 16 + ".png", "results": {"m": "1" * 16 + ".png", "n": "2" * 16 + ".png"},
         "group": {"gender": "male"}}
    ],
    "reals": ["3" * 16 + ".png"], "trials": 20, "each": 1, "seed": 0,
}  # fmt: skip


def _read_study(path: Path) -> None:
    study = read_study(path.parent)
    study.pictures()
    json.dumps(to_page(study, "anna"))


def _read_results(path: Path) -> None:
    for results in read_rows(path.parent).values():
        summary(results)
    write_results_page(
        path.parent, "title", "AtoB", [Result("a", {"real_A": "images/a.png"}, "", {"PSNR": 3.0})]
    )


def _read_filter(path: Path) -> None:
    path.with_name(MANIFEST).write_bytes(_lines(PHOTOS))
    review = Review(path.parent)
    json.dumps([review.describe(number) for number in review.find(Query(sort="-turn"))])


def _read_options(path: Path) -> None:
    with suppress(SystemExit):  # the parser's own message, with exit code 2
        run = ["--name", path.parent.name, "--checkpoints_dir", str(path.parent.parent)]
        train.parse([*run, "--continue_train", "--dataroot", "x", "--display_id", "0"])
    generators()[1](path.parent / "latest_net_G_A.pth")
    load_model(path.parent, CPU)


@cache
def generators() -> tuple[bytes, Callable[[Path], object]]:
    """A small generator as bytes, and how it is put in place."""
    file = io.BytesIO()
    torch.save(build_generator(GeneratorSettings("resnet_6blocks", filters=1)).state_dict(), file)
    return file.getvalue(), lambda path: path.write_bytes(file.getvalue())


def _saved(save: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        save(Path(name) / "x.pt")
        return (Path(name) / "x.pt").read_bytes()


@cache
def packages() -> tuple[bytes, ...]:
    """A packed editor, a classifier and an algebra of faces, as small as they are made."""
    classifier = _saved(
        lambda path: write_weights(path, Facelyzr(ReaderSettings(16, (2, 3), 4)), Calibration())
    )
    network, vector = FaceAutoencoder(AutoencoderSettings(16, (2, 3), 3)), np.ones(3, np.float32)
    algebra = FaceMath(network, vector, vector, {"glasses": vector}, None)
    weights = torch.load(io.BytesIO(generators()[0]))
    content = {
        "format": "cyclegan-glasses editor", "version": 1, "size": 64, "facts": {"name": "x"},
        "framing": {"eye_height": 0.4, "eye_distance": 0.36}, "passes": {"AtoB": 1},
        "generators": {"AtoB": {name: value.half() for name, value in weights.items()}},
    }  # fmt: skip
    editor = io.BytesIO()
    torch.save(content, editor)
    return editor.getvalue(), _saved(lambda path: save_facemath(path, algebra)), classifier


def _read_weights(path: Path) -> None:
    for load in (
        lambda: load_generator(path, Precision("fp32", CPU)),
        lambda: load_model(path, CPU),
        lambda: read_weights(path),
        lambda: load_facemath(path),
        lambda: load_tensors(path),
    ):
        with suppress(UserError):
            load()


TABLE = b'path,label,person,race,age,other\na.png,glasses,1,Asian,20-29,x\nb/c.png;,none,2,White,3,"y"\n'


def _read_table(path: Path) -> None:
    folder = path.parent / "photos"
    (folder / "b").mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "b/c.png"):
        (folder / name).write_bytes(b"")
    for item in FolderSource(folder, labels=path).photos():
        labels_of(item.photo)


def _read_annotations(path: Path) -> None:
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    for read in (lambda: list(read_annotations(lines, "x")[1]), lambda: list(label_rows(lines, "x"))):
        with suppress(UserError):
            read()


PAGE = b"""<html><a href="/imgres?imgurl=http://a.b/c.jpg&imgrefurl=http://a.b/">x</a><!-- c --><script>
["http://a.b/d.jpg",3,4],"2003":[null,"id","http://a.b/","title \\\\u0041"]</script>
<img src="data:image/png;base64,AAAA" alt='a &amp; b' data-src=https://encrypted-tbn0.gstatic.com/x></html>"""


def _read_page(path: Path) -> None:
    html = path.read_bytes().decode("utf-8", "replace")
    for thumbnails in (False, True):
        with suppress(UserError):
            results_page(html, "page", thumbnails)
    rules = parse_robots(html)
    rules.allows("http://a.b/c?d")
    refusing_tag([html])


ANSWERS_OF_SERVICES = [
    {"items": [{"link": "http://a.b/c", "title": "t", "image": {"contextLink": "http://a.b"}}]},
    {
        "page_count": 2,
        "results": [{"url": "http://a.b/c", "license": "by", "license_version": "2.0", "id": "x"}],
    },
    {
        "continue": {"gsroffset": 50},
        "query": {"pages": [{"index": 1, "title": "File:x", "imageinfo": [
            {"url": "http://a.b/c?utm_source=x", "mime": "image/jpeg",
             "extmetadata": {"License": {"value": "cc-by-4.0"}, "Artist": {"value": "<b>A"}}}]}]},
    },
]  # fmt: skip


def _read_answer(path: Path) -> None:
    payload = parse_object(path.read_bytes(), "service")
    api_results(payload)
    openverse.results(payload, ("by", "cc0"))
    commons.results(payload, ("by", "cc0"))
    commons.next_parameters(payload)


HISTORY_ROW = {
    "epoch": 1, "pictures": 2, "step": 3, "seen": 4, "position": 0.5, "rate": 1e-3,
    "pictures_per_second": 2.0, "time": 1.5, "losses": {"G_A": 1.0, "D_A": None},
}  # fmt: skip


def _read_rater(path: Path) -> None:
    read_answers([path])


CATALOGUE = {
    "frame": [
        {"name": "round", "shape": "round", "material": "metal", "colours": ["gold"], "lens_width": 48},
        {"name": "mine", "front": "front.png", "width": 140, "note": "n"},
    ]
}


def _read_catalogue(path: Path) -> None:
    (path.parent / "front.png").write_bytes(_one_picture()[0])
    as_toml = path.with_suffix(".toml")
    if path.is_file():
        as_toml.write_bytes(path.read_bytes())
    for file in (path, as_toml):
        read_catalogue.cache_clear()
        with suppress(UserError):
            for entry in read_catalogue(file).values():
                json.dumps(entry.to_json())


TOML = b"""[[frame]]
name = "a"
shape = "round"
material = "metal"
colours = ["black", "gold"]
lens_width = 48.5
"""


def _read_front(path: Path) -> None:
    load_frames(path.parent)


def _front() -> list[bytes]:
    values = np.zeros((40, 100, 4), np.uint8)
    values[5:35, 5:95] = 255
    for x in (10, 55):
        values[10:30, x : x + 35, 3] = 0
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return [file.getvalue()]


def _read_record(path: Path) -> None:
    begun(path.parent, path.name, {"size": 128})


def _values(*values: object) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(value).encode() for value in values]


JSON, LINES, TEXT, PNG = (
    mutation.mutate_json,
    mutation.mutate_lines,
    mutation.mutate_text,
    mutation.mutate_png,
)
READERS = (
    Reader("pictures", pictures, _read_picture, (PNG,), megabytes=1300),
    Reader("photographs", pictures, _read_photograph, (PNG,), megabytes=1300),
    Reader("clips", clips, _read_clip, (PNG,), megabytes=1300),
    Reader("archives", _archives, _read_archive, (mutation.mutate_zip,), "x.zip"),
    Reader("manifests", lambda: [_lines(PHOTOS)], _read_manifest, (LINES,), MANIFEST),
    Reader("studies", _values(STUDY_VALUES), _read_study, (JSON,), STUDY),
    Reader(
        "results",
        _values(
            {
                "version": 1,
                "directions": {
                    "BtoA": [
                        asdict(
                            Result(
                                "s", {"real_A": "x.png"}, "t.png", {"PSNR": 30.0, "SSIM": 0.9}, {"PSNR": 20.0}
                            )
                        )
                    ]
                },
            }
        ),
        _read_results,
        (JSON,),
        ROWS,
    ),
    Reader(
        "filters",
        _values({"thresholds": asdict(Thresholds()), "align": True}),
        _read_filter,
        (JSON,),
        "filter.json",
    ),
    Reader(
        "options",
        _values(
            {
                "model": "cyclegan",
                "netG": "resnet_6blocks",
                "ngf": 1,
                "crop_size": 64,
                "lr": 0.1,
                "load_size": 72,
                "batch_size": 2,
                "no_flip": True,
                "preprocess": "resize_and_crop",
                "filters": [8, 8],
                "dataroot": "x",
                "gan_mode": "lsgan",
            }
        ),
        _read_options,
        (JSON,),
        OPTIONS_FILE,
    ),
    Reader("records of folders", _values({"size": 128}), _read_record, (JSON,), "collect.json"),
    Reader(
        "answers of raters",
        lambda: [
            _lines([{"rater": "a", "item": "c-0", "value": [0, 1, 1, 0], "shown": 3.5}]),
            b'[{"rater": "a", "item": "t-0-1", "value": [1], "exposure": 500, "seconds": 1.5}]',
        ],
        _read_rater,
        (LINES, JSON),
        ANSWERS,
    ),
    Reader(
        "histories",
        lambda: [_lines([HISTORY_ROW] * 3)],
        lambda path: thin([*read_history(path.parent)], 2),
        (LINES,),
        HISTORY,
    ),
    Reader(
        "logs of downloads",
        lambda: [_lines([{"origin": "http://a.b", "status": "failed", "version": 1}])],
        lambda path: FetchLog(path.parent).status("http://a.b"),
        (LINES,),
        LOG,
    ),
    Reader(
        "label tables",
        lambda: [TABLE, b"\xef\xbb\xbf" + TABLE.replace(b",", b";")],
        _read_table,
        (TEXT,),
        "x.csv",
    ),
    Reader(
        "annotations",
        lambda: [b"2\nA B\nx.jpg 1 -1\ny.jpg -1 1\n", b"id,v1,glasses\n1,0,1\n"],
        _read_annotations,
        (TEXT,),
    ),
    Reader(
        "weights",
        lambda: [*packages(), generators()[0]],
        _read_weights,
        (mutation.mutate_zip, mutation.mutate_tensors),
        "x.pt",
    ),
    Reader(
        "bare weights",
        lambda: [generators()[0]],
        _read_weights,
        (mutation.mutate_zip, mutation.mutate_tensors),
        "x.pth",
    ),
    Reader(
        "web pages", lambda: [PAGE, b"User-agent: *\nDisallow: /a*b$\nCrawl-delay: 3\n"], _read_page, (TEXT,)
    ),
    Reader("answers of services", _values(*ANSWERS_OF_SERVICES), _read_answer, (JSON,)),
    Reader(
        "catalogues", lambda: [json.dumps(CATALOGUE).encode(), TOML], _read_catalogue, (JSON, TEXT), "x.json"
    ),
    Reader("fronts of frames", _front, _read_front, (PNG,), "x.png"),
    Reader(
        "JSON",
        _values({"a": [1, 2.5, None, {"b": "c"}]}),
        lambda path: parse_json(path.read_bytes()),
        (JSON,),
        documented=(ValueError,),
    ),
)
