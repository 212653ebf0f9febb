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

    Raises MeasureError in every rank, if one of them failed, which it names; or if they were called
    with different settings, or see different images.
    """
    import torch.distributed as dist

    rank, ranks = dist.get_rank(group), dist.get_world_size(group)
    if rank < 0:
        raise ValueError("this process is not in the group")
    failure: Exception | None = None
    try:
        sources = find()
        plan = Plan.of([augment], sources, _with_share_of_cores(settings), given=given)
        report = _report(sources, plan, rank, ranks)
    except Exception as error:
        failure, report = error, _Report(error=_message(error))
    reports: list[Any] = [None] * ranks
    first = dist.get_global_rank(group, 0)
    dist.gather_object(report, reports if rank == 0 else None, dst=first, group=group)
    answer: list[Stats | BnstatError | None] = [None]
    if rank == 0:
        try:
            _check(reports)
            scans = [received.scan for received in reports]
            whole = merge_scans(scans, fail_fast=settings["fail_fast"])
            answer = [outcomes(sources, whole, plan)[0].stats]
        except BnstatError as error:
            answer = [error]
        except Exception as error:
            failure, answer = error, [MeasureError(f"rank 0 failed: {_message(error)}")]
    dist.broadcast_object_list(answer, src=first, group=group)
    if isinstance(answer[0], BnstatError):
        raise answer[0] from failure
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


def _report(sources: Sources, plan: Plan, rank: int, ranks: int) -> _Report:
    """Measure a rank's images, and return what rank 0 has to know."""
    images = _RankImages(plan.checked(sources), rank, ranks)
    used = plan.settings
    with closing(plan.engine()) as engine:
        found = scan(images, plan.work(), engine, used, finalize=False, names=plan.groups)
    same = used | {"progress": None, "workers": None, "engine": ""}
    sent = replace(plan, settings=same, groups=None, clusters=None)
    return _Report(sent, images.digest, found)


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
