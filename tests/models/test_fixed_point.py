"""Passes until the statistics of all layers are those of what they are given."""

import numpy as np
import pytest

from bnstat.errors import ModelError
from bnstat.models.fixed_point import FixedPoint
from bnstat.models.layers import Running
from bnstat.moments import Pooled

NAMES = tuple("abcdefghijkl")


class Chain:
    """A model of numbers: what a layer is given depends on the statistics in front of it."""

    def __init__(self, gain):
        self.gain = gain
        self.asked = []

    def __call__(self, running, wanted):
        """Return what the wanted layers are given: 100 samples of one channel."""
        self.asked.append(wanted)
        found, given = {}, 1.0
        for name in NAMES:
            if wanted is None or name in wanted:
                found[name] = Pooled(100, np.array([given]), np.array([100.0 * (1 + given**2)]))
            given = 1.0 + np.sin(self.gain * (given - running[name].mean[0]))
        return found


def searched(gain, tolerance=1e-6, at_most=None):
    chain = Chain(gain)
    running = {name: Running(np.zeros(1), np.ones(1)) for name in NAMES}
    point = FixedPoint(running, dict.fromkeys(NAMES, 1e-5), tolerance, at_most)
    while not point.done:
        point.update(NAMES, chain(point.running, point.wanted))
    return point, chain


def farthest(point, chain):
    given = chain(point.running, None)
    return max(abs(point.running[name].mean - given[name].mean)[0] for name in NAMES)


@pytest.mark.parametrize("gain", [0.0, 0.01, 0.5, 2.0, 5.0])
def test_it_is_the_fixed_point(gain):
    """However much a layer depends on those in front of it."""
    point, chain = searched(gain)

    assert point.settled
    assert farthest(point, chain) <= 2e-6
    assert len(point.moves) <= len(NAMES)


def test_layers_that_hardly_depend_settle_together():
    """All of them are measured in each pass, and few passes are needed."""
    point, chain = searched(0.01)

    assert not point.narrow
    assert len(point.moves) < len(NAMES) // 2
    assert all(wanted is None or len(wanted) > 4 for wanted in chain.asked[:-1])


def test_layers_that_move_to_and_fro_are_measured_in_their_turn():
    """Then a pass measures the next few, and the last one ends behind the last layer."""
    point, chain = searched(5.0)

    assert point.narrow
    assert all(len(wanted) <= 4 for wanted in chain.asked[2:])
    assert chain.asked[-1][-1] == NAMES[-1]
    assert point.exact == len(NAMES)


def test_a_pass_makes_one_more_layer_exact():
    """Where each depends on the one in front of it, never more."""
    chain = Chain(2.0)
    running = {name: Running(np.zeros(1), np.ones(1)) for name in NAMES}
    point = FixedPoint(running, dict.fromkeys(NAMES, 1e-5), 0.0)
    for number in range(1, 6):
        point.update(NAMES, chain(point.running, point.wanted))
        given = chain(point.running, None)
        for name in NAMES[:number]:
            assert point.running[name].mean == given[name].mean
        assert point.exact == number
        assert point.most_passes == len(NAMES)


def test_too_few_passes():
    """It is not settled, and all layers have been measured in each of them."""
    point, chain = searched(5.0, at_most=3)

    assert (len(point.moves), point.settled, point.narrow) == (3, False, False)
    assert farthest(point, chain) > 0.01


@pytest.mark.parametrize(
    ("name", "n", "says"),
    [
        ("a", 100, "layer a is given NaN or infinite values; the weights in front of it, or the"),
        ("b", 1, "layer b is given a single sample of each channel, which has no variance"),
    ],
)
def test_what_is_not_finite(name, n, says):
    """The first layer can blame nothing in front of it; a single sample has no variance."""
    chain = Chain(0.0)
    running = {each: Running(np.zeros(1), np.ones(1)) for each in NAMES}
    point = FixedPoint(running, dict.fromkeys(NAMES, 1e-5), 0.0)
    found = chain(running, None) | {name: Pooled(n, np.array([np.nan]), np.array([np.nan]))}

    with pytest.raises(ModelError, match=says):
        point.update(NAMES, found)


def test_a_deep_layer_may_overflow_until_its_turn_comes():
    """Wrong statistics in front of it may be to blame; it keeps what it had."""
    chain = Chain(0.0)
    running = {each: Running(np.zeros(1), np.ones(1)) for each in NAMES}
    point = FixedPoint(running, dict.fromkeys(NAMES, 1e-5), 0.0)
    infinite = {"f": Pooled(100, np.array([np.inf]), np.array([np.nan]))}
    point.update(NAMES, chain(running, None) | infinite)

    assert point.moves == [np.inf]
    assert point.running["f"].mean == 0.0
    with pytest.raises(ModelError, match="with the statistics that the layers in front of it have"):
        point.shifts(running)
