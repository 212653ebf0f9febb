"""bnstat compute --journal: killed at any moment, it goes on where it was."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

import bnstat as library


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder of 240 different images, four to a chunk: a second of work."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(13)
    pixels = rng.integers(0, 256, (500, 340, 3), dtype=np.uint8)
    for i in range(240):
        pixels[i] = i % 256
        Image.fromarray(pixels).save(folder / f"{i:03}.bmp")
    return folder


def without_date(path):
    return [line for line in path.read_text().splitlines() if '"created"' not in line]


def chunks(journal):
    """Return how many chunks a journal holds that no run has open."""
    with closing(sqlite3.connect(journal)) as db:
        return db.execute("SELECT count(*) FROM chunks").fetchone()[0]


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "more"),
    [("SIGKILL", []), ("SIGTERM", []), ("SIGINT", []), ("SIGKILL", ["--until", "0.0001"])],
)
def test_a_run_that_is_ended_goes_on(here, many, start, process, processes, number, more):
    """By any signal: what was recorded is not measured again, and the document is the same."""
    arguments = ["compute", many, *more, "--journal", "j.db", "-q", "-o"]
    running = start("-m", "bnstat", *arguments, "a.json")
    log = here / "j.db-wal"
    processes.eventually(lambda: log.exists() and log.stat().st_size > 100_000)
    running.send_signal(getattr(signal, number))
    assert running.wait() == -getattr(signal, number)
    assert not (here / "a.json").exists()
    recorded = chunks(here / "j.db")
    assert 0 < recorded < 60
    result = process(*arguments, "b.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert process("compute", many, *more, "-q", "-o", "c.json").returncode == 0
    assert without_date(here / "b.json") == without_date(here / "c.json")
    assert recorded < chunks(here / "j.db") <= 60 + 8


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again(here, many, start, process, seed):
    """At random moments, from the first on, until it ends: the same document."""
    rng = random.Random(seed)
    for attempt in range(60):
        running = start("-m", "bnstat", "compute", many, "--journal", "j.db", "-q")
        try:
            # Longer and longer, so that a slow machine gets to its end, too.
            assert running.wait(timeout=rng.uniform(0.05, 0.2 + attempt / 10)) == 0
            break
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, rng.choice([signal.SIGKILL, signal.SIGTERM]))
            running.wait()
    else:
        pytest.fail("never ended")
    assert attempt > 0
    process("compute", many, "-q", "-o", "whole.json")
    assert without_date(here / "bnstat.json") == without_date(here / "whole.json")


def test_the_second_of_two_runs_is_refused(here, endless, start, process, processes):
    """While the first goes on; it says so, and reads no image."""
    start("-m", "bnstat", "compute", endless, "--journal", "j.db", "-q")
    processes.eventually((here / "j.db-wal").exists)
    result = process("compute", endless, "--journal", "j.db")
    assert (result.returncode, result.stdout, result.stderr) == (
        4,
        "",
        "bnstat: the journal j.db is in use by another run; wait for its end, or name another "
        "file\n",
    )


@pytest.mark.uncovered
def test_a_full_disk(here, many, process):
    """The result is written all the same; then the error is told, with status 4."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    result = process("compute", many, "--journal", "j.db", "-q", preexec_fn=limit)
    assert result.returncode == 4
    assert result.stderr.startswith("bnstat: the journal j.db could not be written to the end (")
    assert result.stderr.endswith(
        "; the result is complete, and what the journal has will be known the next time\n"
    )
    written = library.load("bnstat.json")
    assert process("compute", many, "--journal", "j.db", "-q").returncode == 0
    again = library.load("bnstat.json")
    assert (written.sum, written.methods) == (again.sum, again.methods)


def test_a_journal_that_cannot_be_used(compute, here):
    """Is found out before any image is measured, in one line, with status 4."""
    (here / "j.db").write_text("hello")
    result = compute("tiny", "--journal", "j.db")
    assert (result.status, result.out, result.err) == (
        4,
        "",
        "bnstat: cannot use the journal j.db: file is not a database; name another file\n",
    )
    assert not (here / "bnstat.json").exists()


def test_shards_have_journals_of_their_own(bnstat, compute, here):
    """One each; merged, they are the whole."""
    for _ in range(2):
        for i in (1, 2):
            shard = ("--shard", f"{i}/2", "--journal", f"j{i}.db")
            assert compute("tiny", *shard, "-q", "-o", f"s{i}.json").status == 0
    assert compute("tiny", "--shard", "2/2", "--journal", "j1.db").err == (
        "bnstat: the journal j1.db is of runs that differ in shard: 1/2 there, 2/2 here; "
        "name another journal, or measure as before\n"
    )
    assert bnstat("merge", "s1.json", "s2.json", "-q").status == 0
    assert library.load("bnstat.json").sum == library.compute("tiny", workers=1).sum
