"""What is said of pixels that did not count."""

from dataclasses import replace

import pytest

from bnstat.result import Selection
from bnstat.show import remarks


@pytest.mark.parametrize(
    ("selection", "line"),
    [
        (
            Selection(excluded=(0, 0, 0), transparent=2),
            "2 images with transparent pixels, whose hidden colors counted; "
            "--alpha exclude leaves them out",
        ),
        (
            Selection(alpha="exclude", excluded=(1200, 1200, 1200), transparent=2),
            "left out 1,200 samples a channel",
        ),
        (
            Selection(nodata="0", excluded=(3, 1200, 7), empty=1, transparent=0),
            "left out 3 to 1,200 samples a channel; of 1 image nothing was left",
        ),
        (Selection(nodata="0", excluded=(0, 0), empty=2), "of 2 images nothing was left"),
    ],
)
def test_pixels_that_did_not_count_are_told(stats, selection, line):
    """In one line."""
    assert [line] == list(remarks(replace(stats, selection=selection)))


def test_nothing_is_said_where_all_counted(stats):
    """Of opaque images, where transparent pixels were not looked for, and of a selection of all."""
    everything = Selection(nodata="0", excluded=(0, 0, 0))
    assert [] == list(remarks(replace(stats, selection=everything)))
    for transparent in (0, None):
        selection = Selection(excluded=(0, 0, 0), transparent=transparent)
        assert [] == list(remarks(replace(stats, selection=selection)))
