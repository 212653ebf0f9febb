"""What is kept of one output of a pipeline."""

import pytest

from bnstat.measure.counting import count_output
from bnstat.moments import Tally


@pytest.fixture
def kept():
    """Return what is kept of one output of a pipeline: the only part of a tally."""

    def keep(output):
        tally = Tally()
        count_output(tally, 0, output)
        (part,) = tally.moments()
        return part

    return keep
