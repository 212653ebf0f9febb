"""A result of two images, and a comparison and a sweep made by hand."""

from dataclasses import replace

import pytest

from bnstat.result import Estimate, Stats
from bnstat.result.running_statistics import Cell, Off, Sweep
from bnstat.show.changes import ComparedRow
from bnstat.show.comparison import compare


@pytest.fixture
def stats(pytestconfig):
    """The result of tests/golden, with round figures and no welford."""
    golden = Stats.load(pytestconfig.rootpath / "tests/golden/stats-v1.json")
    methods = {"two-pass": Estimate((0.5, 0.25, 0.125), (0.25, 0.0625, 0.0)), "welford": None}
    return replace(golden, methods=golden.methods | methods)


@pytest.fixture
def comparison():
    """Two rows of one channel; the second has a name with a control character and a bar."""
    rows = [
        ComparedRow("train", "train", ("L",), (), {"two-pass": ((m,), (s,))}, (m,), (s,))
        for m, s in ((0.5, 0.5), (0.6, 0.4))
    ]
    return compare([rows[0], replace(rows[1], name="a\x1b | b")])


@pytest.fixture
def sweep():
    """Two schedules, one of them cumulative."""
    off = Off(0.25, 0.125, 0.0625), Off(0.5, 0.25, 0.125)
    return Sweep(
        (
            Cell(8, 0.1, "shuffled", 20, 4, 0.6561, *off),
            Cell(8, None, "listed", 1, 4, 0.0, *off),
        ),
        32,
        None,
    )
