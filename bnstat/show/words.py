"""Numbers as words."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number and its noun.

    >>> counted(1, "image"), counted(2000, "batch", "batches")
    ('1 image', '2,000 batches')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Return a share as a percentage; what is not nothing, or not all, never reads as such.

    >>> percent(0.1853), percent(1e-9), percent(0.0)
    ('18.5 %', 'less than 0.01 %', 'nothing')
    """
    if share == 0.0:
        return "nothing"
    return f"{100 * share:.3g} %" if share >= 1e-4 else "less than 0.01 %"


def signed(value: float | None) -> str:
    """Return a difference to three digits; only no difference at all reads as 0.

    >>> signed(0.0), signed(-0.01234), signed(2e-16), signed(None)
    ('0', '-0.0123', '+2e-16', '-')
    """
    if value is None:
        return "-"
    return f"{value:+.3g}" if value else "0"
