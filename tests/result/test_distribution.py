"""Histograms of groups as text: nothing is lost, and nothing else is taken for one."""

import base64
import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.result.distribution import Occurring, pack, unpack

channels = st.dictionaries(st.integers(0, 65535), st.integers(1, 2**63), max_size=9).map(
    lambda found: Occurring(tuple(sorted(found)), tuple(found[value] for value in sorted(found)))
)


@given(st.lists(channels, min_size=1, max_size=4).map(tuple))
def test_nothing_is_lost(distribution):
    """Any values of 16 bits, any counts."""
    assert unpack(pack(distribution), len(distribution)) == distribution


def packed(data):
    return base64.b64encode(zlib.compress(data, 1)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "???",
        base64.b64encode(b"no zlib").decode(),
        packed(b""),
        packed(struct.pack("<IHHQQ", 2, 7, 7, 1, 1)),
        packed(struct.pack("<IHQ", 1, 7, 0)),
        packed(struct.pack("<I", 2**32 - 1)),
        packed(struct.pack("<IHQ", 1, 7, 1) + b"\0"),
        packed(bytes(1 << 26)),
    ],
)
def test_other_text_is_refused(text):
    """It comes from a document, which comes from anywhere; little of a bomb is inflated."""
    with pytest.raises(ValueError):
        unpack(text, 1)


def test_text_is_short():
    """A thousand groups of three channels take 3 MB of a document."""
    draw = random.Random(3)
    channel = Occurring(tuple(range(256)), tuple(draw.randrange(10**6) for _ in range(256)))
    assert len(pack((channel,) * 3)) < 3000
