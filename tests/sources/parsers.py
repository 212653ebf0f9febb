"""Every parser of ours as a call that takes bytes: it ends or refuses them, in bounded reads.

`WORDS` are what lengths look like that lead somewhere else.
"""

import io
import struct
import tarfile
import zipfile
import zlib
from contextlib import suppress
from itertools import islice

import numpy as np
from PIL import Image

from bnstat.decode.jpeg import _lacks_scans, _segments
from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.png import check_pixels, load_small_png
from bnstat.decode.samples import _component_depths
from bnstat.sources.bounds import UnreadableError
from bnstat.sources.decompress import decompressed
from bnstat.sources.parquet_layout import Compact, IncompleteError, WatchedFile, row_groups
from bnstat.sources.tar_headers import headers
from bnstat.sources.zip import entries

REFUSED = (UnreadableError, UnmeasurableError, IncompleteError, OSError, EOFError, zlib.error)
WORDS = [
    *(struct.pack(order + kind, n) for order in "<>" for kind in "IQ" for n in (0, 1, 2, 7, 12)),
    *(b"\xff" * 4, b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\x80" + b"\0" * 7, b"\0" * 512),
    *(
        b"jp2c",
        b"jp2h",
        b"IDAT",
        b"IEND",
        b"PK\1\2",
        b"PK\5\6",
        b"PK\6\6",
        b"PK\6\7",
        b"7" * 11,
        b"\xff\xda\0\0",
    ),
]


class CountedFile(io.BytesIO):
    """Bytes as a file that may be read so often and no more."""

    def __init__(self, data):
        super().__init__(data)
        self.left = 64 + len(data) // 4

    def read(self, size=-1):
        self.left -= 1
        assert self.left >= 0, "is read again and again"
        return super().read(size)

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    read1 = read


def _png_chunks(data):
    check_pixels(CountedFile(data))


def _scans(data):
    """Nothing is known against a JPEG whose segments make no sense: it was decoded."""
    assert len(list(islice(_segments(data), len(data)))) <= len(data) // 2
    with suppress(LookupError, ValueError):
        _lacks_scans(data)


def _small_png(data):
    load_small_png(io.BytesIO(data))


def _boxes(data):
    assert len(_component_depths(CountedFile(data))) < 1 << 16


def _tar(data):
    ends = [header.end for header in headers(CountedFile(data))]
    assert ends == sorted(ends) and len(ends) <= len(data) // 512


def _zip(data):
    assert len(list(entries(CountedFile(data)))) <= len(data) // 46


def _footer(data):
    row_groups(CountedFile(data))


def _pages(data):
    file = WatchedFile(CountedFile(data), lambda header: None)
    file.watch([(0, len(data))])
    while file.read(100):
        pass


def _thrift(data):
    Compact(data).struct()


def _compressed(data):
    """Inflate a piece of it: how much may come at all is for the limits."""
    file = decompressed(io.BufferedReader(CountedFile(data)))
    if file is not None:
        file.read(1 << 16)


PARSERS = {
    "boxes": _boxes,
    "chunks": _png_chunks,
    "tarheaders": _tar,
    "zipentries": _zip,
    "footer": _footer,
    "pages": _pages,
    "thrift": _thrift,
    "compressed": _compressed,
    "scans": _scans,
    "smallpng": _small_png,
}


def take(name):
    """Return a fuzz target: whether a parser took the bytes."""

    def parse(data):
        try:
            PARSERS[name](data)
        except REFUSED as error:
            assert str(error).strip() or isinstance(error, IncompleteError)
            return False
        return True

    return parse


def seeds(name):
    """Return bytes that a parser takes, of files with several parts."""
    return [*_SEEDS[name]()]


def _saved(kind, deep=False, **options):
    file, dtype = io.BytesIO(), np.uint16 if deep else np.uint8
    Image.fromarray(np.arange(24, dtype=dtype).reshape(4, 6)).save(file, kind, **options)
    return file.getvalue()


def _jp2():
    plain = _saved("JPEG2000")
    at = plain.index(b"jp2c") - 4
    yield plain
    yield plain[at + 8 :]  # a codestream alone
    yield plain[:at] + struct.pack(">I4sQ", 1, b"free", 24) + b"x" * 8 + plain[at:]
    yield _saved("JPEG2000", deep=True)


def _jpegs():
    yield _saved("JPEG")
    yield _saved("JPEG", progressive=True)


def _png():
    yield _saved("PNG")
    yield _saved("PNG", save_all=True, append_images=[Image.new("L", (6, 4), 9)])


def _tars():
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form) as tar:
            for name in ("a.png", "b/" + "c" * 90 + ".png"):
                info = tarfile.TarInfo(name)
                info.size = 600
                tar.addfile(info, io.BytesIO(b"x" * 600))
        yield file.getvalue()


def _zips():
    for force in (False, True):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name in ("a.png", "b.png"):
                with archive.open(name, "w", force_zip64=force) as member:
                    member.write(b"x" * 30)
        yield file.getvalue()


def _parquets():
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    table = pa.table({"image": [b"x" * 50, b"y" * 60, b"z" * 7], "n": [1, 2, 3]})
    pq.write_table(table, file, row_group_size=2)
    yield file.getvalue()


def _columns():
    for data in _parquets():
        for group in row_groups(io.BytesIO(data)):
            yield from (data[start:end] for start, end in group.columns.values())


def _structs():
    for data in _parquets():
        yield data[-8 - int.from_bytes(data[-8:-4], "little") : -8]


def _streams():
    import bz2
    import gzip
    import lzma

    for compress in (bz2.compress, gzip.compress, lzma.compress):
        yield compress(b"bytes " * 99) + compress(b"more")


_SEEDS = {
    "boxes": _jp2,
    "chunks": _png,
    "tarheaders": _tars,
    "zipentries": _zips,
    "footer": _parquets,
    "pages": _columns,
    "thrift": _structs,
    "compressed": _streams,
    "scans": _jpegs,
    "smallpng": _png,
}
