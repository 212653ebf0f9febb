"""Files that are written byte by byte, and what becomes of a file that is measured."""

import os
import pickle
import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bnstat.images import Limits, Sources
from bnstat.images.reference import file_reference
from bnstat.scan import Measure


@pytest.fixture
def touch(tmp_path):
    """Make small files, with the folders they are in; return the folder that holds all."""

    def make(*names, root=tmp_path):
        for name in names:
            path = os.path.join(os.fsencode(root), os.fsencode(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(b"x")
        return os.fsencode(root)

    return make


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
            first=part.table.first[0],
            second=part.table.second[0],
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


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A folder of twelve small images at several depths, and what is none; not to be changed."""
    folder = tmp_path_factory.mktemp("tree") / "data"
    rng = np.random.default_rng(5)
    for i, name in enumerate(["z", "a/1", "a/b/2", "a-b/3", "c/ü", "c/d/e/4"]):
        for suffix in ("png", "JPG"):
            path = folder / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (8 + i, 11, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path)
    for name in ("notes.txt", "c/labels.json", ".hidden.png", "a/.cache/x.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"no image")
    return folder


@pytest.fixture(scope="session")
def members(tree):
    """The files of `tree` in no order: name and bytes."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    np.random.default_rng(1).shuffle(files)
    return [(path.relative_to(tree).as_posix(), path.read_bytes()) for path in files]


@pytest.fixture
def found():
    """Iterate locations: the references by key, and how many are skipped and duplicates."""

    def find(*locations):
        sources = Sources.open([os.fspath(location) for location in locations])
        references = {reference.key: reference for reference in sources}
        counted = sources.count()
        assert counted is None or counted == len(references) + sources.duplicates
        return SimpleNamespace(
            references=references,
            keys=sorted(references),
            skipped=sources.skipped,
            duplicates=sources.duplicates,
            problems={key: r.problem for key, r in references.items() if r.problem},
        )

    return find


@pytest.fixture
def content(found):
    """Return the bytes of each image of locations, as a worker would read them."""

    def read(*locations):
        data = {}
        for key, reference in found(*locations).references.items():
            with pickle.loads(pickle.dumps(reference)).open() as file:
                data[key] = file.read()
        return data

    return read


@pytest.fixture(scope="session")
def expected(tree):
    """What must be found of `tree`: key and bytes of each image."""
    folder = Sources.open([os.fspath(tree)])
    return {r.key: (tree / os.fsdecode(r.key)).read_bytes() for r in folder}
