"""Fuzz bnstat's readers: `python tests/fuzz/run.py [--seconds 60] [--seed 0] [TARGET]...`.

Each target is run in a process of its own, in an empty folder, for an equal share of the time. A
finding is an exception that is none of the target's own, a warning, a false answer, an end of the
process, more memory than the target may take, or no answer within half a minute; its input is
written to `--save FOLDER`. The same seed makes the same inputs.
"""

import argparse
import faulthandler
import logging
import random
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import mutate
import targets

PATIENCE = 30  # seconds
FOUND = 3  # the status of a process that has named its findings; 1 is that of a timeout
MOST = 5  # findings, after which a target is left


def fuzz(name, seconds, seed, last):
    """Run one target; print its executions, and each finding with where it came from."""
    faulthandler.enable()
    target = targets.TARGETS[name]
    rng, seeds = random.Random(f"{name}/{seed}"), list(target.seeds())
    queue = list(seeds)  # each is taken as it is, first of all
    taken = executions = findings = 0
    end = time.monotonic() + seconds
    while (queue or time.monotonic() < end) and findings < MOST:
        data = queue.pop() if queue else mutate.mutated(rng, seeds, target.words)
        last.seek(0)
        last.write(len(data).to_bytes(8) + data)
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        executions += 1
        try:
            taken += _quietly(target.take, data)
            assert _megabytes() <= target.megabytes, f"took {_megabytes()} MB"
        except Exception:
            findings += 1
            _found(data, traceback.format_exc())
    faulthandler.cancel_dump_traceback_later()
    counts = f"{executions} executions, {taken} taken, {findings} findings"
    _say(f"{name}: {counts}, {_megabytes()} MB at most")
    return findings


def _megabytes():
    """Return the most memory that this process has taken so far.

    The kernel's VmHWM; ru_maxrss would count what the process that started this one had.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(peak.split()[1]) // 1024


def _quietly(take, data):
    """Take bytes; what would stand on somebody's stderr, a warning or a log, is a finding too."""
    heard = []
    logging.lastResort = logging.Handler()
    logging.lastResort.emit = lambda record: heard.append(record.getMessage())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        taken = take(data)
    assert not warned, f"warns: {warned[0].message}"
    assert not heard, f"logs: {heard[0]}"
    return taken


def _found(data, trace):
    _say(f"finding: {data[:300]!r}")
    sys.stderr.write(trace)
    Path(f"finding-{time.monotonic_ns()}").write_bytes(data)


def _say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def watched(name, seconds, seed, save):
    """Run one target in another process; return whether it found something."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--inside", "--seconds", str(seconds)]
        status = subprocess.run([*command, "--seed", str(seed), name], cwd=folder).returncode
        if status not in (0, FOUND):
            data = (Path(folder) / "last").read_bytes()
            data = data[8 : 8 + int.from_bytes(data[:8])]
            _say(f"{name}: ended with {status} at {data[:300]!r}")
            (Path(folder) / "finding-last").write_bytes(data)
        for path in Path(folder).glob("finding-*"):
            if save is not None:
                save.mkdir(parents=True, exist_ok=True)
                (save / f"{name}-{path.name}").write_bytes(path.read_bytes())
    return status != 0


def main():
    """Run what the command line asks for; return whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="*", choices=[*targets.TARGETS, []])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, help="where inputs go that found something")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.target or list(targets.TARGETS)
    if options.inside:
        with open("last", "w+b", buffering=0) as last:
            return FOUND * bool(fuzz(names[0], options.seconds, options.seed, last))
    share = options.seconds / len(names)
    return bool(sum([watched(name, share, options.seed, options.save) for name in names]))


if __name__ == "__main__":
    sys.exit(main())
