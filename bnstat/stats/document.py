"""The document's JSON.

Versions
--------
1   The first. Keys are stable; a reader ignores keys that it does not know.
2   `count` is one number a channel; new: `selection`, `sample`, `uncertainty`, `groups`. Version 1
    is read as a result in which no pixel and no image was left out.

What is read is data from anywhere: every value is checked for its type and range before it is used.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnstat.errors import DocumentError
from bnstat.stats.node import Node
from bnstat.stats.values import (
    BatchNormEstimate,
    Estimate,
    Failure,
    FileList,
    Group,
    MeanAndStd,
    Pipeline,
    Sample,
    Selection,
    Shards,
    Source,
    Stats,
    Uncertainty,
    Warned,
    Warnings,
)

FORMAT = "bnstat.stats"
VERSION = 2
_READABLE = (1, 2)


def load(path: str | os.PathLike[str]) -> Stats:
    """Read the document at `path`; "-" is standard input."""
    if os.fspath(path) == "-":
        if sys.stdin is None:
            raise DocumentError("cannot read the document: standard input is closed")
        return parse(sys.stdin.buffer.read(), "standard input")
    try:
        return parse(Path(path).read_bytes(), os.fspath(path))
    except FileNotFoundError as error:
        raise DocumentError(
            f"no result document {os.fspath(path)}; make one: bnstat compute FOLDER"
        ) from error
    except OSError as error:
        raise DocumentError(f"cannot read {os.fspath(path)}: {error.strerror}") from error


def parse(text: str | bytes, name: str) -> Stats:
    """Read a document from JSON; raise DocumentError where it is none."""
    try:
        root = Node(json.loads(text, parse_constant=_refuse), name)
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
    return _stats(root)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _stats(root: Node) -> Stats:
    nothing = root["count"].value in (0, [])  # as in a shard without images
    channels = root["channels"].texts(minimum=0 if nothing else 1)
    width = len(channels)
    histogram = root["histogram"].optional(lambda node: node.table(width, 256))
    return Stats(
        source=_source(root["source"]),
        pipeline=_pipeline(root["pipeline"]),
        mode=root["mode"].text(),
        channels=channels,
        scale=root["scale"].one_of(255, 65535, 1),
        count=_count(root["count"], width),
        sum=root["sum"].optional(lambda node: node.decimals(width)),
        sum_of_squares=root["sum_of_squares"].optional(lambda node: node.decimals(width)),
        histogram=histogram,
        methods=_methods(root["methods"], width),
        conventions={k: v.floats(width) for k, v in root["conventions"].items()},
        reasons={k: v.text() for k, v in root.get("reasons", {}).items()},
        selection=root.get("selection", None).optional(lambda node: _selection(node, width))
        or Selection(excluded=(0,) * width),
        sample=root.get("sample", None).optional(_sample),
        uncertainty=root.get("uncertainty", None).optional(lambda node: _uncertainty(node, width)),
        groups=root.get("groups", None).optional(lambda node: _groups(node, width)),
        created=root["created"].text(),
        bnstat=root["bnstat"].text(),
    )


def _count(node: Node, width: int) -> tuple[int, ...]:
    """Return the samples of each channel; version 1 has one number for all."""
    if isinstance(node.value, int):
        return (node.integer(minimum=1 if width else 0),) * width
    return node.integers(width)


def _selection(node: Node, width: int) -> Selection:
    return Selection(
        alpha=node["alpha"].text(),
        nodata=node["nodata"].optional(Node.text),
        masks=node["masks"].optional(Node.text),
        mask_values=node["mask_values"].optional(Node.integers),
        mask_ignore=node["mask_ignore"].optional(Node.integers),
        exclude_fill=node["exclude_fill"].boolean(),
        excluded=node["excluded"].integers(width),
        empty=node["empty"].integer(),
        transparent=node["transparent"].optional(Node.integer),
    )


def _sample(node: Node) -> Sample:
    of = node["of"].integer()
    images = node["images"].integer(maximum=of)
    return Sample(images, of, node["asked"].text(), node["seed"].integer(minimum=None))


def _uncertainty(node: Node, width: int) -> Uncertainty:
    return Uncertainty(
        confidence=node["confidence"].real(minimum=0.0),
        of=node["of"].texts(),
        margin=node["margin"].optional(lambda margin: _mean_and_std(margin, width)),
        reliable=node["reliable"].boolean(),
        superpopulation=_mean_and_std(node["superpopulation"], width),
    )


def _mean_and_std(node: Node, width: int) -> MeanAndStd:
    return MeanAndStd(node["mean"].floats(width, minimum=0.0), node["std"].floats(width, 0.0))


def _groups(node: Node, width: int) -> dict[str, Group]:
    return {label: _group(group, width) for label, group in node.items()}


def _group(node: Node, width: int) -> Group:
    return Group(
        images=node["images"].integer(),
        count=node["count"].integers(width),
        sum=node["sum"].optional(lambda value: value.decimals(width)),
        sum_of_squares=node["sum_of_squares"].optional(lambda value: value.decimals(width)),
        mean=node["mean"].floats(width),
        var=node["var"].floats(width, minimum=0.0),
    )


def _source(node: Node) -> Source:
    return Source(
        locations=node["locations"].texts(),
        cwd=node["cwd"].text(),
        images=node["images"].integer(),
        skipped=node["skipped"].integer(),
        duplicates=node["duplicates"].integer(),
        deeper_than_8_bits=node["deeper_than_8_bits"].integer(),
        failures=tuple(
            Failure(item["image"].text(), item["reason"].text())
            for item in node["failures"].sequence()
        ),
        fingerprint=node["fingerprint"].text(),
        shards=node["shard"].optional(_shard) or node.get("shards", None).optional(_shards),
        files_from=node.get("files_from", None).optional(
            lambda listed: FileList(
                listed["null"].boolean(),
                listed["root"].optional(Node.text),
                listed["again"].boolean(),
            )
        ),
        warnings=node.get("warnings", None).optional(_warnings) or Warnings(),
    )


def _warnings(node: Node) -> Warnings:
    first = [
        Warned(item["image"].text(), item["warning"].text()) for item in node["first"].sequence()
    ]
    return Warnings(node["images"].integer(minimum=len(first)), tuple(first))


def _shard(node: Node) -> Shards:
    of = node["of"].integer(minimum=1)
    return Shards((node["index"].integer(minimum=1, maximum=of),), of)


def _shards(node: Node) -> Shards:
    of = node["of"].integer(minimum=1)
    indices = {each.integer(minimum=1, maximum=of) for each in node["indices"].sequence()}
    return Shards(tuple(sorted(indices)), of)


def _pipeline(node: Node) -> Pipeline:
    return Pipeline(
        spec=node["spec"].optional(Node.text),
        transforms=node["transforms"].texts(),
        seed=node["seed"].integer(minimum=None),
        epochs=node["epochs"].integer(minimum=1),
        before_normalize=node.get("before_normalize", False).boolean(),
    )


def _methods(node: Node, width: int) -> Mapping[str, Estimate | None]:
    return {
        "two-pass": _estimate(node["two-pass"], width) if width else None,
        "welford": node["welford"].optional(lambda value: _estimate(value, width)),
        "batchnorm": node["batchnorm"].optional(lambda value: _batchnorm(value, width)),
    }


def _estimate(node: Node, width: int) -> Estimate:
    return Estimate(node["mean"].floats(width), node["var"].floats(width, minimum=0.0))


def _batchnorm(node: Node, width: int) -> BatchNormEstimate:
    momentum = node["momentum"]
    return BatchNormEstimate(
        mean=node["mean"].floats(width),
        var=node["var"].floats(width, minimum=0.0),
        batch_size=node["batch_size"].integer(minimum=1),
        momentum=None if momentum.value == "cumulative" else momentum.real(),
        order=node["order"].text(),
        batches=node["batches"].integer(minimum=1),
        start_weight=node["start_weight"].real(),
        expected_sd={k: v.floats(width) for k, v in node["expected_sd"].items()},
    )


def render(stats: Stats) -> str:
    """Return the document as text: keys in a fixed order, a list of numbers on one line."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "bnstat": stats.bnstat,
        "created": stats.created,
        "source": _render_source(stats.source),
        "selection": vars(stats.selection),
        "sample": stats.sample and vars(stats.sample),
        "pipeline": vars(stats.pipeline),
        "mode": stats.mode,
        "channels": stats.channels,
        "scale": stats.scale,
        "count": stats.count,
        "sum": _decimals(stats.sum),
        "sum_of_squares": _decimals(stats.sum_of_squares),
        "histogram": stats.histogram,
        "methods": {name: _render_estimate(value) for name, value in stats.methods.items()},
        "conventions": stats.conventions,
        "reasons": stats.reasons,
        "uncertainty": stats.uncertainty and _render_uncertainty(stats.uncertainty),
        "groups": _render_groups(stats.groups),
    }
    return _text(document) + "\n"


