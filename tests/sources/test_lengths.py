"""Whatever lengths a file says of its own parts, every parser goes forward, and ends."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.sources.bounds import MAX_POSITION, UnreadableError, step

from . import parsers

EACH = pytest.mark.parametrize("name", parsers.PARSERS)


@EACH
def test_files_as_they_are_written_are_taken(name):
    """Each parser takes what other programs write, so that what is tried below reaches it."""
    for data in parsers.seeds(name):
        assert parsers.take(name)(data), data[:40]


@EACH
@given(data=st.binary(max_size=3000))
def test_any_bytes_end_or_are_refused(name, data):
    """There is an end, or an error of our own, within a bound of reads."""
    parsers.take(name)(data)


@EACH
@given(seed=st.integers(0, 2**32))
def test_any_lengths_end_or_are_refused(name, seed):
    """So do files of which some lengths, or whatever stands there, are others."""
    rng, seeds = random.Random(seed), parsers.seeds(name)
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 4)):
        at, word = rng.randrange(len(data)), rng.choice(parsers.WORDS)
        data[at : at + len(word)] = word
    parsers.take(name)(bytes(data))


@pytest.mark.parametrize("length", [0, 1, 7, 15])
@pytest.mark.parametrize("large", [False, True])
def test_a_box_that_is_shorter_than_its_head_is_refused(length, large):
    """A box of length 1 has its length behind it; 0 there would lead to the same box for ever."""
    if not large and length == 15:
        pytest.skip("is a whole box")
    whole = next(parsers._jp2())
    at = whole.index(b"jp2c") - 4
    head = (
        struct.pack(">I4sQ", 1, b"free", length) if large else struct.pack(">I4s", length, b"free")
    )
    with pytest.raises(UnreadableError, match=f"^is broken: its box at byte {at} cannot have"):
        parsers.PARSERS["boxes"](whole[:at] + head + b"\0" * 16 + whole[at:])


@pytest.mark.parametrize(("at", "length"), [(0, 0), (5, -1), (5, MAX_POSITION), (MAX_POSITION, 1)])
def test_steps_lead_forward_and_to_places_that_files_have(at, length):
    """What would lead back, or nowhere, is refused, with its name and length."""
    with pytest.raises(UnreadableError, match=f"^a box cannot have {length} bytes$"):
        step(at, length, "a box")
    assert MAX_POSITION == step(5, MAX_POSITION - 5, "a box")
