"""From values to the document's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bnstat.result.contents import Contents
from bnstat.result.estimates import Estimate
from bnstat.result.group import Group
from bnstat.result.methods import METHODS
from bnstat.result.source import Pipeline, Shards, Source, Warnings
from bnstat.result.uncertainty import Uncertainty


def written_contents(stats: Contents) -> dict[str, Any]:
    """Return the values of the document, keys in a fixed order."""
    return {
        "bnstat": stats.bnstat,
        "created": stats.created,
        "source": _source(stats.source),
        "selection": vars(stats.selection),
        "sample": stats.sample and vars(stats.sample),
        "pipeline": _pipeline(stats.pipeline),
        "mode": stats.mode,
        "channels": stats.channels,
        "scale": stats.scale,
        "count": stats.count,
        "sum": _decimals(stats.sum),
        "sum_of_squares": _decimals(stats.sum_of_squares),
        "histogram": stats.histogram,
        "methods": {name: _estimate(name, value) for name, value in stats.methods.items()},
        "conventions": stats.conventions,
        "reasons": stats.reasons,
        "uncertainty": stats.uncertainty and _uncertainty(stats.uncertainty),
        "groups": _groups(stats.groups),
    }


def _pipeline(pipeline: Pipeline) -> dict[str, Any]:
    return {k: v for k, v in vars(pipeline).items() if k != "warnings" or v}


def _decimals(integers: tuple[int, ...] | None) -> list[str] | None:
    return None if integers is None else [str(each) for each in integers]


def _uncertainty(uncertainty: Uncertainty) -> dict[str, Any]:
    return vars(uncertainty) | {
        "margin": uncertainty.margin and vars(uncertainty.margin),
        "superpopulation": vars(uncertainty.superpopulation),
    }


def _groups(groups: Mapping[str, Group] | None) -> dict[str, Any] | None:
    if groups is None:
        return None
    return {label: _group(group) for label, group in groups.items()}


def _group(group: Group) -> dict[str, Any]:
    return vars(group) | {
        "sum": _decimals(group.sum),
        "sum_of_squares": _decimals(group.sum_of_squares),
        "std": group.std,
    }


def _estimate(name: str, estimate: Estimate | None) -> dict[str, Any] | None:
    return None if estimate is None else METHODS[name].write(estimate)


def _source(source: Source) -> dict[str, Any]:
    return {
        "locations": source.locations,
        "files_from": source.files_from and vars(source.files_from),
        "cwd": source.cwd,
        **_shards(source.shards),
        "images": source.images,
        "skipped": source.skipped,
        "duplicates": source.duplicates,
        "deeper_than_8_bits": source.deeper_than_8_bits,
        "failures": [vars(failure) for failure in source.failures],
        **({"warnings": _warnings(source.warnings)} if source.warnings.images else {}),
        **({"unfollowed_links": source.unfollowed_links} if source.unfollowed_links else {}),
        "fingerprint": source.fingerprint,
    }


def _shards(shards: Shards | None) -> dict[str, Any]:
    """Return one shard as `shard`, several as `shards`: a merge of some has these."""
    if shards is None:
        return {"shard": None}
    if len(shards.indices) == 1:
        return {"shard": {"index": shards.indices[0], "of": shards.of}}
    return {"shard": None, "shards": vars(shards)}


def _warnings(warnings: Warnings) -> dict[str, Any]:
    return {"images": warnings.images, "first": [vars(warned) for warned in warnings.first]}


def layout(value: Any, indent: str = "") -> str:
    """Return JSON text: an object's entries, and a list of lists, on lines of their own."""
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        items = [
            f"{json.dumps(k, ensure_ascii=False)}: {layout(v, inner)}" for k, v in value.items()
        ]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and any(
        isinstance(v, Mapping | list | tuple) for v in value
    ):
        return "[\n" + ",\n".join(inner + layout(v, inner) for v in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
