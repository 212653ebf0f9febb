"""The judge of outcomes, seen to find what it is to find."""

import io

import pytest
from PIL import Image

from bnstat.sources.bounds import Limits


@pytest.fixture
def image():
    """A PNG file's bytes."""
    file = io.BytesIO()
    Image.effect_noise((20, 20), 80).save(file, "PNG")
    return file.getvalue()


def judged(making, folder, **options):
    return [outcome for _, outcome in making["outcomes"].outcomes(folder, **options)]


def test_ok_and_failure(making, small, image):
    """A whole image is ok, half of one is a failure."""
    folder = small(a=image, b=image[:200])

    assert judged(making, folder) == ["ok", "failure"]


def test_partial_is_found(making, small, image):
    """A file that counts as a cut one, and gives other figures than the whole, is found out."""
    folder = small(**{"cut-1": image})
    other = io.BytesIO()
    Image.new("L", (20, 20)).save(other, "PNG")
    (folder / "whole.png").write_bytes(other.getvalue())

    assert judged(making, folder) == ["partial"]


def test_crash_is_found(making, small, image):
    """A file that ends its worker is found out, and those behind it are judged."""
    work = making["deadly"].Deadly("RGB", Limits(10**9), keys=(b"b.png",))
    folder = small(a=image, b=image, c=image)

    assert judged(making, folder, work=work, workers=1) == ["ok", "crash", "ok"]


@pytest.mark.long
def test_hang_is_found(making, small, image):
    """A file that takes too long is found out, and those behind it are judged."""
    work = making["deadly"].Deadly("RGB", Limits(10**9), keys=(b"b.png",), wait=600.0)
    folder = small(a=image, b=image, c=image)

    assert judged(making, folder, work=work, workers=1, seconds=5) == ["ok", "hang", "ok"]


def test_counts(making):
    """The table has a line for each form, and one for all."""
    found = [(b"form/png-rgb-8/whole.png", "ok"), (b"kind/fifo.jpg", "failure")]
    table = making["outcomes"].counted(found)

    assert table.splitlines()[1:] == [
        "kind              0        1        0        0        0        0",
        "png               1        0        0        0        0        0",
        "all               1        1        0        0        0        0",
    ]
