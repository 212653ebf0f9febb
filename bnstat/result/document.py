"""The document: its versions, JSON to values and back.

Versions
--------
1   The first. Keys are stable; a reader ignores keys that it does not know.
2   `count` is one number a channel; new: `selection`, `sample`, `uncertainty`, `groups`. Version 1
    is read as a result in which no pixel and no image was left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bnstat.errors import DocumentError
from bnstat.result.consistency import contradictions
from bnstat.result.contents import Contents, Group
from bnstat.result.estimates import BatchNormEstimate, Estimate, Uncertainty
from bnstat.result.inputs import Failure, Source
from bnstat.result.node import Node
from bnstat.result.reading import read_contents

FORMAT = "bnstat.stats"
VERSION = 2
# Left out of `uncertainty` where there is none, as they are in documents before 0.3.
_NEW = ("corrected", "sums", "sketch", "cluster", "clusters")
_READABLE = (1, 2)
_SEVERAL = (Mapping, list, tuple)
# What chose the images; it is told where it was given.
_CHOICE = ("include", "exclude", "column", "files_column", "where", "array", "layout")
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

C = TypeVar("C", bound=Contents)


def parse(text: str | bytes, name: str, kind: type[C]) -> C:
    """Read a document from JSON as a value of the given kind; `name` is what errors call it.

    Raises DocumentError if it is not JSON, no result document, of a version not known here, or if
    what it says cannot be or contradicts itself.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
        root = Node(value, name)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{name} is not JSON ({error}); bnstat compute writes one") from error
    if not isinstance(root.value, dict) or root.value.get("format") != FORMAT:
        raise DocumentError(f"{name} is not a result of bnstat compute")
    version = root.value.get("version")
    if type(version) is not int or version not in _READABLE:
        raise DocumentError(
            f"{name} has version {version!r}; this bnstat reads {_READABLE[0]} to {VERSION}: "
            "upgrade bnstat, or compute again"
        )
    contents = read_contents(root, kind)
    for contradiction in contradictions(contents):
        raise DocumentError(f"{name} contradicts itself: {contradiction}")
    return contents


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"key {twice!r} is there twice")
    return entries


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def rendered(stats: Contents) -> Iterator[str]:
    """Yield the document's text: keys in a fixed order, a list of numbers on one line.

    It comes in pieces, as it may name millions of failures.
    """
    yield from _layout({"format": FORMAT, "version": VERSION} | _contents(stats))
    yield "\n"


def _contents(stats: Contents) -> dict[str, Any]:
    """Return what a document says; documents of 0.2 know less, and are written again as they were.

    In them there is no `pooled`, and nothing of how values are distributed; and no warnings.
    """
    deep, told = stats.sparse_histogram, stats.told_warnings
    distribution = {
        "sparse_histogram": deep and [vars(channel) for channel in deep],
        **vars(stats.order_statistics),
        "pooled": stats.pooled and vars(stats.pooled),
    }
    return {
        "bnstat": stats.bnstat,
        "created": stats.created,
        "source": _source(stats.source),
        "selection": vars(stats.selection),
        "sample": stats.sample and vars(stats.sample),
        "pipeline": {k: v for k, v in vars(stats.pipeline).items() if k != "warnings" or v},
        "mode": stats.mode,
        "channels": stats.channels,
        "scale": stats.scale,
        **({} if stats.max_value is None else {"max_value": stats.max_value}),
        **({"unscale": True} if stats.unscale else {}),
        "count": stats.count,
        "sum": _decimals(stats.sum),
        "sum_of_squares": _decimals(stats.sum_of_squares),
        "histogram": stats.histogram,
        **({} if stats.pooled is None else distribution),
        "methods": {
            name: estimate and write_estimate(estimate) for name, estimate in stats.methods.items()
        },
        "conventions": stats.conventions,
        "reasons": stats.reasons,
        "uncertainty": stats.uncertainty and _uncertainty(stats.uncertainty),
        "groups": stats.groups and {label: _group(g) for label, g in stats.groups.items()},
        **({"summary": stats.summary.to_dict()} if stats.summary else {}),
        **({} if told is None else {"warnings": [vars(warning) for warning in told]}),
    }


