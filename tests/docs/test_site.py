"""The documentation site builds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_site_builds_without_a_warning(tmp_path):
    """Warnings are errors."""
    for package in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "docs", tmp_path / "site"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (0, "") == (result.returncode, result.stderr)


@pytest.mark.long
def test_pictures_of_the_terminal_are_current(monkeypatch):
    """They show what bnstat prints today, and fetch nothing."""
    for package in ("rich", "matplotlib"):
        pytest.importorskip(package)
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import pictures

    for name, picture in pictures.screens():
        assert "url(http" not in picture
        committed = (ROOT / f"docs/_static/{name}.svg").read_text()
        assert picture == committed, f"{name}: run python docs/pictures.py"
