"""Whole images in every form that the corpus damages, and why some forms are missing here.

They are drawn with a seed; nothing is kept as a file. What Pillow does not write is written here,
byte by byte.
"""

import io
import struct
import zlib

import numpy as np
import png
from PIL import Image, features

SIZE = (29, 23)

# name: mode, options of Pillow's encoder, and the feature that it needs
SAVED = {
    "jpeg-baseline.jpg": ("RGB", {"quality": 90}, "jpg"),
    "jpeg-444.jpg": ("RGB", {"quality": 95, "subsampling": 0}, "jpg"),
    "jpeg-gray.jpg": ("L", {"quality": 90}, "jpg"),
    "jpeg-progressive.jpg": ("RGB", {"progressive": True}, "jpg"),
    "jpeg-restart.jpg": ("RGB", {"restart_marker_blocks": 1}, "jpg"),
    "jpeg-cmyk.jpg": ("CMYK", {"quality": 90}, "jpg"),
    "gif-plain.gif": ("P", {"interlace": 0}, None),
    "gif-interlaced.gif": ("L", {"interlace": 1}, None),
    "gif-transparent.gif": ("P", {"transparency": 3}, None),
    "webp-lossy.webp": ("RGB", {"quality": 80}, "webp"),
    "webp-lossless.webp": ("RGBA", {"lossless": True}, "webp"),
    "webp-metadata.webp": ("RGB", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}, "webp"),
    "tiff-bilevel.tif": ("1", {}, None),
    "tiff-gray.tif": ("L", {}, None),
    "tiff-palette.tif": ("P", {}, None),
    "tiff-16-bit.tif": ("I;16", {}, None),
    "tiff-32-bit.tif": ("I", {}, None),
    "tiff-float.tif": ("F", {}, None),
    "tiff-rgb.tif": ("RGB", {}, None),
    "tiff-rgba.tif": ("RGBA", {}, None),
    "tiff-cmyk.tif": ("CMYK", {}, None),
    "tiff-lab.tif": ("LAB", {}, None),
    "tiff-big.tif": ("RGB", {"big_tiff": True}, None),
    "tiff-packbits.tif": ("RGB", {"compression": "packbits"}, "libtiff"),
    "tiff-lzw.tif": ("RGB", {"compression": "tiff_lzw"}, "libtiff"),
    "tiff-deflate.tif": ("RGB", {"compression": "tiff_adobe_deflate"}, "libtiff"),
    "tiff-jpeg.tif": ("RGB", {"compression": "jpeg"}, "libtiff"),
    "tiff-group3.tif": ("1", {"compression": "group3"}, "libtiff"),
    "tiff-group4.tif": ("1", {"compression": "group4"}, "libtiff"),
    "tiff-lzma.tif": ("RGB", {"compression": "lzma"}, "libtiff"),
    "tiff-zstd.tif": ("RGB", {"compression": "zstd"}, "libtiff"),
    "tiff-16-bit-lzw.tif": ("I;16", {"compression": "tiff_lzw"}, "libtiff"),
    "tiff-float-deflate.tif": ("F", {"compression": "tiff_deflate"}, "libtiff"),
    "bmp-bilevel.bmp": ("1", {}, None),
    "bmp-gray.bmp": ("L", {}, None),
    "bmp-palette.bmp": ("P", {}, None),
    "bmp-rgb.bmp": ("RGB", {}, None),
    "bmp-rgba.bmp": ("RGBA", {}, None),
    "ppm-bits.pbm": ("1", {}, None),
    "ppm-gray.pgm": ("L", {}, None),
    "ppm-gray-16.pgm": ("I;16", {}, None),
    "ppm-rgb.ppm": ("RGB", {}, None),
    "ppm-float.pfm": ("F", {}, None),
    "ico-png.ico": ("RGBA", {"sizes": [(16, 16), SIZE]}, None),
    "ico-bmp.ico": ("RGBA", {"sizes": [(16, 16), SIZE], "bitmap_format": "bmp"}, None),
    "avif-rgb.avif": ("RGB", {"quality": 80, "speed": 10}, "avif"),
    "avif-rgba.avif": ("RGBA", {"quality": 80, "speed": 10}, "avif"),
    "jpeg2000-file.jp2": ("RGB", {}, "jpg_2000"),
    "jpeg2000-stream.j2k": ("RGB", {"no_jp2": True}, "jpg_2000"),
    "jpeg2000-lossy.jp2": (
        "RGB",
        {"irreversible": True, "quality_mode": "rates", "quality_layers": [8, 4]},
        "jpg_2000",
    ),
    "jpeg2000-tiled.jp2": ("L", {"tile_size": (16, 16)}, "jpg_2000"),
}
# Files of several frames: format of the frames, and the feature.
ANIMATED = {
    "gif-animated.gif": ("P", None),
    "png-animated.png": ("RGB", None),
    "webp-animated.webp": ("RGB", "webp"),
    "tiff-pages.tif": ("RGB", None),
    "avif-animated.avif": ("RGB", "avif"),
}


def images():
    """Return the bytes of each whole image by name, and the reason of each that is missing."""
    rng = np.random.default_rng(6)
    found, missing = {}, {}
    for name, (mode, options, feature) in SAVED.items():
        _add(found, missing, name, feature, lambda m=mode, o=options: (_picture(rng, m), o))
    for name, (mode, feature) in ANIMATED.items():
        _add(found, missing, name, feature, lambda m=mode: _frames(rng, m))
    return found | _pngs(rng) | _written(rng, found), missing


