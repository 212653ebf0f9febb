"""Files that lie about themselves: absurd dimensions, bombs, broken metadata."""

import re
import struct
import zlib

import png

PIXELS = 2000  # of a side of the bombs that are decoded
SIZES = (
    *((0, 23), (29, 0), (0, 0), (1, 65535), (65535, 1), (65535, 65535), (20000, 20000)),
    *((2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (58, 46), (29, 24), (30, 23), (5, 5)),
)


def resized(data, rng):
    """Yield the file claiming other dimensions; where a field is too small, the low bits."""
    for width, height in SIZES:
        lying = _sized(bytearray(data), width, height)
        if lying is not None:
            yield f"claims-{width}x{height}", bytes(lying)


def _sized(data, width, height):
    """Put dimensions into a file of any format; None where none are found."""
    if data.startswith(png.SIGNATURE):
        struct.pack_into(">II", data, 16, width, height)
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    elif match := re.match(rb"(P\w\n?(?:# [^\n]*\n|\s)*)\d+\s+\d+", data):
        return match[1] + b"%d %d" % (width, height) + data[match.end() :]
    elif data[:2] == b"BM":
        struct.pack_into("<II", data, 18, width, height)
    elif data[:4] == b"II*\0":
        _size_tiff(data, width, height)
    elif found := _place(data):
        form, at, bits = found
        struct.pack_into(form, data, at, width & bits, height & bits)
    else:
        return None
    return data


def _place(data):
    """Return how and where a format keeps width and height, and which bits of them."""
    if data[:2] == b"\xff\xd8":
        frame = re.search(rb"\xff[\xc0-\xc3\xc9]", data)
        return frame and (">HH", frame.start() + 5, 0xFFFF)
    if data[:3] == b"GIF":
        return "<HH", 6, 0xFFFF
    if data[:4] == b"RIFF":
        return "<HH", 26 if data[12:16] == b"VP8 " else 24, 0x3FFF
    for name, skipped in ((b"ispe", 8), (b"ihdr", 4), (b"\xff\x51", 6)):
        if name in data:
            return ">II", data.index(name) + skipped, 0xFFFFFFFF
    return None


def _size_tiff(data, width, height):
    directory = struct.unpack_from("<I", data, 4)[0]
    for i in range(struct.unpack_from("<H", data, directory)[0]):
        entry = directory + 2 + 12 * i
        tag = struct.unpack_from("<H", data, entry)[0]
        if tag in (256, 257):
            struct.pack_into("<HI", data, entry + 2, 4, 1)
            struct.pack_into("<I", data, entry + 8, width if tag == 256 else height)


def bombs(pixels=PIXELS):
    """Yield files of some kilobytes that are far more when they are read."""
    head = png.header(pixels, pixels, depth=1, colour=0)
    rows = b"\0" * ((pixels // 8 + 1) * pixels)
    yield "bilevel.png", png.assembled(head, b"", rows)
    yield (
        "rgb.png",
        png.assembled(png.header(pixels, pixels), b"", b"\0" * (3 * pixels + 1) * pixels),
    )
    small, row = png.header(5, 1), b"\0" + 15 * b"\x07"
    yield "behind-the-end.png", png.assembled(small, b"", row + b"\0" * 8_000_000)
    packed = zlib.compress(b"\0" * 8_000_000)
    for name, before in (
        ("text", png.chunk(b"zTXt", b"Comment\0\0" + packed)),
        ("profile", png.chunk(b"iCCP", b"ICC\0\0" + packed)),
        ("international-text", png.chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)),
        ("many-texts", 20_000 * png.chunk(b"tEXt", b"a\0" + 40 * b"b")),
    ):
        yield f"{name}.png", png.assembled(small, before, row)
    yield "strip.tif", _deflated_strip(packed)
    yield "lzw.gif", _lzw_bomb(pixels)


def _deflated_strip(packed):
    """Return a TIFF of four pixels whose strip holds millions."""
    tags = [
        *((256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1)),
        *((273, 4, 1, 8), (278, 3, 1, 2), (279, 4, 1, len(packed))),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + directory + b"\0\0\0\0"


def _lzw_bomb(pixels):
    """Return a GIF of so many pixels a side, and of one code for most of them (none follow)."""
    head = b"GIF89a" + struct.pack("<HHBBB", pixels, pixels, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    image = b"," + struct.pack("<HHHHB", 0, 0, pixels, pixels, 0) + b"\x02"
    codes = b"\x8c\x8f\xa9\xcb\xed\x0f\xa3\x9c\xb4\xda\x8b\xb3\xde\xbc\xfb\x0f"
    return head + image + bytes([len(codes)]) + codes + b"\0;"


def spoiled(images, rng):
    """Yield whole images with EXIF, ICC, XMP and other metadata that is broken."""
    junk = {name: value(rng) for name, value in _JUNK.items()}
    for name, data in junk.items():
        for kind, put in (("jpg", _in_jpeg), ("png", _in_png), ("webp", _in_webp)):
            whole = images.get(
                {"jpg": "jpeg-baseline.jpg", "png": "png-rgb-8.png"}.get(kind, "webp-metadata.webp")
            )
            if whole is not None:
                yield f"{name}.{kind}", put(whole, name, data)
    for name, segment in _SEGMENTS.items():
        yield f"{name}.jpg", _segment(images["jpeg-baseline.jpg"], *segment)
    for name, (kind, data) in _CHUNKS.items():
        whole = images["png-palette-4.png" if kind in (b"tRNS", b"bKGD") else "png-rgb-8.png"]
        yield f"{name}.png", whole[:33] + png.chunk(kind, data) + whole[33:]


# The entry of a directory says that it is itself the next one.
_LOOP = b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
_JUNK = {
    "exif-junk": lambda rng: rng.bytes(300),
    "exif-head-only": lambda rng: b"MM\0*",
    "exif-loop": lambda rng: _LOOP,
    "exif-huge": lambda rng: b"II*\0\x08\0\0\0\xff\xff" + rng.bytes(200),
    "exif-count": lambda rng: (
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0"
    ),
    "icc-junk": lambda rng: rng.bytes(300),
    "icc-empty": lambda rng: b"",
    "xmp-junk": lambda rng: b"<x:xmpmeta><rdf:RDF>" + rng.bytes(100),
    "xmp-entities": lambda rng: b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>',
    "xmp-elsewhere": lambda rng: (
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    ),
}
_SEGMENTS = {
    "adobe-short": (0xEE, b"Adobe\0"),
    "adobe-unknown": (0xEE, b"Adobe\0\x64\0\0\0\0\xff"),
    "jfif-density": (0xE0, b"JFIF\0\x09\x09\x09\0\0\0\0\xff\xff"),
    "mpf-junk": (0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff\0\0"),
    "mpf-count": (
        0xE2,
        b"MPF\0II*\0\x08\0\0\0\x01\0\x01\xb0\x04\0\x01\0\0\0\xff\xff\xff\xff\0\0\0\0",
    ),
    "photoshop-junk": (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\xff\xff\xff\xff"),
    "icc-parts-missing": (0xE2, b"ICC_PROFILE\0\x02\x09junk"),
    "comment-of-controls": (0xFE, b"\x1b[2J\x1b]0;owned\x07\r\n\0"),
}
_CHUNKS = {
    "gamma-short": (b"gAMA", b"\0"),
    "density-short": (b"pHYs", b"\0\0"),
    "transparency-long": (b"tRNS", b"\x07" * 300),
    "animation-short": (b"acTL", b"\0\0\0\x05"),
    "animation-none": (b"acTL", struct.pack(">II", 0, 0)),
    "frame-first": (b"fcTL", struct.pack(">IIIIIHHBB", 0, 29, 23, 0, 0, 1, 1, 0, 0)),
    "frame-outside": (b"fcTL", struct.pack(">IIIIIHHBB", 0, 9999, 9999, 99, 99, 1, 0, 9, 9)),
    "palette-odd": (b"PLTE", b"\x01\x02\x03\x04"),
    "unknown-critical": (b"ABCD", b"?"),
    "name-of-controls": (b"\x1b[2J", b"?"),
}


def _segment(whole, marker, data):
    """Return a JPEG with a segment more behind its first two bytes."""
    return whole[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data + whole[2:]


def _in_jpeg(whole, name, data):
    if name.startswith("icc"):
        return _segment(whole, 0xE2, b"ICC_PROFILE\0\x01\x01" + data)
    before = b"Exif\0\0" if name.startswith("exif") else b"http://ns.adobe.com/xap/1.0/\0"
    return _segment(whole, 0xE1, before + data)


def _in_png(whole, name, data):
    kind = name.partition("-")[0]
    made = {
        "exif": lambda: png.chunk(b"eXIf", data),
        "icc": lambda: png.chunk(b"iCCP", b"ICC\0\0" + data),
        "xmp": lambda: png.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data),
    }
    return whole[:33] + made[kind]() + whole[33:]


def _in_webp(whole, name, data):
    kind = {"exif": b"EXIF", "icc": b"ICCP", "xmp": b"XMP "}[name.partition("-")[0]]
    body = whole[8:] + kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body
