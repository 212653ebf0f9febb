"""What becomes of a corpus, file by file: `python tests/badinput/outcomes.py FOLDER`.

    ok       measured; the figures are those of an independent decode
    failure  not measured, with a reason that is one line of printable text
    partial  measured, though a part was missing or is not what an independent decode gives
    silent   not measured, and the reason is none
    crash    the worker ended
    hang     no answer within a minute

A file that is cut off must fail, or give the figures of the whole: then only what stands behind the
pixels was missing. It prints counts by outcome and by form, and how long it took.
"""

import os
import sys
import time
from collections import Counter
from concurrent.futures import TimeoutError as TooLate
from functools import partial
from pathlib import Path

import oracle

from bnstat.engines import ProcessEngine, WorkerLostError
from bnstat.measure.measure import Measure
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import file_reference

OUTCOMES = ("ok", "failure", "partial", "silent", "crash", "hang")
SECONDS = 60
WORK = Measure("RGB", Limits(30_000_000))  # pixels that any machine holds twice


def outcomes(folder, work=WORK, workers=2, seconds=SECONDS):
    """Yield name and outcome of each file of a corpus, in its order."""
    names = (folder / "files").read_bytes().removesuffix(b"\0").split(b"\0")
    engine = ProcessEngine(workers, ["bnstat.measure.measure"])
    while names:
        with engine.open() as executor:
            tasks = [partial(work, [file_reference(name, _path(folder, name))]) for name in names]
            flight = [executor.submit(task) for task in tasks]
            for future in flight:
                name, found = names.pop(0), _landed(future, engine, seconds)
                yield name, found if isinstance(found, str) else _judged(folder, name, found)
                if isinstance(found, str):
                    break  # which replaces the workers


def _landed(future, engine, seconds):
    try:
        [measured] = future.result(timeout=seconds)
    except TooLate:
        return "hang"
    except WorkerLostError:
        return "crash"
    return measured


def _judged(folder, name, measured):
    if measured.failures:
        [(_, reason)] = measured.failures
        return "failure" if reason and reason.isprintable() else "silent"
    [part] = measured.moments
    table = part.table
    found = (
        part.kind.scale,
        int(table.n[0, 0]),
        table.sum_or_mean[0].tolist(),
        table.sumsq_or_m2[0].tolist(),
    )
    path = Path(os.fsdecode(_path(folder, name)))
    if path.name.startswith("cut-"):
        [path] = path.parent.glob("whole.*")
    return "ok" if oracle.agree(found, oracle.figures(path.read_bytes())) else "partial"


def _path(folder, name):
    return os.path.join(os.fsencode(folder), name)


def form(name):
    """Return what a file is counted under: its format, or what else is wrong with it."""
    part, _, rest = os.fsdecode(name).partition("/")
    return rest.partition("-")[0].partition("/")[0] if part == "form" else part


def counted(found):
    """Return a table of counts by form and outcome, as text."""
    counts = Counter((form(name), outcome) for name, outcome in found)
    forms = sorted({name for name, _ in counts})
    lines = [f"{'':10}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES)]
    for name in forms:
        lines.append(f"{name:10}" + "".join(f"{counts[name, o]:9}" for o in OUTCOMES))
    total = Counter(outcome for _, outcome in found)
    lines.append(f"{'all':10}" + "".join(f"{total[o]:9}" for o in OUTCOMES))
    return "\n".join(lines)


def main(folder):
    """Print the counts, and what should not be; return whether there was any of that."""
    # The oracle's libtiff talks there; that bnstat's does not is for the command line's own test.
    sys.stderr = os.fdopen(os.dup(2), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    started = time.perf_counter()
    everything = list(outcomes(folder))
    sys.stdout.write(counted(everything) + "\n")
    sys.stdout.write(f"{len(everything)} files in {time.perf_counter() - started:.1f} s\n")
    wrong = [(name, outcome) for name, outcome in everything if outcome not in ("ok", "failure")]
    for name, outcome in wrong:
        sys.stdout.write(f"{outcome}: {os.fsdecode(name)!a}\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
