"""The fork server: it imports once for all workers, and ends with its caller."""

import os
import resource
import signal
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bnstat.engines import ProcessEngine
from bnstat.engines.fork_server import warm_up


@pytest.fixture
def has(monkeypatch):
    """A function for workers; they find it where the caller does."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    from loaded import has

    return has


def test_a_later_run_has_its_own_modules_imported(has):
    """Workers of a second run find imported what only that run asks for."""
    module = "xml.dom.pulldom"  # which nothing else imports
    found = []
    for preload in ([], [module]):
        with closing(ProcessEngine(1, preload)) as engine, engine.open() as executor:
            found.append(executor.submit(has, module).result()[0])
    assert found == [False, True]


def test_a_module_that_cannot_be_imported_is_left_to_the_workers(has):
    """It neither ends the server nor keeps the others from being imported."""
    with (
        closing(ProcessEngine(1, ["no_such_module", "xml.sax.xmlreader"])) as engine,
        engine.open() as executor,
    ):
        assert executor.submit(has, "xml.sax.xmlreader").result()[0]


@pytest.mark.long
def test_one_server_for_all_runs_of_a_process():
    """It is started once, and again only where it has been killed."""
    first = warm_up()
    assert warm_up() is first
    os.kill(first._pid, signal.SIGKILL)
    os.waitid(os.P_PID, first._pid, os.WEXITED | os.WNOWAIT)
    assert warm_up() is not first
    with closing(ProcessEngine(1)) as engine, engine.open() as executor:
        assert executor.submit(int, "7").result() == 7


def test_a_forked_caller_has_a_server_of_its_own(python):
    """The child of a caller that has a server neither talks to it nor ends it."""
    program = """
import os
from contextlib import closing
from bnstat.engines import ProcessEngine

def seven():
    with closing(ProcessEngine(2)) as engine, engine.open() as executor:
        return executor.submit(int, "7").result()

assert seven() == 7
child = os.fork()
if child == 0:
    os._exit(seven())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seven())
"""
    result = python("-W", "ignore", "-c", program)
    assert (result.stdout, result.stderr) == ("7 7\n", "")


def test_workers_have_nothing_on_standard_input(python):
    """What is typed, or piped in, is the caller's."""
    program = """
import os, sys
from contextlib import closing
from bnstat.engines import ProcessEngine

with closing(ProcessEngine(1)) as engine, engine.open() as executor:
    print([executor.submit(os.read, 0, 9).result(), sys.stdin.read()])
"""
    assert python("-c", program, input="mine").stdout == "[b'', 'mine']\n"


@pytest.mark.parametrize("closed", ["0", "1", "2", "0, 1, 2"])
def test_callers_without_standard_streams(python, photos, tmp_path, closed):
    """A daemon that has closed them can measure with workers."""
    program = f"""
import os, bnstat
for handle in ({closed},): os.close(handle)
bnstat.compute({os.fspath(photos)!r}, workers=2).save("out.json")
"""
    python("-c", program, cwd=tmp_path)
    assert (tmp_path / "out.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits")
@pytest.mark.parametrize("files", [6, 7])
def test_few_open_files(python, photos, files):
    """A worker needs seven open files; with fewer it is an error in a line, and nothing hangs."""
    limit = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (files, files))
    done = python(
        "-m", "bnstat", "compute", photos, "-o", "-", "-q", "--workers", "2", preexec_fn=limit
    )
    said = "bnstat: too many open files; the limit is 6, raise it: ulimit -n 256\n"
    assert (done.returncode, done.stderr) == ((0, "") if files > 6 else (4, said))
