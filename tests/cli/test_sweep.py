"""`bnstat sweep`: exact text, JSON and exit statuses."""

import json

import numpy as np
import pytest
from PIL import Image

import bnstat

VERDICT = (
    "No shuffled schedule of at least 4 batches was tried, and others are not for training. "
    "two-pass is exact.\n"
)

SCREEN = """
6 images. Largest difference of BatchNorm2d's mean or std from two-pass, in [0, 1], in any channel \
and repeat; initial is the share of the initial mean 0 / var 1 that is left:

batch  momentum    initial  shuffled  listed
    2  0.1            0.73       0.6    0.59
    2  cumulative        0      0.13    0.19
    6  0.1             0.9      0.68    0.68
    6  cumulative        0    0.0014  0.0014
"""


@pytest.fixture
def data(tmp_path):
    """A folder data of six gray images, sorted by their light, and its result bnstat.json."""
    (tmp_path / "data").mkdir()
    for i in range(6):
        pixels = np.full((4, 4), 40 * i, dtype=np.uint8) + np.arange(4, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / f"{i}.png")
    bnstat.compute(tmp_path / "data", mode="L", workers=1).save(tmp_path / "bnstat.json")
    return tmp_path


GRID = "--batch-size", "2,6", "--momentum", "0.1,cumulative", "--repeats", "3"


def test_first_screen(sweep, data):
    """A sentence, then a line for each schedule; nothing on stderr."""
    done = sweep(*GRID)
    verdict, _, table = done.out.partition("\n\n")
    assert (0, "") == (done.status, done.err)
    assert (VERDICT, SCREEN) == (f"{verdict}\n", f"\n{table}")


def test_all_tables(sweep, data):
    """With -v a table for each order: the largest difference, its root mean square, and theory."""
    done = sweep(*GRID, "-v")
    verdict, explained, shuffled, listed = done.out.split("\n\n")
    assert (0, "", VERDICT) == (done.status, done.err, f"{verdict}\n")
    assert explained.startswith("6 images. Difference of BatchNorm2d's mean and std from two-pass")
    for table, title in ((shuffled, "shuffled (3 repeats)"), (listed, "listed (by key)")):
        first, columns, *lines = table.splitlines()
        assert title == first
        assert [
            *("batch", "momentum", "initial", "mean", "rms", "theory", "std", "rms", "theory"),
        ] == columns.split()
        assert [
            ["2", "0.1", "0.73"],
            ["2", "cumulative", "0"],
            ["6", "0.1", "0.9"],
            ["6", "cumulative", "0"],
        ] == [line.split()[:3] for line in lines]


def test_json(sweep, data):
    """-o - prints JSON alone; -o FILE writes the very same beside the table."""
    arguments = "data", "--mode", "L", "--batch-size", "2", "--repeats", "2"
    printed = sweep(*arguments, "-o", "-")
    shown = sweep(*arguments, "-o", "sweep.json")
    assert (0, 0, "") == (printed.status, shown.status, printed.err)
    assert printed.out == (data / "sweep.json").read_text()
    assert "\n6 images. " in shown.out
    document = json.loads(printed.out)
    assert ("bnstat.sweep", 1, 6) == tuple(document[k] for k in ("format", "version", "images"))
    assert [(0.01, "shuffled"), (0.1, "shuffled"), ("cumulative", "shuffled")] == [
        (cell["momentum"], cell["order"]) for cell in document["cells"][:3]
    ]
    assert shown.out.startswith(f"{document['verdict']}\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--batch-size", "8,0"), "'0' is not a whole number of at least 1."),
        (("--batch-size", "8,,32"), "'' is not a whole number of at least 1."),
        (("--batch-size", "-8"), "'-8' is not a whole number of at least 1."),
        (("--momentum", "0.1,2"), "'2' is neither a number above 0, up to 1, nor 'cumulative'."),
        (("--momentum", ""), "'' is neither a number above 0, up to 1, nor 'cumulative'."),
        (("--order", "random"), "'random' is not one of shuffled, listed."),
        (("--repeats", "0"), "'0' is not a whole number of at least 1."),
    ],
    ids=str,
)
def test_malformed_lists(arguments, says, sweep, data):
    """A list that is none is status 2, and the message quotes it."""
    done = sweep(*arguments)
    assert (2, "") == (done.status, done.out)
    assert done.err == (
        f"bnstat: Invalid value for '{arguments[0]}': {says}\nTry: bnstat sweep --help\n"
    )


def test_huge_batches(sweep, data):
    """A batch size beyond any set is one batch of all."""
    done = sweep("--batch-size", "1" + "0" * 30, "--repeats", "1")
    assert (0, "") == (done.status, done.err)


def test_failures_are_named_and_counted(sweep, data):
    """Broken images are named, and make the status 3 as in compute."""
    (data / "data" / "broken.png").write_bytes(b"no image")
    done = sweep("--repeats", "1")
    assert (3, "failed: broken.png: is not an image of a known format\n") == (
        done.status,
        done.err,
    )
    assert 0 == sweep("--repeats", "1", "--max-failures", "1").status


def test_no_result_and_no_source(sweep):
    """Without bnstat.json and without a SOURCE the status is 4, and the line says what to do."""
    done = sweep()
    assert (4, "", "bnstat: no result document bnstat.json; make one: bnstat compute FOLDER\n") == (
        done.status,
        done.out,
        done.err,
    )


def test_ranks(sweep, data):
    """With ranks there is a column for SyncBatchNorm and one for rank 0, and a line on both."""
    done = sweep("--ranks", "2", "--batch-size", "2", "--order", "listed", "--momentum", "0.1")
    _, _, table, line = done.out.split("\n\n")
    assert (0, "") == (done.status, done.err)
    assert (
        "batch  momentum  initial  listed, SyncBatchNorm  listed, rank 0 alone"
        == (table.splitlines()[0])
    )
    assert line.startswith("SyncBatchNorm: batches of all ranks together")
