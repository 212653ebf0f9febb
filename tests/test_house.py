"""The checks of the house itself: format, lint, types, walls; pytest is their one door."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports", "--no-logo"]],
    ids=" ".join,
)
def test_check_passes(command):
    """Each tool finds nothing."""
    tool = [str(BIN / command[0]), *command[1:]]
    result = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_top_level_is_as_agreed():
    """Nothing stands beside the rooms but what belongs there."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    if not listed:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed.split()}
    agreed = {"pyproject.toml", "README.md", "LICENSE", "bnstat", "tests", "configs", "docs"}
    assert {name for name in top if not name.startswith(".")} <= agreed
