"""Dask clusters, started as a person would: a scheduler, and workers one by one."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

DASK = (sys.executable, "-m", "dask")
ENGINES = {"tcp": "dask", "tls": "dask+tls"}


class Cluster:
    """A scheduler on loopback, and the workers that were started for it, each with its nanny.

    Workers have a folder of their own, so that relative names lead nowhere there.
    """

    def __init__(self, folder, eventually, env=()):
        self._folder, self._eventually, self._env = folder, eventually, dict(env)
        self._started = []
        file = folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.scheduler = self._start("scheduler", *options, "--scheduler-file", file)
        eventually(lambda: file.exists() and file.read_text().endswith("}"), seconds=120)
        self.address = json.loads(file.read_text())["address"]
        self.protocol, self.address = self.address.split("://")
        self.engine = f"{ENGINES[self.protocol]}://{self.address}"

    def _start(self, *arguments, env=()):
        with open(self._folder / f"{len(self._started)}.log", "wb") as log:
            process = subprocess.Popen(
                [*DASK, *map(os.fspath, arguments)],
                cwd=self._folder,
                env=os.environ | self._env | dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def worker(self, *options, env=()):
        """Start a worker; it joins in a second or two."""
        own = ("--no-dashboard", "--local-directory", self._folder)
        address = f"{self.protocol}://{self.address}"
        return self._start("worker", address, *own, *options, env=env)

    def joined(self, number):
        """Wait until so many workers have joined."""
        self._eventually(lambda: self._count() == number, seconds=120)

    def _count(self):
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return len(client.nthreads())

    def kill(self, process):
        """End a process and those that it has started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self):
        for process in self._started:
            self.kill(process)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory, processes):
    """Start clusters; they end with the module's tests."""
    pytest.importorskip("distributed")
    started = []

    def start(workers=0, *options, env=()):
        cluster = Cluster(tmp_path_factory.mktemp("dask"), processes.eventually, env)
        started.append(cluster)
        cluster.workers = [cluster.worker(*options, env=env) for _ in range(workers)]
        if workers:
            cluster.joined(workers)
        return cluster

    yield SimpleNamespace(start=start)
    for cluster in started:
        cluster.end()
