"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import struct

HEAD = 256
"""Bytes of a file's beginning that suffice."""
MOV, MATROSKA, AVI = "mov", "matroska", "avi"
PICTURES: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jfif", ".jpe"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "HEIF": (".heic", ".heif", ".hif"),
    "AVIF": (".avif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pnm"),
}
"""Formats of pictures that are read, as Pillow calls them, with their endings, the usual one first."""
VIDEOS = {
    MOV: (".mp4", ".mov", ".m4v", ".qt", ".3gp"),
    MATROSKA: (".mkv", ".webm"),
    AVI: (".avi",),
}
"""The same for containers of videos, by the name of FFmpeg's reader: `MOV` is that of MP4, too."""
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1 MiHE".split())
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_SOUND_BRANDS = frozenset((b"M4A ", b"M4B ", b"M4P "))
RAW = "a raw photo of a camera: save it as TIFF or JPEG"
_VIDEO = "a video of another kind: save it as MP4"
#: Where a mark stands, the mark, and the picture format, as Pillow calls it.
_PICTURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (8, b"WEBP", "WEBP"),
    *((0, mark, "TIFF") for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    *((0, b"P%d%c" % (number, space), "PPM") for number in range(1, 7) for space in b" \t\r\n#"),
)
#: The same for what is neither a picture nor a video that is read.
_OTHERS = (
    (8, b"CR\2", RAW),
    (4, b"ftypcrx ", RAW),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _VIDEO),
    (0, b"FLV\1", _VIDEO),
    (0, b"\0\0\1\xba", _VIDEO),
    (4, b"ftypM4A ", "sound"),
    (4, b"ftypM4B ", "sound"),
    (0, b"ID3", "sound"),
    (8, b"WAVE", "sound"),
    (0, b"\xff\x0a", "JPEG XL: save it as JPEG"),
    (4, b"JXL \r\n\x87\n", "JPEG XL: save it as JPEG"),
    (4, b"jP  \r\n\x87\n", "JPEG 2000: save it as JPEG"),
    (0, b"8BPS", "a Photoshop file: save it as PNG or TIFF"),
    (0, b"%PDF-", "a PDF: save its pages as PNG"),
    (0, b"PK\3\4", "a zip: unpack it"),
    (0, b"<", "a web page or an SVG"),
    (0, b"\x00\x05\x16\x07", "what macOS keeps beside a file"),
)
_MOV_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def picture_format(head: bytes) -> str:
    """The format of a picture that is read, as Pillow calls it (`JPEG`, `HEIF`, ...), or "".

    Args:
        head: the first `HEAD` bytes of the file, or all where there are fewer.
    """
    if brands := _brands(head):
        return "AVIF" if brands & _AVIF_BRANDS else "HEIF" if brands & _HEIF_BRANDS else ""
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "BMP"
    if _OTHERS[0][1] == head[8:11]:  # a raw photo that is built like a TIFF
        return ""
    return next((kind for at, mark, kind in _PICTURES if head.startswith(mark, at)), "")


def video_container(head: bytes) -> str:
    """The container of a video that is read (`MOV`, `MATROSKA` or `AVI`), or ""; `head` as above."""
    if brands := _brands(head):
        still = brands & (_AVIF_BRANDS | _HEIF_BRANDS) or head[8:12] in _SOUND_BRANDS | {b"crx "}
        return "" if still else MOV
    if head[4:8] in _MOV_BOXES:
        return MOV
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return MATROSKA
    return AVI if head[:4] == b"RIFF" and head[8:12] == b"AVI " else ""


def fitting_name(name: str, head: bytes) -> str:
    """`name` with an ending that says what the file is: the same where it does, or nothing is known of it."""
    kind = picture_format(head) or video_container(head)
    endings = (PICTURES | VIDEOS).get(kind, ())
    stem, dot, ending = name.rpartition(".")
    ending = (dot + ending).lower()
    if not kind or ending in endings:
        return name
    known = {one for some in (PICTURES | VIDEOS).values() for one in some}
    return (stem if stem and ending in known else name) + endings[0]


def other_kind(head: bytes) -> str:
    """What a file is that is neither, with what to do, or ""; `head` as above."""
    if video_container(head):
        return "a video"
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return _VIDEO
    return next((kind for at, mark, kind in _OTHERS if head[at:].lstrip().startswith(mark)), "")


def _brands(head: bytes) -> set[bytes]:
    """The brands of a file that is built of boxes (ISO/IEC 14496-12, 4.3), none of another."""
    if head[4:8] != b"ftyp":
        return set()
    (size,) = struct.unpack_from(">I", head)
    listed = head[16 : min(size, len(head))]
    return {head[8:12], *(listed[at : at + 4] for at in range(0, len(listed) - 3, 4))}
