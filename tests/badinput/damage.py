"""What becomes of files: cut off, bytes changed, parts lost, doubled and exchanged.

Each function yields a damage's name and the damaged bytes. What begins with "cut" is the beginning
of the whole file, and nothing else is.
"""

import re
import struct
from itertools import pairwise

CUTS = 20


def cut(data, rng):
    """Yield the file's beginnings: none of it, most of it, and lengths between."""
    lengths = {len(data) * i // (CUTS - 2) for i in range(CUTS - 2)} | {
        len(data) - 2,
        len(data) - 1,
    }
    for length in sorted(lengths):
        yield f"cut-{length:05}", data[:length]


def flipped(data, rng):
    """Yield the file with one byte changed: ten in what is likely its header, ten anywhere."""
    places = [*rng.integers(0, min(len(data), 120), 10), *rng.integers(0, len(data), 10)]
    for place in sorted(set(map(int, places))):
        changed = bytes([data[place] ^ int(rng.integers(1, 256))])
        yield f"flip-{place:05}", data[:place] + changed + data[place + 1 :]


def rearranged(data, rng):
    """Yield the file with a chunk dropped, doubled, or exchanged with its neighbour."""
    chunks = parts(data)
    for i in sorted({len(chunks) * step // 8 for step in range(8)}):
        before, chunk, after = chunks[:i], chunks[i], chunks[i + 1 :]
        yield f"drop-{i:02}", b"".join([*before, *after])
        yield f"double-{i:02}", b"".join([*before, chunk, chunk, *after])
        yield f"swap-{i:02}", b"".join([*before, *after[:1], chunk, *after[1:]])


def reversed_(data, rng):
    """Yield the file with all chunks but the first in the opposite order."""
    first, *rest = parts(data)
    yield "reversed", b"".join([first, *rest[::-1]])


def padded(data, rng):
    """Yield the file with something behind it, or before it."""
    yield "tail", data + rng.bytes(1000)
    yield "head", rng.bytes(3) + data
    yield "twice", data + data


ALL = (cut, flipped, rearranged, reversed_, padded)


def parts(data):
    """Return a file's chunks, as its format has them; else eight pieces."""
    if data.startswith(b"\x89PNG"):
        return _chained(data, 8, lambda at: 12 + struct.unpack_from(">I", data, at)[0])
    if data.startswith(b"\xff\xd8"):
        return _segments(data)
    if data.startswith(b"RIFF"):
        return _chained(
            data, 12, lambda at: 8 + -(-struct.unpack_from("<I", data, at + 4)[0] // 2) * 2
        )
    if data[4:8] in (b"ftyp", b"jP  "):
        return _chained(data, 0, lambda at: struct.unpack_from(">I", data, at)[0] or len(data))
    if data.startswith(b"II*\0"):
        return _tags(data)
    size = max(1, len(data) // 8)
    return [data[i : i + size] for i in range(0, len(data), size)]


def _chained(data, start, length):
    """Cut where each chunk says that it ends."""
    found = [data[:start]] if start else []
    while start + 8 <= len(data):
        found.append(data[start : start + length(start)])
        start += length(start)
    return found


def _segments(data):
    """Cut a JPEG before each marker that begins something."""
    places = [m.start() for m in re.finditer(rb"\xff[\xc0-\xcf\xd8-\xfe]", data)]
    return [data[a:b] for a, b in pairwise([*places, len(data)])]


def _tags(data):
    """Cut a little-endian TIFF around each entry of its first directory."""
    directory = struct.unpack_from("<I", data, 4)[0]
    first = directory + 2
    count = struct.unpack_from("<H", data, directory)[0]
    places = [0, *(first + 12 * i for i in range(count + 1)), len(data)]
    return [data[a:b] for a, b in pairwise(places)]
