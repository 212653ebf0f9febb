"""What chunks of images have given a model's layers."""

import pytest

from bnstat.errors import ModelError
from bnstat.models.probe import PassTotal, Probe, Probed


def test_layers_in_another_order_are_refused_across_chunks():
    """A chunk of which nothing could be drawn has no order, and goes with any."""
    total = PassTotal()
    for order in (("a", "b"), (), ("a", "b")):
        total.add([], Probed(order, {}, []))
    with pytest.raises(ModelError, match="in another order from image to image"):
        total.add([], Probed(("b", "a"), {}, []))


def test_a_lost_image_is_the_first_of_its_chunk():
    """It was tried alone."""
    assert Probe.lost(None, "it is lost").failures == [(0, "it is lost")]
