"""Work on a Dask cluster.

Calls go through Dask's own executor. When a worker dies or leaves, Dask gives its calls to another;
one that joins gets its share. A call under which several workers in a row have died comes back as
`KilledWorker`, and so may calls that only waited behind it: `dispatch` tries each of them alone.

Dask by itself would wait for ever for a scheduler or for workers that do not come back, so a thread
watches both.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, chdir, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import uuid4

from bnstat._version import __version__
from bnstat.engines import worker
from bnstat.engines.engine import WorkerLostError, Workers
from bnstat.errors import MeasureError

if TYPE_CHECKING:
    from distributed import Client, Security


P = ParamSpec("P")
T = TypeVar("T")

_CONNECT_SECONDS = 10.0  # until a scheduler must have answered
_ANSWER_SECONDS = 30.0  # the same, of one that has answered before
_POLL_SECONDS = 0.5  # between two counts of the workers
_TLS = "https://distributed.dask.org/en/stable/tls.html"
# The folder, Pillow's limits and the generators that draws seed are the process's, not a thread's:
# two calls at once in a worker of several threads would take them from each other.
_ALONE = threading.Lock()
# What decodes and draws: another release may give other samples.
_PACKAGES = ("numpy", "pillow", "torch", "torchvision")


class DaskEngine:
    """The Dask workers of the scheduler at HOST:PORT.

    With `tls`, the connection is encrypted, with the certificates that Dask's own configuration
    names (`distributed.comm.tls`).
    """

    def __init__(self, address: str, workers: int | None, *, tls: bool = False) -> None:
        from importlib.util import find_spec

        if not find_spec("distributed"):
            raise MeasureError("the engine dask needs distributed: pip install 'bnstat[dask]'")
        self._address = address
        self._tls = tls
        self._least = workers or 1
        self._open = ExitStack()
        self._cluster: _Cluster | None = None

    @property
    def workers(self) -> int:
        """How many tasks can run at once: more, when workers have joined."""
        return max(self._least, self._cluster.workers if self._cluster else 0)

    @contextmanager
    def open(self) -> Iterator[Workers]:
        """Give the cluster's workers; leaving the context cancels what they have not done."""
        if self._cluster is None:
            self._cluster = self._connected()
        workers = _DaskWorkers(self._cluster)
        try:
            yield workers
        finally:
            workers.cancel()

    def close(self) -> None:
        self._cluster = None
        self._open.close()

    def _connected(self) -> _Cluster:
        from distributed import Client
        from distributed.utils import silence_logging_cmgr

        self._open.enter_context(silence_logging_cmgr(logging.CRITICAL))
        security = _certificates() if self._tls else None
        url = f"{'tls' if self._tls else 'tcp'}://{self._address}"
        try:
            client = Client(url, security=security, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            check = "the address and its certificates" if self._tls else "the address"
            raise MeasureError(
                f"no Dask scheduler answers at {self._address}; start one there, or check {check}"
            ) from error
        self._open.callback(client.close)
        return _Cluster(client, f"at {self._address}")


def _certificates() -> Security:
    """Return what Dask's own configuration says of certificates."""
    from distributed import Security

    try:
        security = Security(require_encryption=True)
        context = security.get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        raise MeasureError(
            f"the certificates in Dask's configuration cannot be used: {error}; see {_TLS}"
        ) from error
    if context is None:
        raise MeasureError(f"dask+tls needs certificates in Dask's configuration; see {_TLS}")
    return security


class _Cluster:
    """A scheduler, and how many workers it had when they were last counted."""

    def __init__(self, client: Client, where: str) -> None:
        import dask
        from dask.utils import parse_timedelta

        self.client = client
        self.workers = 0
        self._where = where
        self._seen = time.monotonic()
        # A task that nobody can run fails after this time, if the setting is set; or else a minute.
        setting = "distributed.scheduler.no-workers-timeout"
        self._patience = parse_timedelta(dask.config.get(setting, None) or "60s")
        self.count_workers()

    def count_workers(self) -> None:
        """Raise MeasureError if the scheduler has gone, or has had no workers for too long."""
        try:
            scheduler: Any = self.client.scheduler
            counted = self.client.sync(scheduler.ncores, callback_timeout=_ANSWER_SECONDS)
        except Exception as error:
            raise self.lost_error() from error
        if self.client.status != "running":  # it was away, and has forgotten the calls
            raise self.lost_error()
        self.workers = len(counted)
        if self.workers:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._patience:
            raise MeasureError(
                f"the Dask scheduler {self._where} has had no worker for {self._patience:g} s; "
                "start some: dask worker ADDRESS"
            )

    def lost_error(self) -> MeasureError:
        return MeasureError(
            f"the Dask scheduler {self._where} has gone, and with it what was being measured; "
            "start it and this run again"
        )


@dataclass(frozen=True)
class _RemoteCall:
    """A call, which is answered where it is unpickled.

    Dask sees `pickle.loads` and bytes. A function of ours would have to be imported when its
    message comes in, which ends a worker that has no bnstat, instead of failing the call.
    """

    call: bytes
    folder: str

    def __reduce__(self) -> tuple[Callable[..., bytes], tuple[object, ...]]:
        return answer_alone, (self.call, self.folder, installed())


class _DaskWorkers:
    """Dask's executor, whose futures always end: in a result, in an error or cancelled."""

    def __init__(self, cluster: _Cluster) -> None:
        self._cluster = cluster
        self._dask = cluster.client.get_executor(pure=False)  # a call tried again is another one
        self._answers: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        call = pickle.dumps(_RemoteCall(pickle.dumps(partial(fn, *args, **kwargs)), os.getcwd()))
        answer: Future[T] = Future()
        try:
            dask_future = self._dask.submit(pickle.loads, call, key=f"bnstat-{uuid4().hex}")
        except Exception as error:
            raise self._cluster.lost_error() from error
        with self._lock:
            self._answers.add(answer)
        dask_future.add_done_callback(partial(self._finish, answer))
        return answer

    retry = retry_alone = submit  # what others do on a cluster is not ours to stop

    def cancel(self) -> None:
        self._closed.set()
        with self._lock:
            for answer in self._answers:
                answer.cancel()
        if self._cluster.client.status == "running":
            self._dask.shutdown(wait=False)

    def _finish(self, answer: Future[Any], dask_future: Future[bytes]) -> None:
        from distributed import KilledWorker

        result, error = None, None
        try:
            result, error = pickle.loads(dask_future.result())
        except CancelledError:  # as Dask does with all calls when the connection is lost
            error = self._cluster.lost_error()
        except KilledWorker as loss:  # of a call that waited, too; where it was, nobody knows
            error = WorkerLostError(f"{loss.allowed_failures + 1} Dask workers in a row")
        except Exception as trouble:
            error = MeasureError(
                f"a Dask worker cannot run bnstat: {type(trouble).__name__}: {trouble}; "
                f"install bnstat {__version__} on all workers"
            )
        self._end(answer, result, error)

    def _end(self, answer: Future[Any], result: Any, error: Exception | None) -> None:
        with self._lock:
            self._answers.discard(answer)
            if answer.done():  # cancelled, or failed before
                return
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

    def _watch(self) -> None:
        """Fail all calls when the cluster has gone."""
        while not self._closed.wait(_POLL_SECONDS):
            try:
                self._cluster.count_workers()
            except MeasureError as error:
                for answer in list(self._answers):
                    self._end(answer, None, error)


def answer_alone(call: bytes, folder: str, versions: Mapping[str, str]) -> bytes:
    """Answer a call in the caller's folder, one at a time in this process: what a Dask worker does.

    It may run other people's work too, in threads beside ours, in a folder of its own, on a machine
    with other packages. A call must come out as it would in a worker process of bnstat's own. What
    keeps it from being run at all is answered as a `MeasureError`.
    """
    with _ALONE:
        if (error := _hindrance(folder, versions)) is not None:
            return pickle.dumps((None, error))
        with chdir(folder):
            return worker.answer(call)


@cache
def installed() -> dict[str, str]:
    """Return the versions, of what figures depend on, that this process would use."""
    found = {"bnstat": __version__}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package).partition("+")[0]  # +cpu draws the same
    return found


def _hindrance(folder: str, versions: Mapping[str, str]) -> MeasureError | None:
    """Return what keeps calls of this folder and of these versions from being run here."""
    worker = f"the Dask worker at {socket.gethostname()}"
    for package, here in versions.items():
        there = installed().get(package, "missing")
        if there != here:
            return MeasureError(
                f"{package} is {there} on {worker} and {here} "
                "here, which could change figures; install the same version on all workers"
            )
    try:
        os.stat(folder)
    except OSError as error:
        return MeasureError(
            f"{worker} cannot go to {folder} ({error.strerror}); "
            "start from a folder that all workers have"
        )
    return None
