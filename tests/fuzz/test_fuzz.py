"""The fuzzers: some seconds of each; by hand, as long as one likes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
RUN = Path(__file__).parent / "run.py"
SECONDS = 20  # by hand, more: python tests/fuzz/run.py --seconds 600 [TARGET]...
# What needs no import of torch, which takes most of its share.
WITHOUT_TORCH = ["decode", "spec", "toml", "document", "files", "constants", "json", "yaml"]
WITHOUT_TORCH += ["tar", "targz", "zip", "parquet", "journal", "entry"]
PARSERS = ["boxes", "chunks", "tarheaders", "zipentries"]
PARSERS += ["footer", "pages", "thrift", "compressed", "scans", "smallpng"]


def fuzzed(seconds, *arguments):
    """Run the fuzzers; return how often each target was called."""
    command = [sys.executable, RUN, "--seconds", str(seconds), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30 * seconds + 120)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = re.findall(
        r"^(\w+): (\d+) executions, \d+ taken, 0 findings, \d+ MB at most$", done.stdout, re.M
    )
    return {name: int(executions) for name, executions in lines}


def test_nothing_is_found_in_any_target():
    """Some seconds of each find nothing."""
    executions = fuzzed(2 * SECONDS)

    assert len(executions) == 17 + len(PARSERS)
    assert executions["http"] > 3  # what failed is asked for again, after a pause
    assert min(executions[name] for name in [*WITHOUT_TORCH, *PARSERS]) > 10


@pytest.mark.parametrize(
    "names",
    [PARSERS[:1], PARSERS[1:2], PARSERS[2:3], PARSERS[3:4], PARSERS[4:7], PARSERS[7:]],
    ids=str,
)
def test_nothing_is_found_in_a_parser(names):
    """Whatever lengths a file says: a parser is at its end soon, or refuses it."""
    assert min(fuzzed(SECONDS, "--seed", "1", *names).values()) > 300


FINDING = """
import sys
sys.argv[0] = {run!r}
sys.path.insert(0, {folder!r})
import run, targets
calls = []
def take(data):
    calls.append(data)
    if len(calls) > 3:
        {harm}
    return True
targets.TARGETS = {{"harm": targets.Target(take, lambda: [b"seed"])}}
with open("last", "w+b", buffering=0) as last:
    sys.exit(bool(run.fuzz("harm", 0.5, 0, last)))
"""


@pytest.mark.parametrize(
    ("harm", "status"),
    [
        ("pass", 0),
        ("raise LookupError", 1),
        ("import warnings; warnings.warn('x')", 1),
        ("import logging; logging.getLogger('x').error('y')", 1),
        ("import os; os.abort()", -6),
    ],
)
def test_what_is_to_be_found_is_found(python, tmp_path, harm, status):
    """An error, a warning, a log and an end of the process end the run with a status."""
    code = FINDING.format(run=str(RUN), folder=str(RUN.parent), harm=harm)
    found = python("-c", code)

    assert found.returncode == status, found.stderr
    assert len(list(tmp_path.glob("finding-*"))) == (5 if status == 1 else 0)
    if status < 0:
        assert (tmp_path / "last").read_bytes()[8:]
