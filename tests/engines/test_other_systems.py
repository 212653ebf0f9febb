"""Systems that lack what POSIX has: run here without it. What only they have is not tested here."""

import json

import pytest

# Python runs this when it starts, in the workers too.
LACKING = """
import os, signal, sys

for module in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[module] = None
for name in (
    *("fork", "forkpty", "posix_spawn", "sched_getaffinity", "fchmod"),
    *("memfd_create", "pread", "getuid", "O_CLOEXEC", "O_NONBLOCK"),
):
    delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGPIPE", "alarm", "pthread_sigmask", "setitimer"):
    delattr(signal, name)
"""


@pytest.fixture
def lacking(python, tmp_path):
    """Run bnstat where modules, functions and signals of POSIX are missing; return its process."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(LACKING)

    def run(*arguments):
        environment = {"PYTHONPATH": str(tmp_path / "site")}
        return python("-m", "bnstat", *arguments, env=environment, timeout=300)

    return run


@pytest.mark.parametrize(
    "options",
    [
        ("--workers", "1"),
        ("--workers", "2"),
        ("--workers", "2", "--timeout", "100"),
        ("--workers", "2", "--journal", "journal.db"),
        pytest.param(("--workers", "2", "--augment", "colorjitter"), marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_a_scan_gives_the_same(lacking, in_process, photos, tmp_path, monkeypatch, options):
    """The document is that of a system which has all."""
    without = lacking("compute", photos, "-q", "-o", "-", *options)
    assert (without.returncode, without.stderr) == (0, "")
    augment = options[2:] if "--augment" in options else ()
    monkeypatch.chdir(tmp_path)
    whole = in_process("compute", photos, "-q", "-o", "-", "--workers", "1", *augment)
    one, other = (json.loads(text) | {"created": None} for text in (without.stdout, whole.out))
    assert one == other


def test_forks_cannot_be_asked_for(lacking, photos):
    """It is an error in a line, which says what to do."""
    done = lacking("compute", photos, "--workers", "2", "--start-method", "fork")
    assert (done.returncode, done.stderr) == (
        4,
        "bnstat: this system cannot fork processes; leave out --start-method\n",
    )
