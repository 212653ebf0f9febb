"""Losing workers: one by one, all of them, and where none can live."""

import json
import os
import random
import signal
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import bnstat

# Python runs this when it starts; each process that the fork server forks has a moment to live.
MORTAL = """
import os, signal, sys

if any("fork_server" in argument for argument in sys.orig_argv):
    os.register_at_fork(after_in_child=lambda: signal.setitimer(signal.ITIMER_REAL, {moment}))
"""


@pytest.mark.long
@pytest.mark.parametrize("moment", [1e-6, 1e-3])
def test_where_no_worker_can_live(python, photos, tmp_path, moment):
    """If workers die even with nothing to do, no image is blamed: it is an error, and says so."""
    (tmp_path / "sitecustomize.py").write_text(MORTAL.format(moment=moment))
    result = python(
        *("-m", "bnstat", "compute", photos, "--workers", "2", "-o", "-"),
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert (result.returncode, result.stdout) == (4, "")
    (text,) = result.stderr.splitlines()
    assert text.startswith("bnstat: no worker stays alive (")
    assert text.endswith("even with nothing to do; is there memory left? --workers 1 needs none")


def document(main):
    out, _ = main.communicate(timeout=60)
    assert main.returncode == 0
    return json.loads(out) | {"created": None}


def killed(workers):
    """Kill one of the workers, and return it; None if all have just ended."""
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
            return worker
    return None


@pytest.fixture
def hundred(endless, tmp_path):
    """A list of the first hundred images of the endless folder."""
    names = "".join(f"{endless}/{i:04}.jpg\n" for i in range(100))
    (tmp_path / "names").write_text(names)
    return ("-m", "bnstat", "compute", "--files-from", "names", "-o", "-")


@pytest.fixture
def undisturbed(start, hundred):
    """What a run gives that nobody disturbs."""
    return document(start(*hundred, "--workers", "1"))


@pytest.mark.long
def test_killed_workers_of_a_run(start, hundred, undisturbed, processes):
    """`kill -9` of a worker, and of one that takes over from it, changes no figure."""
    main = start(*hundred, "--workers", "2")
    first = processes.eventually(lambda: killed(processes.workers(main.pid)))
    processes.eventually(lambda: killed(set(processes.workers(main.pid)) - {first}))
    assert document(main) == undisturbed


@pytest.mark.parametrize(
    ("images", "start_method"),
    [
        (4_000, "fork"),
        pytest.param(60_000, "fork", marks=pytest.mark.long),
        pytest.param(20_000, "spawn", marks=pytest.mark.long),
    ],
)
def test_workers_killed_at_random(tmp_path, processes, images, start_method):
    """One of them at each result that comes, many times; the document is as without."""
    for i in range(100):
        pixels = np.random.default_rng(i).integers(0, 256, (28, 28), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i:05}.png")
    for i in range(100, images):
        os.link(tmp_path / f"{i % 100:05}.png", tmp_path / f"{i:05}.png")
    rng, kills = random.Random(1), []

    def kill(progress):
        workers = processes.workers(os.getpid(), start_method)
        kills.append(killed(rng.sample(workers, len(workers))))

    disturbed = bnstat.compute(
        tmp_path, mode="L", workers=2, progress=kill, start_method=start_method
    )
    assert len(kills) > images // 600
    whole = bnstat.compute(tmp_path, mode="L", workers=1)
    assert replace(disturbed, created=None) == replace(whole, created=None)


@pytest.mark.long
def test_killed_fork_server(start, hundred, undisturbed, processes):
    """All but the main process are killed: it starts anew, and changes no figure."""
    main = start(*hundred, "--workers", "2")
    processes.eventually(lambda: len(processes.workers(main.pid)) == 2)
    for pid in processes.group(main.pid):
        if pid != main.pid:
            killed([pid])
    assert document(main) == undisturbed


@pytest.mark.long
def test_worker_killed_amid_sending_a_result(python):
    """A result of which only a part has come is a lost worker, not one to wait for for ever."""
    program = """
import os, signal, time
from bnstat.engines import ProcessEngine, WorkerLostError

engine = ProcessEngine(2)
for step in range(20):
    with engine.open() as executor:
        worker = executor.submit(os.getpid).result()
        futures = [executor.submit(bytes, 20_000_000) for _ in range(4)]
        time.sleep(step / 500)
        os.kill(worker, signal.SIGKILL)
        for future in futures:
            try:
                future.result()
            except WorkerLostError:
                pass
print("left")
"""
    assert python("-c", program, timeout=60).stdout == "left\n"
