"""What is kept of one output of a pipeline."""

import pytest

from bnstat.measure.count_images import count_output
from bnstat.moments import ChunkCounts


@pytest.fixture
def kept():
    """Return what is kept of one output of a pipeline: the only part of a accumulator."""

    def keep(output):
        accumulator = ChunkCounts()
        count_output(accumulator, 0, output)
        (part,) = accumulator.moments()
        return part

    return keep
