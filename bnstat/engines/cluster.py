"""A Dask cluster on this machine, for one run.

It lives in a process of its own: Dask starts workers again when they die, and each start would run
the caller's `__main__` again. The process is the leader of a group that is killed at the end; and
if the caller was killed, its standard input ends, and it goes by itself.

    python -m bnstat.engines.cluster WORKERS FOLDER
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from bnstat.engines.signals import signals_held
from bnstat.errors import MeasureError

# The whole memory may be used, and stays with the workers: see `worker_main.keep_freed_memory`.
# Threads that watch what a worker does would take their part of the time.
_SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ": {
        "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    },
}


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """Start a scheduler and workers; give its address. Leaving ends them, whatever they do."""
    with TemporaryDirectory(prefix="bnstat-dask-", ignore_cleanup_errors=True) as folder:
        with signals_held():
            process = _start(workers, folder)
        try:
            address = process.stdout.readline().decode().strip() if process.stdout else ""
            if not address:
                raise MeasureError("cannot start a Dask cluster on this machine; see above")
            yield address
        finally:
            with signals_held():
                _kill(process)


def _start(workers: int, folder: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # what is found here
    return subprocess.Popen(
        # -P: -m would look for modules in the current folder, which may be a stranger's, first
        [sys.executable, "-P", "-m", "bnstat.engines.cluster", str(workers), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is the caller's
        env=os.environ | {"PYTHONPATH": path},
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(BrokenPipeError):
        process.communicate()


def main(workers: int, folder: str) -> None:
    """Run a cluster until the caller ends it, or has gone."""
    import dask
    from distributed import LocalCluster

    address = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what workers print is not for the caller
    with dask.config.set(_SETTINGS | {"temporary-directory": folder}):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # for it serves a page anyhow
            silence_logs=logging.CRITICAL,
        )
        with suppress(BrokenPipeError), address:
            address.write(f"{cluster.scheduler_address}\n")
        sys.stdin.read()
        with suppress(Exception):
            cluster.close()  # or workers would put something there again
        shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
