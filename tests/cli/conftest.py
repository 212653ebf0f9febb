"""The command line, run in this process or as one of its own, in a folder of the test's own."""

import shutil

import pytest
from PIL import Image


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder: two images of one colour each below `tiny`, and a text file."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "tiny"
    folder.mkdir()
    Image.new("RGB", (4, 2), (255, 0, 51)).save(folder / "a.png")
    Image.new("RGB", (4, 2), (0, 102, 51)).save(folder / "b.png")
    (folder / "notes.txt").touch()
    return tmp_path


@pytest.fixture
def bnstat(here, in_process):
    """Run a command line in this process; return status, out and err."""
    return in_process


def without_others(bnstat, command):
    """Run a command in this process, without other processes."""

    def call(*arguments):
        return bnstat(command, "--workers", "1", *arguments)

    return call


@pytest.fixture
def compute(bnstat):
    """Run `bnstat compute` in this process, without other processes."""
    return without_others(bnstat, "compute")


@pytest.fixture
def compare(bnstat):
    """Run `bnstat compare` in this process, without other processes."""
    return without_others(bnstat, "compare")


@pytest.fixture
def sweep(bnstat):
    """Run `bnstat sweep` in this process, without other processes."""
    return without_others(bnstat, "sweep")


@pytest.fixture
def process(here, python):
    """Run a command line as a process of its own."""

    def call(*arguments, **keywords):
        return python("-m", "bnstat", *arguments, **keywords)

    return call


@pytest.fixture
def mixed(here, photos):
    """`photos`, and with it two images that cannot be measured."""
    shutil.copytree(photos, here / "mixed")
    (here / "mixed" / "cats" / "empty.jpg").touch()
    (here / "mixed" / "text.png").write_text("no image")
    return here / "mixed"
