"""One measurement by all ranks of a torch.distributed group.

Each rank measures the images that a hash of their keys makes its own. Rank 0 receives what all have
found, moments by key, makes one result of it as if it had measured alone, and sends it to all. In
these two exchanges every rank takes part, whatever became of it before: one that has failed says
so, and nobody waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from bnstat.api.measuring import looked, planned
from bnstat.api.results import Plans, results
from bnstat.engines import usable_cores
from bnstat.errors import BnstatError, MeasureError
from bnstat.images import Reference, Sources
from bnstat.images.shards import shard_of
from bnstat.scan import Scan, joined
from bnstat.settings import Settings
from bnstat.stats import Stats

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup


def measure_by_ranks(
    find: Callable[[], Sources], augment: str | None, settings: Settings, group: ProcessGroup
) -> Stats:
    """Measure this rank's part of the images; return, in every rank, the result of all.

    Raises
    ------
    MeasureError
        In every rank, if one of them failed, which it names; or if they were called with different
        settings, or see different images.
    """
    import torch.distributed as dist

    rank, ranks = dist.get_rank(group), dist.get_world_size(group)
    if rank < 0:
        raise ValueError("this process is not in the group")
    mine = _Mine(find, augment, _with_its_cores(settings), rank, ranks)
    report = mine.report()
    told: list[Any] = [None] * ranks
    first = dist.get_global_rank(group, 0)
    dist.gather_object(report, told if rank == 0 else None, dst=first, group=group)
    answer: list[Stats | BnstatError | None] = [mine.concluded(told) if rank == 0 else None]
    dist.broadcast_object_list(answer, src=first, group=group)
    if isinstance(answer[0], BnstatError):
        raise answer[0] from mine.error
    assert answer[0] is not None
    return answer[0]


@dataclass(frozen=True)
class _Report:
    """What a rank has to tell: what it was asked, a digest of the keys it saw, what it found.

    Or else why it failed.
    """

    asked: tuple[Settings, Plans] | None = None
    keys: bytes = b""
    scan: Scan | None = None
    failure: str | None = None


class _Mine:
    """What one rank does; `error` is what it failed of."""

    def __init__(
        self,
        find: Callable[[], Sources],
        augment: str | None,
        settings: Settings,
        rank: int,
        ranks: int,
    ) -> None:
        self._find, self._augment, self._settings = find, augment, settings
        self._rank, self._ranks = rank, ranks
        self._images: _Part | None = None
        self.error: Exception | None = None

    def report(self) -> _Report:
        """Measure this rank's part, and say what came of it."""
        try:
            plans = planned([self._augment], self._settings)
            self._images = _Part(self._find(), self._rank, self._ranks)
            scan = looked(self._images, plans, self._settings, part=True)
        except Exception as error:
            self.error = error
            return _Report(failure=_told(error))
        figures = self._settings | {"progress": None, "workers": None, "engine": ""}
        return _Report((figures, plans), self._images.digest, scan)

    def concluded(self, reports: Sequence[_Report | None]) -> Stats | BnstatError:
        """Return the result of all, or the error that all are to raise."""
        try:
            told = [report for report in reports if report is not None]
            _check(told)
            return self._result(told)
        except BnstatError as error:
            return error
        except Exception as error:
            self.error = error
            return MeasureError(f"rank 0 failed: {_told(error)}")

    def _result(self, reports: Sequence[_Report]) -> Stats:
        scans = [report.scan for report in reports if report.scan is not None]
        whole = joined(scans, fail_fast=self._settings["fail_fast"])
        assert self._images is not None and reports[0].asked is not None
        _, plans = reports[0].asked
        return results(self._images.found, whole, plans, self._settings)[0].stats


class _Part:
    """The images of a source that are one rank's; `digest` is of the keys of all."""

    def __init__(self, found: Sources, rank: int, ranks: int) -> None:
        self.found = found
        self.digest = b""
        self._rank, self._ranks = rank, ranks

    def __iter__(self) -> Iterator[Reference]:
        keys = blake2b()
        for reference in self.found:
            keys.update(b"%d/%s" % (len(reference.key), reference.key))
            if shard_of(reference.key, self._ranks) == self._rank + 1:
                yield reference
        self.digest = keys.digest()


def _check(reports: Sequence[_Report]) -> None:
    """Raise unless all ranks have measured parts of the same set in the same way."""
    for rank, report in enumerate(reports):
        if report.failure is not None:
            raise MeasureError(f"rank {rank} failed: {report.failure}")
    for rank, report in enumerate(reports):
        if report.asked != reports[0].asked:
            raise MeasureError(f"rank {rank} was called with other settings than rank 0")
        if report.keys != reports[0].keys:
            raise MeasureError(
                f"rank {rank} sees other images than rank 0; all ranks need the same files"
            )


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, BnstatError) else f"{type(error).__name__}: {error}"


def _with_its_cores(settings: Settings) -> Settings:
    """Share the machine's cores with the ranks that torchrun has started beside this one."""
    if settings["workers"] is not None or settings["engine"] != "processes":
        return settings
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return settings | {"workers": max(1, usable_cores() // beside)}
