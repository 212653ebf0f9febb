"""What a run leaves behind, however it ends: nothing in the temporary folder nor in /dev/shm."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

COMPUTE = ("-m", "bnstat", "compute", "--workers", "2", "-q", "-o", "-")
SHARED = Path("/dev/shm")


@pytest.fixture
def temporary(tmp_path):
    """An empty temporary folder for runs, by the environment; afterwards all that is in it."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    before = shared()

    def found():
        return sorted(map(str, folder.rglob("*"))) + sorted(shared() - before)

    def left():
        end = time.monotonic() + 20  # what tests beside this one use goes with their end
        while found() and time.monotonic() < end:
            time.sleep(0.1)
        return found()

    return SimpleNamespace(env={"TMPDIR": os.fspath(folder)}, left=left)


def shared():
    return set(os.listdir(SHARED)) if SHARED.exists() else set()


@pytest.mark.parametrize(
    "options",
    [
        (),
        pytest.param(("--augment", "own:transform"), marks=pytest.mark.long),
        pytest.param(("--augment", "RandomCrop(8)", "--timeout", "60"), marks=pytest.mark.long),
    ],
    ids=["plain", "own transform", "random"],
)
def test_after_a_normal_end(python, photos, temporary, tmp_path, options):
    """Plain, through a user's own torchvision code, and in workers that may be killed."""
    own = "from torchvision.transforms import v2\ntransform = v2.Identity()\n"
    (tmp_path / "own.py").write_text(own)
    done = python(*COMPUTE, photos, *options, env=temporary.env)
    assert (done.returncode, done.stderr) == (0, "")
    assert temporary.left() == []


@pytest.mark.long
def test_after_python_functions(python, photos, temporary):
    """What Python's functions import leaves nothing either."""
    program = (
        "import sys, bnstat\n"
        "stats = bnstat.compute(sys.argv[1], augment='grayscale', workers=2)\n"
        "bnstat.normalize(stats), bnstat.batch_norm(stats)"
    )
    done = python("-c", program, photos, env=temporary.env)
    assert (done.returncode, done.stderr) == (0, "")
    assert temporary.left() == []


def ended(start, endless, processes, env, number, moment):
    """End a run by a signal at a moment after it has begun to start others."""
    main = start(*COMPUTE, endless, env=env)
    processes.eventually(lambda: len(processes.group(main.pid)) > 1)
    with pytest.raises(subprocess.TimeoutExpired):
        main.communicate(timeout=moment)
    os.killpg(main.pid, number)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out, err) == (-number, b"", b"")
    processes.eventually(lambda: not processes.group(main.pid))


@pytest.mark.long
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name
)
def test_after_signals_at_any_moment(start, endless, processes, temporary, number):
    """A hundred runs, ended by four signals at random moments, `kill -9` among them."""
    moments = random.Random(int(number))
    for _ in range(25):
        ended(start, endless, processes, temporary.env, number, moments.uniform(0.0, 0.8))
    assert temporary.left() == []