def _decimals(integers: tuple[int, ...] | None) -> list[str] | None:
    return None if integers is None else [str(each) for each in integers]


def _render_uncertainty(uncertainty: Uncertainty) -> dict[str, Any]:
    return vars(uncertainty) | {
        "margin": uncertainty.margin and vars(uncertainty.margin),
        "superpopulation": vars(uncertainty.superpopulation),
    }


def _render_groups(groups: Mapping[str, Group] | None) -> dict[str, Any] | None:
    if groups is None:
        return None
    return {label: _render_group(group) for label, group in groups.items()}


def _render_group(group: Group) -> dict[str, Any]:
    return vars(group) | {
        "sum": _decimals(group.sum),
        "sum_of_squares": _decimals(group.sum_of_squares),
        "std": group.std,
    }


def _render_source(source: Source) -> dict[str, Any]:
    return {
        "locations": source.locations,
        "files_from": source.files_from and vars(source.files_from),
        "cwd": source.cwd,
        **_render_shards(source.shards),
        "images": source.images,
        "skipped": source.skipped,
        "duplicates": source.duplicates,
        "deeper_than_8_bits": source.deeper_than_8_bits,
        "failures": [vars(failure) for failure in source.failures],
        **({"warnings": _render_warnings(source.warnings)} if source.warnings.images else {}),
        "fingerprint": source.fingerprint,
    }


def _render_shards(shards: Shards | None) -> dict[str, Any]:
    """Return one shard as `shard`, several as `shards`: a merge of some has these."""
    if shards is None:
        return {"shard": None}
    if len(shards.indices) == 1:
        return {"shard": {"index": shards.indices[0], "of": shards.of}}
    return {"shard": None, "shards": vars(shards)}


def _render_warnings(warnings: Warnings) -> dict[str, Any]:
    return {"images": warnings.images, "first": [vars(warned) for warned in warnings.first]}


def _render_estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    values = {"mean": estimate.mean, "var": estimate.var, "std": estimate.std}
    if isinstance(estimate, BatchNormEstimate):
        momentum = "cumulative" if estimate.momentum is None else estimate.momentum
        return (
            values
            | {k: v for k, v in vars(estimate).items() if k not in values}
            | {"momentum": momentum}
        )
    return values


def _text(value: Any, indent: str = "") -> str:
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        items = [
            f"{json.dumps(k, ensure_ascii=False)}: {_text(v, inner)}" for k, v in value.items()
        ]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and any(
        isinstance(v, Mapping | list | tuple) for v in value
    ):
        return "[\n" + ",\n".join(inner + _text(v, inner) for v in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
