"""One measurement by all ranks of a torch.distributed group.

Each rank measures the images that a hash of their keys assigns to it. Rank 0 gathers what all ranks
have measured, moments by key, makes one result of it as if it had measured alone, and broadcasts
it. Every rank takes part in these two exchanges, whether it has failed before or not: one that has
failed reports its error, and no rank waits for it for ever.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from bnstat.augment import Spec
from bnstat.engines import usable_cores
from bnstat.errors import BnstatError, MeasureError
from bnstat.measure.found import Scan, merge_scans
from bnstat.measure.outcomes import outcomes
from bnstat.measure.plan import Plan
from bnstat.measure.scanning import scan
from bnstat.result import Stats
from bnstat.settings import Settings
from bnstat.sources.reference import Reference
from bnstat.sources.source import shard_of
from bnstat.sources.sources import Sources

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup


def measure_by_ranks(
    find: Callable[[], Sources],
    augment: Spec | None,
    settings: Settings,
    group: ProcessGroup,
    given: Iterable[str] = (),
) -> Stats:
    """Measure this rank's share of the images; return, in every rank, the result of all.

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
    run = _RankRun(find, augment, _with_share_of_cores(settings), frozenset(given), rank, ranks)
    report = run.report()
    reports: list[Any] = [None] * ranks
    first = dist.get_global_rank(group, 0)
    dist.gather_object(report, reports if rank == 0 else None, dst=first, group=group)
    answer: list[Stats | BnstatError | None] = [run.result(reports) if rank == 0 else None]
    dist.broadcast_object_list(answer, src=first, group=group)
    if isinstance(answer[0], BnstatError):
        raise answer[0] from run.error
    assert answer[0] is not None
    return answer[0]


@dataclass(frozen=True)
class _Report:
    """What a rank sends to rank 0: its plan, a digest of all keys, its scan; or its error.

    What may differ from rank to rank is left out of the plan's settings.
    """

    plan: Plan | None = None
    keys: bytes = b""
    scan: Scan | None = None
    error: str | None = None


class _RankRun:
    """The run of one rank; `error` is the exception that it has failed with."""

    def __init__(
        self,
        find: Callable[[], Sources],
        augment: Spec | None,
        settings: Settings,
        given: frozenset[str],
        rank: int,
        ranks: int,
    ) -> None:
        self._find, self._augment, self._settings = find, augment, settings
        self._given = given
        self._rank, self._ranks = rank, ranks
        self._made: tuple[Sources, Plan] | None = None
        self.error: Exception | None = None

    def report(self) -> _Report:
        """Measure this rank's images, and return what rank 0 has to know."""
        try:
            sources = self._find()
            plan = Plan.of([self._augment], sources, self._settings, given=self._given)
            self._made = sources, plan
            images = _RankImages(plan.checked(sources), self._rank, self._ranks)
            with closing(plan.engine()) as engine:
                found = scan(
                    images,
                    plan.work(),
                    engine,
                    plan.settings,
                    finalize=False,
                    names=plan.groups,
                )
        except Exception as error:
            self.error = error
            return _Report(error=_message(error))
        same = self._settings | {"progress": None, "workers": None, "engine": ""}
        sent = replace(plan, settings=same, groups=None, clusters=None)
        return _Report(sent, images.digest, found)

    def result(self, reports: Sequence[_Report | None]) -> Stats | BnstatError:
        """Return, in rank 0, the result of all ranks, or the error that all are to raise."""
        try:
            received = [report for report in reports if report is not None]
            _check(received)
            return self._merged(received)
        except BnstatError as error:
            return error
        except Exception as error:
            self.error = error
            return MeasureError(f"rank 0 failed: {_message(error)}")

    def _merged(self, reports: Sequence[_Report]) -> Stats:
        scans = [report.scan for report in reports if report.scan is not None]
        whole = merge_scans(scans, fail_fast=self._settings["fail_fast"])
        assert self._made is not None
        sources, plan = self._made
        return outcomes(sources, whole, plan)[0].stats


class _RankImages:
    """The images of the sources that are one rank's; `digest` is of the keys of all images."""

    def __init__(self, images: Iterable[Reference], rank: int, ranks: int) -> None:
        self._images = images
        self.digest = b""
        self._rank, self._ranks = rank, ranks

    def __iter__(self) -> Iterator[Reference]:
        keys = blake2b()
        for reference in self._images:
            keys.update(b"%d/%s" % (len(reference.key), reference.key))
            if shard_of(reference.key, self._ranks) == self._rank + 1:
                yield reference
        self.digest = keys.digest()


def _check(reports: Sequence[_Report]) -> None:
    """Raise unless all ranks have measured their images of the same set in the same way."""
    for rank, report in enumerate(reports):
        if report.error is not None:
            raise MeasureError(f"rank {rank} failed: {report.error}")
    for rank, report in enumerate(reports):
        if report.plan != reports[0].plan:
            raise MeasureError(f"rank {rank} was called with other settings than rank 0")
        if report.keys != reports[0].keys:
            raise MeasureError(
                f"rank {rank} sees other images than rank 0; all ranks need the same files"
            )


def _message(error: Exception) -> str:
    return str(error) if isinstance(error, BnstatError) else f"{type(error).__name__}: {error}"


def _with_share_of_cores(settings: Settings) -> Settings:
    """Divide the machine's cores among the ranks that torchrun has started on it."""
    if settings["workers"] is not None or settings["engine"] != "processes":
        return settings
    local_ranks = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return settings | {"workers": max(1, usable_cores() // local_ranks)}
