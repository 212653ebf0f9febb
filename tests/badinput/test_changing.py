"""Files that change while they are measured: once they were found, or at any time."""

import json
import os
import time

import numpy as np
import pytest
from PIL import Image

from bnstat.engines import open_engine
from bnstat.measure.measure import Measure
from bnstat.measure.scanning import scan
from bnstat.settings import Settings, complete
from bnstat.sources.bounds import Limits
from bnstat.sources.sources import Sources


@pytest.fixture
def folder(tmp_path):
    """Three different PNG files: a, b and c."""
    rng = np.random.default_rng(5)
    for name in "abc":
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(
            tmp_path / f"{name}.png"
        )
    return tmp_path


def measured(folder, change=lambda path: None):
    """Measure a folder, changing b.png when it has been found; return total and failures."""

    def found():
        for reference in Sources.open([os.fspath(folder)]):
            if reference.key == b"b.png":
                change(folder / "b.png")
            yield reference

    measure, settings = Measure("RGB", Limits(10**6)), complete(Settings, {})
    [view] = scan(found(), measure, open_engine(1), settings).views
    return view.records.total(), list(view.failures)


def replaced(make):
    def change(path):
        path.unlink()
        make(path)

    return change


CHANGES = {
    "vanished": (lambda path: path.unlink(), "No such file or directory"),
    "emptied": (lambda path: path.write_bytes(b""), "is not an image of a known format"),
    "cut": (lambda path: os.truncate(path, 900), "is broken: image file is truncated"),
    "a folder": (replaced(os.mkdir), "is a folder"),
    "a pipe": (replaced(os.mkfifo), "is not a regular file"),
    "endless": (replaced(lambda path: path.symlink_to("/dev/zero")), "is not a regular file"),
    "a loop": (
        replaced(lambda path: path.symlink_to(path.name)),
        "Too many levels of symbolic links",
    ),
}


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES)
def test_changed_after_it_was_found(folder, tmp_path_factory, change, reason):
    """What is no image any more when it is opened is a failure, and adds nothing to the rest."""
    total, failures = measured(folder, change)
    others = tmp_path_factory.mktemp("others")
    for name in "ac":
        os.link(folder / f"{name}.png", others / f"{name}.png")

    assert failures == [(b"b.png", reason)]
    assert total == measured(others)[0]


def test_grown_after_it_was_found(folder):
    """What is written behind an image's end does not change its figures."""

    def grow(path):
        with path.open("ab") as file:
            file.write(bytes(200_000))

    assert measured(folder, grow) == measured(folder)


def test_files_that_vanish_all_the_time(tmp_path, folder, start):
    """Images are deleted and rewritten while the command runs: it ends, and accounts for all."""
    many = tmp_path / "many"
    many.mkdir()
    data = (folder / "a.png").read_bytes()
    for i in range(2000):
        (many / f"{i:04}.png").write_bytes(data)
    options = ["--workers", "2", "--max-failures", "9999", "-o", "-"]
    process = start("-m", "bnstat", "compute", "many", *options)
    for i in range(1999, -1, -3):
        (many / f"{i:04}.png").unlink()
        (many / f"{i - 1:04}.png").write_bytes(data[:500])
        time.sleep(0.0005)
    out, _ = process.communicate(timeout=60)
    source = json.loads(out)["source"]

    assert process.returncode == 0
    assert 1000 < source["images"] + len(source["failures"]) <= 2000
    assert {failure["reason"] for failure in source["failures"]} <= {
        "No such file or directory",
        "is broken: image file is truncated",
        "is empty",
        "is not an image of a known format",
    }
