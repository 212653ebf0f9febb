"""Which pixels counted, in a few words."""

import pytest

from bnstat.result import Selection


@pytest.mark.parametrize(
    ("given", "words", "excludes"),
    [
        ({}, "", False),
        ({"alpha": "over:white"}, "alpha over:white", False),
        ({"alpha": "exclude"}, "alpha exclude", True),
        ({"nodata": "0"}, "without nodata 0", True),
        (
            {"masks": "m/{stem}.png", "mask_values": (1, 2), "mask_ignore": (255,)},
            "masks m/{stem}.png values 1,2 without 255",
            True,
        ),
        ({"masks": "m/{stem}.png", "exclude_fill": True}, "masks m/{stem}.png, without fill", True),
    ],
    ids=str,
)
def test_words(given, words, excludes):
    """Nothing is said where all pixels counted as they were stored."""
    selection = Selection(**given)
    assert (words, excludes) == (selection.words, selection.excludes)