def write_estimate(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate for the document: mean, var and std, and what else its type has."""
    written = {"mean": estimate.mean, "var": estimate.var, "std": estimate.std} | vars(estimate)
    if isinstance(estimate, BatchNormEstimate):
        pairs = {"expected_sd": estimate.expected_sd, "expected": estimate.expected}
        written |= {k: v and {"mean": v["mean"], "var": v["var"]} for k, v in pairs.items()}
        written["momentum"] = "cumulative" if estimate.momentum is None else estimate.momentum
    return written


def _decimals(integers: tuple[int, ...] | None) -> list[str] | None:
    return None if integers is None else [str(each) for each in integers]


def _uncertainty(uncertainty: Uncertainty) -> dict[str, Any]:
    written = vars(uncertainty) | {
        "margin": uncertainty.margin and vars(uncertainty.margin),
        "superpopulation": vars(uncertainty.superpopulation),
        "corrected": uncertainty.corrected
        and {side: vars(each) for side, each in vars(uncertainty.corrected).items()},
        "sums": uncertainty.sums and [vars(sums) for sums in uncertainty.sums],
        "sketch": uncertainty.sketch and str(uncertainty.sketch),
    }
    return {key: value for key, value in written.items() if key not in _NEW or value is not None}


def _group(group: Group) -> dict[str, Any]:
    # Documents of 0.2 do not have these.
    known = vars(group.order_statistics) | {"packed_histogram": group.packed_histogram}
    return {
        "images": group.images,
        "count": group.count,
        "sum": _decimals(group.sum),
        "sum_of_squares": _decimals(group.sum_of_squares),
        "mean": group.exact.mean,
        "var": group.exact.var,
        "std": group.exact.std,
        **{name: values for name, values in known.items() if values is not None},
    }


def _source(source: Source) -> dict[str, Any]:
    """Return where the images are; what is None is told of a list and a shard alone.

    One shard is `shard`; several, as a merge has them, are `shards`.
    """
    shards, warnings = source.shards, source.warnings
    several = shards is not None and len(shards.indices) > 1
    first = [vars(warned) for warned in warnings.first]
    written = {
        "locations": source.locations,
        "files_from": source.files_from and vars(source.files_from),
        "cwd": source.cwd,
        "shard": None if several else shards and {"index": shards.indices[0], "of": shards.total},
        "shards": shards and {"indices": shards.indices, "of": shards.total} if several else None,
        "images": source.images,
        "skipped": source.skipped,
        "duplicates": source.duplicates,
        "deeper_than_8_bits": source.deeper_than_8_bits,
        "failed": source.failed if source.unnamed_failures else None,
        "failures": source.failures or (),
        "warnings": {"images": warnings.images, "first": first} if warnings.images else None,
        "service_folders": dict(source.service_folders) or None,
        "floats": source.floats and vars(source.floats),
        "replaced": source.replaced or None,
        "not_replaced": source.not_replaced or None,
        "unfollowed_links": source.unfollowed_links or None,
        **{name: getattr(source, name) for name in _CHOICE},
        "links": source.links or None,
        "inner_links": source.inner_links or None,
        "frames": None if source.files is None else source.frames,
        "files": source.files,
        "truncated": source.truncated_images,
        "dataset": source.dataset and vars(source.dataset),
        "fingerprint": source.fingerprint,
    }
    nullable = ("files_from", "shard")
    return {name: value for name, value in written.items() if value is not None or name in nullable}


def _layout(value: Any, indent: str = "") -> Iterator[str]:
    """Yield JSON text: an object's entries, and a list of lists, on lines of their own."""
    inner = indent + "  "
    if isinstance(value, Failure):
        value = value._asdict()
    if isinstance(value, Mapping) and value:
        named = ((_json(k) + ": ", v) for k, v in value.items())
        yield from _lines("{}", named, inner)
    elif (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and any(isinstance(v, _SEVERAL) for v in value)
    ):
        yield from _lines("[]", (("", v) for v in value), inner)
    else:
        yield _json(value)


def _lines(brackets: str, named: Iterable[tuple[str, Any]], indent: str) -> Iterator[str]:
    before = brackets[0] + "\n"
    for name, value in named:
        yield before + indent + name
        yield from _layout(value, indent)
        before = ",\n"
    yield f"\n{indent[:-2]}{brackets[1]}"