def _add(found, missing, name, feature, draw):
    if feature is not None and not features.check(feature):
        missing[name] = f"this Pillow has no {feature}"
        return
    image, options = draw()
    file = io.BytesIO()
    form = Image.registered_extensions()["." + name.rpartition(".")[2]]
    try:
        image.save(file, form, **options)
    except Exception as error:  # an encoder that this build of libtiff lacks
        missing[name] = f"this Pillow cannot write it: {error}"
    else:
        found[name] = _timeless(file.getvalue())


def _timeless(data):
    """Take the times, 64 bits each, out of an animated AVIF (ISO/IEC 14496-12, section 8.2.2)."""
    for box in (b"mvhd\1", b"tkhd\1", b"mdhd\1"):
        head, found, rest = data.partition(box)
        data = head + found + (rest[:3] + bytes(16) + rest[19:] if found else b"")
    return data


def _picture(rng, mode, size=SIZE):
    """Return a picture with both soft and sharp parts, in a mode of Pillow's."""
    width, height = size
    if mode in ("I;16", "I"):
        top, dtype = (65536, np.uint16) if mode == "I;16" else (2**31, np.int32)
        return Image.fromarray(rng.integers(0, top, (height, width)).astype(dtype))
    if mode == "F":
        return Image.fromarray(rng.normal(0.5, 0.2, (height, width)).astype(np.float32))
    coarse = Image.frombytes("RGB", (4, 3), rng.bytes(36)).resize(size)
    noise = Image.frombytes("RGB", size, rng.bytes(3 * width * height))
    image = Image.blend(coarse, noise, 0.1)
    if mode == "P":
        return image.quantize(16)
    if mode == "RGBA":
        image.putalpha(Image.frombytes("L", size, rng.bytes(width * height)))
    return image if mode == "RGBA" else _converted(image, mode)


def _converted(image, mode):
    if mode == "LAB":  # which Pillow makes by color management only
        return Image.merge("LAB", image.split())
    return image.convert(mode)


def _frames(rng, mode):
    first, *rest = (_picture(rng, mode) for _ in range(3))
    return first, {"save_all": True, "append_images": rest}


def _pngs(rng):
    return {
        f"png-{png.COLOURS[colour]}-{depth}{'-interlaced' * interlaced}.png": png.drawn(
            rng, SIZE, colour, depth, interlaced
        )
        for colour, depths in png.DEPTHS.items()
        for depth in depths
        for interlaced in (0, 1)
    }


def _written(rng, found):
    """Return what is made by hand, or from what Pillow wrote.

    Any bits are some picture to an arithmetic decoder, so that a Huffman-coded file whose marker
    says otherwise is an arithmetic-coded one.
    """
    width, height = SIZE
    # The last number has one digit: cut amid more, such a file is whole, as nothing tells its end.
    text = " ".join(map(str, [*rng.integers(0, 256, width * height - 1), 7]))
    made = {
        "ppm-ascii.pgm": b"P2\n# a comment\n%d %d\n255\n%s\n" % (width, height, text.encode()),
        "ppm-rgb-16.ppm": b"P6 %d %d 65535\n" % SIZE + rng.bytes(6 * width * height),
        "ppm-scaled.pgm": b"P5 %d %d 100\n" % SIZE
        + rng.integers(0, 101, width * height).astype(np.uint8).tobytes(),
        "tiff-tiled.tif": _tiled_tiff(rng, 1),
        "tiff-tiled-deflate.tif": _tiled_tiff(rng, 8),
        "bmp-rle.bmp": _rle_bmp(rng),
    }
    if "jpeg-baseline.jpg" in found:
        gray, colour = found["jpeg-gray.jpg"], found["jpeg-baseline.jpg"]
        made["jpeg-arithmetic.jpg"] = gray.replace(b"\xff\xc0", b"\xff\xc9", 1)
        made["jpeg-12-bit.jpg"] = colour.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", 1)
    return made


def _tiled_tiff(rng, compression):
    """Return a gray TIFF of 16 × 16 tiles (TIFF 6.0, section 15)."""
    width, height = SIZE
    count = -(-width // 16) * -(-height // 16)
    tiles = [rng.bytes(256) for _ in range(count)]
    tiles = [zlib.compress(tile) for tile in tiles] if compression == 8 else tiles
    starts = [8 + sum(map(len, tiles[:i])) for i in range(count)]
    body = b"".join(tiles)
    lists = 8 + len(body)
    tags = [
        *((256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 8), (259, 3, 1, compression)),
        *((262, 3, 1, 1), (277, 3, 1, 1), (322, 3, 1, 16), (323, 3, 1, 16)),
        *((324, 4, count, lists), (325, 4, count, lists + 4 * count)),
    ]
    body += struct.pack(f"<{2 * count}I", *starts, *map(len, tiles))
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def _rle_bmp(rng):
    """Return a run-length coded BMP of 256 colours: runs, a literal stretch, ends of lines."""
    width, height = SIZE
    palette = rng.bytes(1024)
    line = b"".join((bytes([width - 6, 7]), b"\0\x05abcde\0", b"\x01\x09", b"\0\0"))
    pixels = line * height + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    start = 14 + len(head) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + head + palette + pixels
