"""Damages small valid files: by their bytes, and by what is inside of them."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import torch

MAGIC = [0, 1, -1, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63, 10**400]
TEXTS = ["", "\0", "\ud800", "..", "../../x", "/etc/passwd", "C:\\x", "a" * 300, "é", "é", "\x1b[31m", "NaN"]
VALUES: list[Any] = [None, True, False, [], {}, [[]], 0.5, -0.0, 1e308, float("nan"), float("inf")]
Mutation = Callable[[bytes, random.Random], bytes]


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, double, splice or overwrite a few bytes."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not content:
            return bytes(rng.randbytes(rng.randrange(8)))
        at = rng.randrange(len(content))
        size = min(rng.choice((1, 2, 4, 8, 64, 4096)), len(content) - at)
        match rng.randrange(7):
            case 0:
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                content[at : at + size] = rng.randbytes(size)
            case 2:
                del content[at : at + size]
            case 3:
                content[at:at] = content[at : at + size] * rng.choice((1, 2, 200))
            case 4:
                other = rng.randrange(len(content))
                content[at : at + size] = content[other : other + size]
            case 5:
                form = rng.choice(("<H", ">H", "<I", ">I", "<Q"))
                limit = 256 ** struct.calcsize(form) - 1
                number = struct.pack(form, rng.choice(MAGIC) & limit)
                content[at : at + len(number)] = number
            case 6:
                del content[at:]
    return bytes(content[: 4 << 20])


def _mutate_field(
    value: dict[Any, Any], rng: random.Random, kinds: int, mutate: Callable[[Any, random.Random], Any]
) -> dict[Any, Any]:
    """A dictionary without a field, with one under another name, or, of other `kinds`, with one changed."""
    changed, key = dict(value), rng.choice(list(value))
    match rng.randrange(kinds):
        case 0:
            del changed[key]
        case 1:
            changed[rng.choice(TEXTS)] = changed.pop(key)
        case _:
            changed[key] = mutate(changed[key], rng)
    return changed


def mutate_value(value: Any, rng: random.Random) -> Any:
    """Another value in the place of one somewhere in nested lists and objects."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        return _mutate_field(value, rng, 6, mutate_value)
    if isinstance(value, list) and value and rng.random() < 0.85:
        items, at = list(value), rng.randrange(len(value))
        match rng.randrange(5):
            case 0:
                del items[at]
            case 1:
                items += items * rng.choice((1, 3))
            case _:
                items[at] = mutate_value(items[at], rng)
        return items
    kinds = [rng.choice(MAGIC), rng.choice(TEXTS), rng.choice(VALUES), [value], {"x": value}, str(value)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        kinds += [-value, value * 10, value + 0.5, value * 10**9]
    return rng.choice(kinds)


def mutate_json(data: bytes, rng: random.Random) -> bytes:
    """A JSON file with another value in it, or nested as deeply as nobody nests."""
    value = mutate_value(json.loads(data), rng)
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.05:
        deep = rng.choice((50, 990, 100_000))
        text = text.replace(": ", ": " + "[" * deep, 1)[: 1 << 20]
    return text.encode("utf-8", "surrogatepass")


def mutate_lines(data: bytes, rng: random.Random) -> bytes:
    """JSON lines, one of which is another or damaged."""
    lines = data.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    lines[at] = mutate_json(lines[at], rng).rstrip(b"\n") + rng.choice((b"\n", b"\n", b"\n", b"", b"\r\n\n"))
    if rng.random() < 0.2:
        rng.shuffle(lines)
    return b"".join(lines)


def mutate_text(data: bytes, rng: random.Random) -> bytes:
    """A text with words of it replaced, doubled or joined."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.choice((1, 2, 5))):
        at, end = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        end = min(end, at + rng.choice((1, 3, 20)))
        odd = [
            *TEXTS,
            *map(str, MAGIC),
            ",",
            ";",
            "\t",
            '"',
            "\n",
            "\r",
            "<",
            ">",
            "&",
            "'",
            "=",
            " ",
            text[at:end],
        ]
        text = text[:at] + rng.choice(odd) * rng.choice((1, 1, 1, 2, 1000)) + text[end:]
    return text.encode("utf-8", "surrogatepass")[: 4 << 20]


def mutate_png(data: bytes, rng: random.Random) -> bytes:
    """A PNG with a changed block whose checksum is right, so that the change is looked at."""
    blocks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        blocks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    place = rng.randrange(len(blocks))
    name, body = blocks[place]
    match rng.randrange(4):
        case 0:
            blocks.insert(place, rng.choice(blocks))
        case 1:
            blocks[place] = rng.choice((b"tRNS", b"PLTE", b"iCCP", b"eXIf", b"acTL", b"IDAT")), body
        case _:
            blocks[place] = name, mutate_bytes(body, rng)
    pieces = (struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in blocks)
    return data[:8] + b"".join(pieces)


def mutate_zip(data: bytes, rng: random.Random) -> bytes:
    """A zip with another member, name or way of packing, its checksums right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before:
        members = [(info.filename, before.read(info)) for info in before.infolist()]
    place = rng.randrange(len(members))
    name, body = members[place]
    match rng.randrange(5):
        case 0:
            members[place] = rng.choice(TEXTS).replace("\ud800", "x") or "x", body
        case 1:
            members.append(rng.choice(members))
        case 2:
            del members[place]
        case _:
            members[place] = name, mutate_bytes(body, rng)
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(out, "w", method) as after:
        for name, body in members:
            after.writestr(name.replace("\0", "0"), body)
    return out.getvalue()


def mutate_tensors(data: bytes, rng: random.Random) -> bytes:
    """A file of weights with another value or tensor in it."""
    state = torch.load(io.BytesIO(data), weights_only=True)
    out = io.BytesIO()
    torch.save(_mutate_state(state, rng), out, _use_new_zipfile_serialization=rng.random() < 0.8)
    return out.getvalue()


def _mutate_state(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict) and value:
        return _mutate_field(value, rng, 8, _mutate_state)
    if isinstance(value, torch.Tensor):
        if value.numel() > 1_000_000:
            return value
        flat = value.reshape(-1)
        return rng.choice(
            [
                lambda: value[:0],
                lambda: value[None],
                lambda: flat,
                lambda: flat[:1].expand(10**9) if len(flat) else value,
                lambda: value.to(torch.complex64),
                lambda: value.double(),
                lambda: value.bool(),
                lambda: value.float() * float("nan"),
                lambda: value.float() + float("inf"),
                lambda: torch.zeros(rng.choice((0, 1, 7, 4096))),
                lambda: value.float().to_sparse(),
                lambda: torch.empty(3, device="meta"),
                lambda: rng.choice(VALUES),
            ]
        )()
    return mutate_value(value, rng)
