"""Failed images on stderr: three of each kind, and how many more."""

import pytest

from bnstat.show import failure_lines


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([], []),
        (["is empty"] * 3, ["a0: is empty", "a1: is empty", "a2: is empty"]),
        (["is empty"] * 4, ["a0: is empty", "a1: is empty", "a2: is empty", "a3: is empty"]),
        (
            ["is empty"] * 5,
            ["a0: is empty", "a1: is empty", "a2: is empty", "2 more like a0"],
        ),
        (
            ["has 7 bytes", "is empty", *(f"has {n} bytes" for n in range(8, 1200))],
            [
                *("a0: has 7 bytes", "a2: has 8 bytes", "a3: has 9 bytes"),
                *("1,190 more like a0", "a1: is empty"),
            ],
        ),
        (
            [f"its mask m/{i}.png: is empty" for i in range(5)],
            [*(f"a{i}: its mask m/{i}.png: is empty" for i in range(3)), "2 more like a0"],
        ),
    ],
)
def test_kinds_are_told_by_their_words(reasons, expected):
    """Numbers, and names of files, make no other kind; those of a kind stand together."""
    named = [(f"a{i}", reason) for i, reason in enumerate(reasons)]
    assert list(failure_lines(named, len(named))) == [f"failed: {line}" for line in expected]


def test_failures_that_nobody_named():
    """Those that the result does not name are counted, with the way to have them named."""
    assert list(failure_lines([("a", "is empty")], 12_346)) == [
        "failed: a: is empty",
        "failed: 12,345 more, which the result does not name (--all-failures does)",
    ]
