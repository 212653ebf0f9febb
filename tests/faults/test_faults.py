"""What can go wrong around a run: memory, disk, streams, other runs. Real processes, all of it."""

import json
import os
import random
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.long
COMPUTE = ("-m", "bnstat", "compute", "--workers", "2")


def left(folder):
    """Return the names of all files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_at_random_moments(start, endless, processes, tmp_path, number):
    """From the moment on that bnstat starts others: no word, no half-written file, nobody left."""
    moments = random.Random(int(number))
    (tmp_path / "bnstat.json").write_text("old")
    for _ in range(3):
        main = start(*COMPUTE, endless)
        processes.eventually(lambda main=main: len(processes.group(main.pid)) > 1)
        moment = moments.uniform(0.0, 1.0)
        with pytest.raises(subprocess.TimeoutExpired):
            main.communicate(timeout=moment)
        os.killpg(main.pid, number)
        out, err = main.communicate(timeout=60)
        assert (main.returncode, out, err) == (-number, b"", b"")
        processes.eventually(lambda main=main: not processes.group(main.pid), seconds=10)
        assert left(tmp_path) == ["bnstat.json"]
        assert (tmp_path / "bnstat.json").read_text() == "old"


@pytest.fixture
def one_too_large(tmp_path):
    """A folder of small images, and one that needs 480 MB."""
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(5):
        Image.fromarray(np.full((8, 8, 3), 50 * i, dtype=np.uint8)).save(folder / f"{i}.png")
    Image.new("RGB", (12_000, 10_000)).save(folder / "large.png")
    return folder


@pytest.mark.uncovered
@pytest.mark.parametrize("workers", ["1", "2"])
def test_out_of_memory(start, one_too_large, workers):
    """An image that memory does not suffice for is a failure; the others are measured."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))

    main = start(
        *("-m", "bnstat", "compute", "--workers", workers, "-q", "-o", "-", one_too_large),
        preexec_fn=limit,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    out, err = main.communicate(timeout=60)
    document = json.loads(out)
    assert main.returncode == 3
    assert document["source"]["images"] == 5
    [failure] = document["source"]["failures"]
    assert failure["image"] == "large.png"
    assert b"large.png: " in err and b"Traceback" not in err


@pytest.fixture
def tmpfs(tmp_path):
    """A file system of 64 KB; skipped where it cannot be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs privileges that this process has not")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_disk_that_fills_up(python, tmpfs, photos):
    """The error names the file; the old document is as it was, and nothing else is left."""
    (tmpfs / "bnstat.json").write_text("old")
    (tmpfs / "ballast").write_bytes(b"x" * 56_000)
    result = python(*COMPUTE, photos, "-q", "-o", tmpfs / "bnstat.json")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr == f"bnstat: cannot write {tmpfs}/bnstat.json: No space left on device\n"
    assert left(tmpfs) == ["ballast", "bnstat.json"]
    assert (tmpfs / "bnstat.json").read_text() == "old"


def test_no_place_for_temporary_files(python, photos, tmp_path):
    """bnstat needs none but beside its output; multiprocessing falls back to the current folder."""
    result = python(*COMPUTE, photos, "-q", env={"TMPDIR": "/nonexistent", "TMP": "", "TEMP": ""})
    assert (result.returncode, result.stdout) == (0, "")
    assert json.loads((tmp_path / "bnstat.json").read_bytes())["source"]["images"] == 6


def test_two_runs_that_write_one_output(start, photos, tmp_path):
    """Both end well; the file is whole, and one of the two."""
    runs = [start(*COMPUTE, photos, "-q", "--batch-size", size) for size in ("2", "3", "2", "3")]
    for run in runs:
        assert run.communicate(timeout=60)[0] == b""
        assert run.returncode == 0
    document = json.loads((tmp_path / "bnstat.json").read_bytes())
    assert document["methods"]["batchnorm"]["batch_size"] in (2, 3)
    assert left(tmp_path) == ["bnstat.json"]


def test_standard_input_that_is_closed(photos, tmp_path):
    """A run that reads nothing from it does not miss it."""
    command = [sys.executable, *COMPUTE, photos, "-q", "-o", tmp_path / "bnstat.json"]
    shell = 'exec "$@" <&-'
    result = subprocess.run(["sh", "-c", shell, "sh", *command], capture_output=True, timeout=60)
    assert (result.returncode, result.stdout) == (0, b"")
    assert json.loads((tmp_path / "bnstat.json").read_bytes())["source"]["images"] == 6


JUMPING = """
import itertools, time
# The clock goes back an hour each time that it is asked.
hours = itertools.count()
real = time.time
time.time = lambda: real() - 3600 * next(hours)
from bnstat.cli import main
main()
"""


def test_clock_that_jumps(python, photos, tmp_path):
    """Nothing but `created` depends on what time it is."""
    arguments = ("compute", photos, "--workers", "2", "--progress", "-o", "a.json")
    result = python("-c", JUMPING, *arguments)
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    python("-m", "bnstat", "compute", photos, "-o", "b.json")
    first, second = (json.loads((tmp_path / f"{name}.json").read_bytes()) for name in "ab")
    assert first | {"created": ""} == second | {"created": ""}
