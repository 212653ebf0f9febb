"""PNG files of every colour type and depth, plain and interlaced; Pillow writes only some.

Portable Network Graphics, W3C Recommendation (Third Edition): sections 8.1 (Adam7), 11.2 (chunks).
"""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
COLOURS = {0: "gray", 2: "rgb", 3: "palette", 4: "graya", 6: "rgba"}
# Of each of the seven passes: first column and row, and steps to the next.
ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)


def chunk(kind, data):
    """Return a chunk, with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width, height, depth=8, colour=2, interlaced=0):
    """Return the first chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def drawn(rng, size, colour, depth, interlaced):
    """Return a PNG file of random samples."""
    width, height = size
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = b"".join(
        b"\0" + rng.bytes(-(-len(range(x, width, dx)) * CHANNELS[colour] * depth // 8))
        for x, y, dx, dy in passes
        for _ in range(y, height, dy)
        if x < width
    )
    palette = chunk(b"PLTE", rng.bytes(3 * 2**depth)) if colour == 3 else b""
    return assembled(header(width, height, depth, colour, interlaced), palette, rows)


def assembled(head, before, rows):
    """Return a file of a header, other chunks, and rows to be compressed, in two pieces."""
    pixels = zlib.compress(rows)
    half = len(pixels) // 2
    return b"".join(
        (
            *(SIGNATURE, head, before),
            *(chunk(b"IDAT", pixels[:half]), chunk(b"IDAT", pixels[half:]), chunk(b"IEND", b"")),
        )
    )
