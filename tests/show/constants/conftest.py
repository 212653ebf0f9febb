"""A result with figures of three channels."""

from pathlib import Path

import pytest

import bnstat


@pytest.fixture(scope="session")
def stats():
    """The golden one."""
    return bnstat.load(Path(__file__).parents[2] / "golden" / "stats-v1.json")
