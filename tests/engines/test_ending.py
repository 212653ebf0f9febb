"""How a run ends when it is told to: at once, without a word, leaving nobody behind."""

import os
import signal
import time

import pytest

pytestmark = pytest.mark.long

COMPUTE = ("-m", "bnstat", "compute", "--workers", "2", "-o", "-")
HERE = ("-m", "bnstat", "compute", "--workers", "1", "-o", "-")


@pytest.fixture
def running(start, endless, processes):
    """Start a run that takes a minute; return it when its workers are at work."""

    def run(*options):
        main = start(*COMPUTE, *options, endless)
        processes.eventually(lambda: len(processes.workers(main.pid)) == 2)
        time.sleep(0.2)
        return main

    return run


def serving(main, processes):
    """Whether the fork server has been started, and no worker yet."""
    return len(processes.group(main.pid)) >= 2 and not processes.workers(main.pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("options", [(), ("--progress",)], ids=["plain", "progress"])
def test_signal_to_all_in_mid_run(running, processes, number, options):
    """Ctrl-C reaches the whole group: no traceback, death by the signal, no process left."""
    main = running(*options)
    os.killpg(main.pid, number)
    started = time.monotonic()
    out, err = main.communicate(timeout=60)
    assert time.monotonic() - started < 15  # of a run that takes a minute
    assert (main.returncode, out) == (-number, b"")
    assert b"Traceback" not in err and b"Error" not in err
    assert err == b"" or options
    processes.eventually(lambda: not processes.group(main.pid), seconds=20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_the_main_process_alone(running, processes, number):
    """`kill PID` ends the workers too."""
    main = running()
    main.send_signal(number)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out, err) == (-number, b"", b"")
    processes.eventually(lambda: not processes.group(main.pid), seconds=20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [0.0, 0.03, 0.1, 0.2])
def test_signal_while_workers_start(start, endless, processes, number, delay):
    """A signal amid the start of the workers ends the run as cleanly as later on."""
    main = start(*COMPUTE, endless)
    processes.eventually(lambda: serving(main, processes))
    time.sleep(delay)
    os.killpg(main.pid, number)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out) == (-number, b"")
    assert b"bug" not in err  # a process that has not come to its own code may still say a word
    processes.eventually(lambda: not processes.group(main.pid), seconds=20)


def test_impatient_ctrl_c(running, processes):
    """Several Ctrl-C in a row do no more than one."""
    main = running()
    for _ in range(3):
        os.killpg(main.pid, signal.SIGINT)
        time.sleep(0.01)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out, err) == (-signal.SIGINT, b"", b"")
    processes.eventually(lambda: not processes.group(main.pid), seconds=20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_that_python_forgets(start, endless, tmp_path, number):
    """What is raised in a weak reference's callback is lost; the run ends all the same."""
    (tmp_path / "late.py").write_text(f"""
import os, time, weakref

def callback(reference):
    os.kill(os.getpid(), {int(number)})
    time.sleep(0.1)

class Gone: pass
gone = Gone()
reference = weakref.ref(gone, callback)
del gone
time.sleep(30)
""")
    main = start(*HERE, "--augment", "late:transform", endless)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out, err) == (-number, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_that_becomes_another_error(start, photos, tmp_path, number):
    """What is raised amid an import may come out as the import's error; it still ends the run."""
    (tmp_path / "late.py").write_text(f"""
import os, time

try:
    os.kill(os.getpid(), {int(number)})
    time.sleep(30)
except BaseException as signal:
    raise ImportError("cannot import what it needs") from signal
""")
    main = start(*HERE, "--augment", "late:transform", photos)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out, err) == (-number, b"", b"")


def test_ctrl_c_without_workers(start, endless):
    """With --workers 1 it is no different."""
    main = start("-m", "bnstat", "compute", "--workers", "1", "-o", "-", endless)
    time.sleep(1)
    os.killpg(main.pid, signal.SIGINT)
    out, err = main.communicate(timeout=60)
    assert (main.returncode, out, err) == (-signal.SIGINT, b"", b"")


def test_ctrl_c_leaves_the_old_document(start, endless, processes, tmp_path):
    """A run that is ended writes nothing, and leaves no temporary file."""
    (tmp_path / "bnstat.json").write_text("old")
    main = start("-m", "bnstat", "compute", "--workers", "2", endless)
    processes.eventually(lambda: len(processes.workers(main.pid)) == 2)
    os.killpg(main.pid, signal.SIGINT)
    main.communicate(timeout=60)
    assert [path.name for path in tmp_path.iterdir()] == ["bnstat.json"]
    assert (tmp_path / "bnstat.json").read_text() == "old"


def test_ctrl_c_in_a_program(start, endless, processes):
    """compute() raises KeyboardInterrupt, and its workers have gone when it does."""
    program = f"""
import bnstat, multiprocessing
try:
    bnstat.compute({str(endless)!r}, workers=2)
except KeyboardInterrupt:
    print("caught")
"""
    main = start("-c", program)
    processes.eventually(lambda: len(processes.workers(main.pid)) == 2)
    time.sleep(0.2)
    os.killpg(main.pid, signal.SIGINT)
    assert main.communicate(timeout=60) == (b"caught\n", b"")
    assert main.returncode == 0


def test_kill_of_the_main_process(running, processes):
    """Workers whose caller was killed without a word go within seconds."""
    main = running()
    main.kill()
    processes.eventually(lambda: not processes.group(main.pid), seconds=10)
    out, err = main.communicate(timeout=60)
    assert out == b"" and b"Traceback" not in err


def test_hangup_that_is_ignored(start, endless, processes, tmp_path):
    """Under nohup, which starts a program with SIGHUP ignored, a run outlives its terminal."""
    names = "".join(f"{endless}/{i:04}.jpg\n" for i in range(60))
    (tmp_path / "names").write_text(names)
    ignoring = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    main = start("-c", ignoring, *COMPUTE, "--files-from", "names")
    processes.eventually(lambda: len(processes.workers(main.pid)) == 2)
    os.kill(main.pid, signal.SIGHUP)
    out, _ = main.communicate(timeout=60)
    assert (main.returncode, out[:1]) == (0, b"{")


def test_leaving_while_results_are_on_their_way(python):
    """Workers killed amid sending large results do not keep the caller waiting for the rest."""
    program = """
import time
from contextlib import closing
from bnstat.engines import ProcessEngine

for step in range(20):
    with closing(ProcessEngine(2)) as engine, engine.open() as executor:
        for _ in range(4):
            executor.submit(bytes, 5_000_000)
        time.sleep(0.02 + step / 1000)
print("left")
"""
    assert python("-c", program, timeout=60).stdout == "left\n"
