"""What runs on a Dask worker: alone in its process, in the caller's folder, with what we have."""

import os
import pickle
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from bnstat.engines.dask import answer_alone, installed
from bnstat.errors import MeasureError


def answered(task, folder=None, **others):
    call = pickle.dumps(task)
    return pickle.loads(answer_alone(call, os.fspath(folder or os.getcwd()), installed() | others))


def test_in_the_callers_folder_and_back(tmp_path):
    """A call runs where the caller is; the worker stays where it was."""
    here = os.getcwd()
    assert answered(os.getcwd, tmp_path) == (os.fspath(tmp_path), None)
    assert os.getcwd() == here


def test_a_folder_that_the_worker_has_not(tmp_path):
    """It is an error, so that no other file of the same name is taken for the caller's."""
    result, error = answered(os.getcwd, tmp_path / "gone")
    assert isinstance(error, MeasureError) and result is None
    assert str(error) == (
        f"the Dask worker at {socket.gethostname()} cannot go to {tmp_path / 'gone'} "
        "(No such file or directory); start from a folder that all workers have"
    )


@pytest.mark.parametrize("package", ["bnstat", "pillow", "torchvision", "unheard-of"])
def test_another_version_is_refused(package):
    """What could change figures must be the same there as here."""
    there = installed().get(package, "missing")
    result, error = answered(int, **{package: "0.0.1"})
    assert result is None
    assert str(error) == (
        f"{package} is {there} on the Dask worker at {socket.gethostname()} and 0.0.1 here, "
        "which could change figures; install the same version on all workers"
    )


ACTIVE = threading.Semaphore(1)


def alone():
    if not ACTIVE.acquire(blocking=False):
        return False
    time.sleep(0.02)
    ACTIVE.release()
    return True


def test_one_call_at_a_time():
    """In a worker of several threads, calls wait for each other."""
    with ThreadPoolExecutor(4) as threads:
        ran = list(threads.map(lambda _: answered(alone), range(12)))
    assert ran == [(True, None)] * 12


def test_what_a_call_raises_comes_back():
    """An error is the answer, as from a worker process of our own."""
    result, error = answered(partial(int, "x"))
    assert result is None
    assert isinstance(error, ValueError)
