"""Entries as columns: nothing is lost, and nothing damaged is taken for good."""

import pytest

from bnstat.journal.packing import DamagedError, packed_images, packed_part, unpacked


def packed(entry):
    return packed_images(entry), [(0, *packed_part(part)) for part in entry.views[0]]


def test_nothing_is_lost(entry, plain):
    """Keys of any bytes, all kinds of moments, to the last bit."""
    assert plain(unpacked(*packed(entry), 1)) == plain(entry)


def test_any_byte_that_changes_is_found(entry):
    """In every column of the images and of the parts; the images' own have a check of zlib's."""
    images, parts = packed(entry)
    for row, put in [(images, lambda r: (r, parts))] + [
        (part, lambda r, i=i: (images, [*parts[:i], (0, *r), *parts[i + 1 :]]))
        for i, (_, *part) in enumerate(parts)
    ]:
        for column, value in enumerate(row[:7]):
            for at in range(0, len(value) if isinstance(value, bytes) else 1, 7):
                with pytest.raises(DamagedError):
                    unpacked(*put((*row[:column], changed(value, at), *row[column + 1 :])), 1)


def changed(value, at):
    if isinstance(value, bytes) and value:
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if isinstance(value, int):
        return value + 1
    return "[]" if isinstance(value, str) else b"x"


def test_missing_moments_are_found(entry):
    """An image whose part is gone does not count as measured."""
    images, parts = packed(entry)
    with pytest.raises(DamagedError, match="moments of some images are missing"):
        unpacked(images, parts[1:], 1)


def test_a_view_too_many_is_refused(entry):
    """As are columns of other types."""
    images, parts = packed(entry)
    with pytest.raises(DamagedError):
        unpacked(images, [(1, *part[1:]) for part in parts], 1)
    with pytest.raises(DamagedError):
        unpacked((None,) * 6, parts, 1)
