"""Files that are written byte by byte, and what becomes of a file that is measured."""

import os
import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bnstat.measure.measure import Measure
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import file_reference


@pytest.fixture
def measured():
    """Measure one file: its samples' kind, counts and moments, or the reason of its failure."""

    def measure(path, mode="RGB", max_pixels=178_956_970):
        chunk = [file_reference(b"key", os.fsencode(path))]
        (view,) = Measure(mode, Limits(max_pixels))(chunk)
        if view.failures:
            assert view.moments == []
            ((_, reason),) = view.failures
            return SimpleNamespace(reason=reason, deep=view.deep)
        (part,) = view.moments
        return SimpleNamespace(
            kind=part.kind,
            histogram=None if part.histogram is None else part.histogram.tolist(),
            n=part.table.n[0, 0],
            first=part.table.sum_or_mean[0],
            second=part.table.sumsq_or_m2[0],
            deep=bool(view.deep),
            reason=None,
        )

    return measure


@pytest.fixture
def counted():
    """Return how often each 8-bit value occurs in each band of a Pillow image."""

    def count(image):
        bands = np.asarray(image).reshape(image.width * image.height, -1).T
        return [np.bincount(band, minlength=256).tolist() for band in bands]

    return count


@pytest.fixture
def drawn(tmp_path):
    """Draw random pixels in a mode of Pillow's; save them, and return the path."""

    def draw(name, mode, size=(23, 17), **options):
        rng = np.random.default_rng(3)
        bands = len(Image.new(mode, (1, 1)).getbands())
        data = rng.integers(0, 256, size[0] * size[1] * bands, dtype=np.uint8).tobytes()
        image = Image.frombytes(mode, size, data)
        if mode == "P":
            image.putpalette(bytes(value for value in range(256) for _ in "RGB"))
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return draw


@pytest.fixture
def png(tmp_path):
    """Write samples of shape (height, width, channels) as PNG in their own depth."""
    colours = {1: 0, 2: 4, 3: 2, 4: 6}

    def block(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    def write(name, samples):
        height, width, channels = samples.shape
        bits = 8 * samples.dtype.itemsize
        header = struct.pack(">IIBBBBB", width, height, bits, colours[channels], 0, 0, 0)
        rows = samples.astype(samples.dtype.newbyteorder(">")).reshape(height, -1)
        pixels = b"".join(b"\0" + row.tobytes() for row in rows)
        blocks = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
        path = tmp_path / name
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(block(*each) for each in blocks))
        return path

    return write


def _entry(order, elsewhere, tag, kind, count, value):
    """An entry of a TIFF directory: the value itself, if it has at most four bytes."""
    if isinstance(value, bytes):
        return struct.pack(f"{order}HHI", tag, kind, count) + (
            value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{order}I", elsewhere)
        )
    values = (value, 0) if kind == 3 else (value,)
    return struct.pack(f"{order}HHI{'HH' if kind == 3 else 'I'}", tag, kind, count, *values)


@pytest.fixture
def tiff(tmp_path):
    """Write samples of shape (height, width, channels) as uncompressed TIFF in their own depth."""

    def write(name, samples, order="<", sample_format=1, bits=None, data=None, **tags):
        height, width, channels = samples.shape
        bits = bits or 8 * samples.dtype.itemsize
        data = data or samples.astype(samples.dtype.newbyteorder(order)).tobytes()
        depths = struct.pack(f"{order}{channels}H", *[bits] * channels)
        short, long = 3, 4
        start = 8 + len(data)
        entries = [
            (256, long, 1, width),
            (257, long, 1, height),
            (258, short, channels, bits if channels == 1 else depths),
            (259, short, 1, tags.get("compression", 1)),
            (262, short, 1, tags.get("photometric", 1 if channels == 1 else 2)),
            (273, long, 1, 8),
            (277, short, 1, channels),
            (278, long, 1, height),
            (279, long, 1, len(data)),
            *([(338, short, 1, tags["extra"])] if "extra" in tags else []),
            (339, short, 1, sample_format),
        ]
        written = b"".join(_entry(order, start, *entry) for entry in entries)
        offset = start + len(depths)
        head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, offset)
        directory = struct.pack(f"{order}H", len(entries)) + written + struct.pack(f"{order}I", 0)
        path = tmp_path / name
        path.write_bytes(head + data + depths + directory)
        return path

    return write
