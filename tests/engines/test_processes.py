"""Processes: workers that start anywhere, end with their caller, and may die."""

import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest

from bnstat.engines import (
    InlineEngine,
    ProcessEngine,
    WorkerLostError,
    open_engine,
    usable_cores,
)


@pytest.fixture(params=["fork", "spawn"])
def engine(request):
    """Two workers, started in each way."""
    engine = ProcessEngine(2, start_method=request.param)
    yield engine
    engine.close()


def test_one_worker_is_no_process():
    """With one worker the work is done here; with more, in so many processes."""
    assert isinstance(open_engine(1), InlineEngine)
    assert isinstance(open_engine(2), ProcessEngine)
    assert [open_engine(n).workers for n in (1, 2, 5)] == [1, 2, 5]


@pytest.mark.skipif(sys.platform != "linux", reason="asks for the cores as Linux does")
def test_default_is_the_cores_this_process_may_use(monkeypatch):
    """None is as many workers as the process is allowed to run on, not as the machine has."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5})
    assert (usable_cores(), open_engine(None).workers) == (3, 3)


def test_inline_engine_keeps_errors_in_the_future():
    """What a call raises is in its future, as with any executor."""
    with InlineEngine().open() as executor:
        assert executor.submit(int, "7").result() == 7
        assert isinstance(executor.submit(int, "x").exception(), ValueError)


def test_work_is_done_elsewhere(engine):
    """Calls run in other processes, in as many as there are workers, in the caller's folder."""
    with engine.open() as executor:
        pids = {executor.submit(os.getpid).result() for _ in range(4)}
        assert executor.submit(os.getcwd).result() == os.getcwd()
    assert os.getpid() not in pids


def test_folder_is_where_the_caller_is_now(engine, tmp_path, monkeypatch):
    """Workers start in the caller's current folder, not in that of its beginning."""
    monkeypatch.chdir(tmp_path)
    with engine.open() as executor:
        assert executor.submit(os.getcwd).result() == os.fspath(tmp_path)


def test_leaving_ends_at_once(engine, processes):
    """Whatever workers are doing, leaving kills them."""
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), engine.open() as executor:
        worker = executor.submit(os.getpid).result()
        for _ in range(8):
            executor.submit(time.sleep, 60)
        raise KeyboardInterrupt
    assert time.monotonic() - started < 10
    assert worker not in processes.table()


def test_workers_serve_one_opening_after_another(engine, processes):
    """Where nothing is left undone, the next opening finds them as they were."""
    pids = []
    for _ in range(2):
        with engine.open() as executor:
            pids.append(executor.submit(os.getpid).result())
    assert pids[0] == pids[1]
    engine.close()
    assert pids[0] not in processes.table()


@pytest.mark.parametrize(
    ("call", "argument", "cause"),
    [
        (signal.raise_signal, signal.SIGKILL, "signal 9"),
        (signal.raise_signal, signal.SIGSEGV, "signal 11"),
        (os._exit, 3, "exit status 3"),
    ],
)
def test_a_lost_worker_is_told_apart(engine, call, argument, cause):
    """A worker that dies is one of `lost` in the future, and its cause is known."""
    with pytest.raises(WorkerLostError) as loss, engine.open() as executor:
        executor.submit(call, argument).result()
    assert loss.value.cause == cause


def test_a_lost_worker_takes_no_other_with_it(engine):
    """What another worker is busy with comes back."""
    with engine.open() as executor:
        slow = executor.submit(time.sleep, 0.5)
        lost = executor.submit(os._exit, 1)
        assert slow.result() is None
        assert isinstance(lost.exception(), WorkerLostError)


def test_calls_go_to_who_is_idle(engine):
    """While one worker is busy, the other takes what comes."""
    with engine.open() as executor:
        busy = executor.submit(time.sleep, 60)
        pids = [executor.submit(os.getpid).result() for _ in range(4)]
        assert len(set(pids)) == 1
        assert not busy.done()


def test_what_a_call_raises_comes_back_with_its_traceback(engine):
    """An error is raised here as there; where it happened is in its notes."""
    with engine.open() as executor, pytest.raises(ValueError, match="'x'") as raised:
        executor.submit(int, "x").result()
    (note,) = raised.value.__notes__
    assert "worker.py" in note


# In a process of its own: where distributed is imported, tblib has made such errors travel.
UNPICKLABLE = """
import pickle
from bnstat.engines.worker import answer

class UnpicklableError(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

def task():
    raise UnpicklableError("salt", "pepper")

result, error = pickle.loads(answer(pickle.dumps(task)))
print(result, type(error).__name__, "UnpicklableError: salt and pepper" in str(error))
"""


def test_an_error_that_cannot_travel_is_told_in_words(python):
    """An error that cannot be made again from what is pickled of it is replaced by its text."""
    assert python("-c", UNPICKLABLE).stdout == "None RuntimeError True\n"


def test_what_cannot_travel_is_an_error_of_the_call(engine):
    """Neither a task nor a result that cannot be pickled ends the worker."""
    with engine.open() as executor:
        pid = executor.submit(os.getpid).result()
        assert executor.submit(lambda: 1).exception() is not None
        assert executor.submit(iter, [1, 2]).exception() is None
        assert executor.submit(open, os.devnull).exception() is not None
        assert executor.submit(os.getpid).result() == pid


def test_interrupts_do_not_reach_workers(engine, processes):
    """Ctrl-C, which a terminal sends to all, is the caller's to handle."""
    with engine.open() as executor:
        worker = executor.submit(os.getpid).result()
        busy = executor.submit(time.sleep, 0.2)
        os.kill(worker, signal.SIGINT)
        assert busy.result() is None
        assert executor.submit(os.getpid).result() == worker


def test_callers_signals_are_as_before(engine):
    """Starting workers leaves the caller's handlers and mask alone."""
    before = (signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, []))
    with engine.open() as executor:
        executor.submit(int).result()
    after = (signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, []))
    assert after == before


def test_callers_main_is_as_before(engine):
    """The caller's `__main__` is hidden only while a worker starts."""
    main = sys.modules["__main__"]
    with engine.open() as executor:
        executor.submit(int).result()
        assert sys.modules["__main__"] is main


def test_works_in_a_thread(engine):
    """Workers can be started from any thread, where no signal handler may be set."""
    results = []

    def work():
        with engine.open() as executor:
            results.append(executor.submit(int, "7").result())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert results == [7]


def test_callers_multiprocessing_is_left_alone(engine):
    """The caller's own start method, and the processes that it makes, are as they were."""
    before = (multiprocessing.get_start_method(), multiprocessing.get_context().Process)
    with engine.open() as executor:
        executor.submit(int).result()
    after = (multiprocessing.get_start_method(), multiprocessing.get_context().Process)
    assert after == before
