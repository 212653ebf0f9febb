"""References: size, time and fingerprint of an image, and its key as text."""

import os
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.sources import Sources
from bnstat.text import key_text


def fingerprint(reference):
    return reference.fingerprint()


def test_size_and_time_are_those_of_the_file(tmp_path):
    """A reference holds what the file system says, to the nanosecond."""
    path = tmp_path / "x.jpg"
    path.write_bytes(b"12345")
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    ctime = path.stat().st_ctime_ns
    expected = Reference(b"x.jpg", os.fsencode(path), 5, 1_700_000_000_123_456_789, ctime_ns=ctime)
    assert file_reference(b"x.jpg", os.fsencode(path)) == expected


def test_fingerprint_is_as_documented():
    """It is blake2b-256 of size, mtime and key, as an integer."""
    digest = blake2b(b"3/5/a/x.jpg", digest_size=32).hexdigest()
    assert f"{Reference(b'a/x.jpg', b'', 3, 5).fingerprint():064x}" == digest


@pytest.mark.parametrize("change", [{"key": b"y"}, {"size": 4}, {"mtime_ns": 6}])
def test_fingerprint_changes(change):
    """It changes with the key, the size and the time, and with these alone."""
    reference = Reference(b"x", b"/p", 3, 5)
    assert fingerprint(reference._replace(**change)) != fingerprint(reference)
    assert fingerprint(reference._replace(path=b"/q")) == fingerprint(reference)


@given(st.sets(st.tuples(*[st.integers(0, 30)] * 2), min_size=2, max_size=40))
def test_fingerprint_tells_size_from_time(pairs):
    """No two of many references that differ in size or time are taken for one another."""
    prints = {Reference(b"1/2/x", b"", size, mtime).fingerprint() for size, mtime in pairs}
    assert len(prints) == len(pairs)


def test_fingerprint_does_not_depend_on_the_folders_place(touch, tmp_path_factory):
    """The same files under the same keys have the same fingerprints wherever they are."""
    sums = set()
    for name in ("here", "there"):
        root = touch("a/x.jpg", "y.png", root=tmp_path_factory.mktemp(name))
        for path in (b"a/x.jpg", b"y.png"):
            os.utime(os.path.join(root, path), ns=(7, 7))
        sums.add(sum(map(fingerprint, Sources.open([os.fsdecode(root)]))))
    assert len(sums) == 1


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (b"plain.jpg", "plain.jpg"),
        ("größe.jpg".encode(), "größe.jpg"),
        (b"caf\xe9.jpg", "caf\\xe9.jpg"),
        (b"a\nb", "a\nb"),
    ],
)
def test_key_as_text(key, text):
    """A key is text where it is UTF-8; other bytes are escapes."""
    assert key_text(key) == text


@pytest.mark.parametrize(
    ("name", "problem"), [(".", "is a folder"), ("pipe", "is not a regular file")]
)
def test_only_regular_files_can_be_measured(tmp_path, name, problem):
    """What is no regular file is never opened."""
    os.mkfifo(tmp_path / "pipe")
    assert file_reference(b"x", os.fsencode(tmp_path / name)).problem == problem
