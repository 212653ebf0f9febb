"""Journals to be fuzzed: files of any bytes, and entries whose checksums are right."""

from array import array
from pathlib import Path

import numpy as np

from bnstat import estimators
from bnstat.errors import JournalError
from bnstat.estimators.batchnorm import Schedule
from bnstat.journal import Entry, Expected, Journal
from bnstat.journal.entry import DamagedError, _checksum, packed_images, packed_moments, unpacked
from bnstat.measure.planes import is_kind
from bnstat.moments import Appearances, Centred, ChunkCounts, Kind, Records

SETTINGS = {"mode": "RGB", "sources": "data"}
EXPECTED = Expected((1,), is_kind)
FILE = Path("fuzzed.db")
ROW, COLUMN = b"--row--", b"--column--"


def _entry(images, kinds):
    accumulator = ChunkCounts()
    for row in range(images):
        kind = kinds[row % len(kinds)]
        if kind.scale == 255:
            accumulator.add_8_bit(row, kind, np.bincount([row] * 9, minlength=256).tolist() * 3)
        elif kind.scale == 65535:
            accumulator.add_16_bit(row, kind, np.bincount([row], minlength=65536)[np.newaxis])
        else:
            mean, m2, ends = np.array([row / 7]), np.array([0.02]), np.array([[-0.1, 0.1]])
            accumulator.add_floats(row, kind, Centred(np.array([2]), mean, m2, mean + ends))
    keys = [b"%03d.png" % row for row in range(images)]
    moments = list(accumulator.moments(per_image_histograms=True))
    fingerprints = [bytes([row]) * 16 for row in range(images)]
    looks = Appearances([(3, 3, kinds[0].mode, 8, "PNG")], array("h", [0] * images))
    return Entry(keys, fingerprints, [0], [1], [moments], looks)


def _entries():
    gray = [Kind("I;16", ("L",), 65535), Kind("F", ("L",), 1)]
    return [_entry(3, [Kind("RGB", ("R", "G", "B"), 255)]), _entry(5, gray)]


def files():
    """Return the bytes of journals of an entry each."""
    return [_file(entry) for entry in _entries()]


def _file(entry):
    FILE.unlink(missing_ok=True)
    with Journal.open(str(FILE), SETTINGS, EXPECTED) as journal:
        journal._store.add(entry)
    return FILE.read_bytes()


class _Image:
    key, ctimes = b"zzz", (0,)


def take_file(data):
    """Open a journal of these bytes, read all of it and remove all; its errors are its own."""
    for path in Path().glob("fuzzed.db*"):
        path.unlink()
    FILE.write_bytes(data)
    try:
        with Journal.open(str(FILE), SETTINGS, EXPECTED) as journal:
            journal.knows(_Image(), 7)
            some = [entry for _, entry in journal.completed(None)]
            journal.finish()
    except JournalError as error:
        assert str(error).isprintable() and len(str(error)) < 1000, str(error)
        return False
    assert some == []
    return journal.failure is None


def rows():
    """Return the columns of entries, in one text each."""
    found = []
    for entry in _entries():
        moments = (packed_moments(each) for each in entry.views[0])
        columns = [packed_images(entry)[:-1], *((*each[:8], each[9]) for each in moments)]
        found.append(ROW.join(COLUMN.join(map(_bytes, row)) for row in columns))
    return found


def _bytes(value):
    return value.encode() if isinstance(value, str) else value or b""


def take_rows(data):
    """Unpack columns, with the right checksums; what is taken has figures."""
    images, *rest = [tuple(row.split(COLUMN)) for row in data.split(ROW)]
    images = (*images, _checksum(images))
    moments = []
    for kind, *numbers in rest:
        columns = [kind.decode("latin-1"), *numbers]
        columns[5:7] = (value or None for value in columns[5:7])
        columns[8:] = (value or None for value in columns[8:])
        moments.append((0, *columns[:8], _checksum(columns[:8]), *columns[8:]))
    try:
        entry = unpacked(images, moments, EXPECTED)
        entry = entry.take([len(entry.keys) - 1])
    except (DamagedError, ValueError):
        return False
    records = Records()
    for part in entry.views[0]:
        records.extend(entry.keys, part)
    if min(records.count) > 0:
        estimators.every_method(records, Schedule(2, 0.1, "shuffled", 0, 1))
    return True


WORDS = [b"\xff" * 8, b"\0" * 7 + b"\x80", b"\0" * 6 + b"\xf0\x7f", b"\0" * 8, b"\1" + b"\0" * 7]
WORDS += [ROW, COLUMN, b'["L", ["L"], 255]', b'["RGB", ["R", "G", "B"], 1]', b"65535"]
