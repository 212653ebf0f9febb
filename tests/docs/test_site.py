"""The documentation site builds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_site_builds_without_a_warning(tmp_path):
    """Warnings are errors; the pictures are of bnstat's own screens and fetch nothing."""
    for package in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "docs", tmp_path / "site"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (0, "") == (result.returncode, result.stderr)
    page = (tmp_path / "site" / "screens.html").read_text()
    pictures = page.split('<div class="screen">')[1:]
    assert 5 == len(pictures)
    assert not any("url(http" in picture for picture in pictures)


@pytest.mark.long
def test_picture_of_the_first_screen_is_current(monkeypatch):
    """README shows what bnstat prints today."""
    for package in ("rich", "matplotlib"):
        pytest.importorskip(package)
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import pictures

    committed = (ROOT / "docs/_static/first-screen.svg").read_text()
    assert pictures.first_screen() == committed, "run: python docs/pictures.py"
