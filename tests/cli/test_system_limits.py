"""What the system refuses: it is said what that was, and what to do."""

import errno
import resource
import sys
from functools import partial

import pytest

NO_MEMORY = "not enough memory; allow more (ulimit -v), or free some"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EACCES, "Permission denied", "a\nb"), "cannot use a\\nb: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), "cannot write: No space left on device"),
        (OSError(errno.EAGAIN, "Try again"), "the system refused: Try again"),
        (MemoryError(), NO_MEMORY),
        (ImportError("x.so: failed to map segment"), NO_MEMORY),
        (OSError(errno.ENOMEM, "x"), NO_MEMORY),
    ],
    ids=repr,
)
def test_only_what_is_about_an_output_cannot_be_written(bnstat, monkeypatch, error, says):
    """An error of the system is status 4, and names the file that it is about."""

    def refused(*sources, **options):
        raise error

    monkeypatch.setattr("bnstat.verbs.compute.compute", refused)
    assert (4, f"bnstat: {says}\n") == (
        bnstat("compute", "tiny").status,
        bnstat("compute", "tiny").err,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits")
def test_too_many_open_files(process):
    """The limit is named, and the command that raises it."""
    limit = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (5, 5))
    result = process("compute", "tiny", "--workers", "2", preexec_fn=limit)
    assert (4, "") == (result.returncode, result.stdout)
    assert (
        "bnstat: too many open files; the limit is 5, raise it: ulimit -n 256"
        == result.stderr.splitlines()[-1]
    )


def test_numpy_waits_for_the_fork_server(python):
    """What a command line is read with imports no numpy, which takes a tenth of a second."""
    program = """
import sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print(any(module.startswith("bnstat.engines") for module in sys.modules))
            sys.exit()
sys.meta_path.insert(0, Watch())
sys.argv = ["bnstat", "compute", "tiny", "--workers", "1"]
from bnstat.cli import main
main()
"""
    assert "True\n" == python("-c", program).stdout


@pytest.mark.long
@pytest.mark.parametrize("megabytes", [90, 120, 150, 190])
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits")
def test_a_library_that_does_not_fit_into_memory(process, megabytes):
    """An import that would fail for want of memory is no bug, and ends nothing by itself."""
    size = megabytes << 20
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (size, size))
    result = process("compute", "tiny", "--workers", "1", preexec_fn=limit)
    assert (4, "", f"bnstat: {NO_MEMORY}\n") == (
        result.returncode,
        result.stdout,
        result.stderr,
    )
