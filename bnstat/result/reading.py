"""From the document's JSON to values: what is read comes from anywhere, and is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from bnstat.result.contents import Contents, Group
from bnstat.result.distribution import Distribution, Occurring
from bnstat.result.estimates import (
    EXACT,
    METHODS,
    BatchNormEstimate,
    Corrected,
    Estimate,
    Floats,
    ImageSums,
    MeanAndStd,
    Method,
    OrderStatistics,
    OverChannels,
    Sketch,
    Uncertainty,
)
from bnstat.result.input_warnings import InputWarning
from bnstat.result.inputs import (
    Dataset,
    Failure,
    FileList,
    FloatImages,
    Pipeline,
    Sample,
    Selection,
    Shards,
    Source,
    Warned,
    Warnings,
)
from bnstat.result.node import LARGEST_REAL, Node
from bnstat.result.summary import read_summary
from bnstat.settings.setting import MAX_EPOCHS

C = TypeVar("C", bound=Contents)


def read_contents(root: Node, kind: type[C]) -> C:
    """Return the contents of a document, as a value of the given kind.

    Raises
    ------
    DocumentError
        If a value is missing, or is none that a result can have; it names the path.
    """
    nothing = root["count"].value in (0, [])  # as in a shard without images
    channels = root["channels"].texts(minimum=0 if nothing else 1)
    width = len(channels)
    max_value = root.get("max_value", None).optional(lambda node: node.integer(minimum=1))
    scale = root["scale"].one_of(255, 65535, 1, *filter(None, [max_value]))
    signed = scale == 1 or max_value is not None
    histogram = root["histogram"].optional(lambda node: node.table(width, 256))
    return kind(
        source=_source(root["source"]),
        pipeline=_pipeline(root["pipeline"]),
        mode=root["mode"].word(),
        channels=channels,
        scale=scale,
        count=_count(root["count"], width),
        max_value=max_value,
        unscale=root.get("unscale", False).boolean(),
        sum=root["sum"].optional(lambda node: node.decimals(width, signed=signed)),
        sum_of_squares=root["sum_of_squares"].optional(lambda node: node.decimals(width)),
        histogram=histogram,
        methods=_methods(root["methods"], width),
        conventions={k: v.floats(width) for k, v in root["conventions"].items()},
        reasons={k: v.text() for k, v in root.get("reasons", {}).items()},
        selection=root.get("selection", None).optional(lambda node: _selection(node, width))
        or Selection(excluded=(0,) * width),
        sample=root.get("sample", None).optional(_sample),
        uncertainty=root.get("uncertainty", None).optional(lambda node: _uncertainty(node, width)),
        groups=root.get("groups", None).optional(lambda node: _groups(node, width, signed)),
        sparse_histogram=root.get("sparse_histogram", None).optional(
            lambda node: _sparse_histogram(node, width)
        ),
        order_statistics=_order_statistics(root, width),
        pooled=root.get("pooled", None).optional(_pooled),
        summary=root.get("summary", None).optional(read_summary),
        created=root["created"].text(),
        bnstat=root["bnstat"].text(),
        told_warnings=root.get("warnings", None).optional(
            lambda node: tuple(map(_input_warning, node.sequence()))
        ),
    )


def _input_warning(node: Node) -> InputWarning:
    return InputWarning(node["code"].text(), node["text"].text(), node["images"].integer())


def _sparse_histogram(node: Node, width: int) -> Distribution:
    return tuple(_occurring(channel) for channel in node.sequence(width))


def _occurring(node: Node) -> Occurring:
    values = node["values"].ascending(65535)
    counts = tuple(c.integer(minimum=1) for c in node["counts"].sequence(len(values)))
    return Occurring(values, counts)


def _pooled(node: Node) -> OverChannels:
    return OverChannels(node["mean"].real(), node["std"].real(0.0))


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
        excluded=node["excluded"].integers(width or None),  # known also where all was left out
        empty=node["empty"].integer(),
        transparent=node["transparent"].optional(Node.integer),
    )


def _sample(node: Node) -> Sample:
    of = node["of"].integer()
    images = node["images"].integer(maximum=of)
    return Sample(images, of, node["asked"].text(), node["seed"].integer(minimum=None))


def _uncertainty(node: Node, width: int) -> Uncertainty:
    return Uncertainty(
        confidence=node["confidence"].real(0.0, 1.0),
        of=node["of"].texts(),
        margin=node["margin"].optional(lambda margin: _mean_and_std(margin, width)),
        reliable=node["reliable"].boolean(),
        superpopulation=_mean_and_std(node["superpopulation"], width),
        sums=node.get("sums", None).optional(lambda sums: _sums_of_channels(sums, width)),
        sketch=node.get("sketch", None).optional(lambda text: Sketch(text.hashes())),
        cluster=node.get("cluster", None).optional(Node.text),
        clusters=node.get("clusters", None).optional(lambda number: number.integer(minimum=2)),
        corrected=node.get("corrected", None).optional(
            lambda sides: Corrected(
                *(_mean_and_std(sides[side], width) for side in ("below", "above"))
            )
        ),
    )


def _sums_of_channels(node: Node, width: int) -> tuple[ImageSums, ...] | None:
    """Return the sums of each channel; None from before they had order 3."""
    channels = node.sequence(width)
    return tuple(map(_image_sums, channels)) if all("third" in each for each in channels) else None


def _image_sums(node: Node) -> ImageSums:
    def numbers(name: str, length: int) -> Floats | None:
        return node[name].optional(lambda values: values.floats(length, -math.inf, math.inf))

    return ImageSums(
        images=node["images"].integer(),
        center=node["center"].real(),
        first=node["first"].floats(3, -math.inf, math.inf),
        second=node["second"].floats(6, -math.inf, math.inf),
        third=node["third"].floats(10, -math.inf, math.inf),
        fourth=node["fourth"].floats(15, -math.inf, math.inf),
        second_within=numbers("second_within", 6),
        third_within=numbers("third_within", 10),
        fourth_within=numbers("fourth_within", 15),
    )


def _mean_and_std(node: Node, width: int) -> MeanAndStd:
    return MeanAndStd(node["mean"].floats(width, minimum=0.0), node["std"].floats(width, 0.0))


def _groups(node: Node, width: int, signed: bool) -> dict[str, Group]:
    return {label: _group(group, width, signed) for label, group in node.items()}


def _group(node: Node, width: int, signed: bool) -> Group:
    return Group(
        images=node["images"].integer(),
        count=node["count"].integers(width),
        sum=node["sum"].optional(lambda value: value.decimals(width, signed=signed)),
        sum_of_squares=node["sum_of_squares"].optional(lambda value: value.decimals(width)),
        exact=read_estimate(node, EXACT, width),
        order_statistics=_order_statistics(node, width),
        packed_histogram=node.get("packed_histogram", None).optional(Node.text),
    )


def _order_statistics(node: Node, width: int) -> OrderStatistics:
    """Return percentiles, smallest and largest value, where a result or a group tells them."""
    return OrderStatistics(
        node.get("quantiles", None).optional(lambda each: each.percentiles(width)),
        node.get("min", None).optional(lambda each: each.floats(width)),
        node.get("max", None).optional(lambda each: each.floats(width)),
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
        include=node.get("include", None).optional(Node.texts),
        exclude=node.get("exclude", None).optional(Node.texts),
        column=node.get("column", None).optional(Node.text),
        files_column=node.get("files_column", None).optional(Node.text),
        where=node.get("where", None).optional(Node.texts),
        unfollowed_links=node.get("unfollowed_links", None).optional(Node.texts) or (),
        service_folders=tuple(
            (name, number.integer()) for name, number in node.get("service_folders", {}).items()
        ),
        floats=node.get("floats", None).optional(
            lambda floats: FloatImages(floats["images"].integer(minimum=1), floats["first"].text())
        ),
        replaced=node.get("replaced", 0).integer(),
        not_replaced=node.get("not_replaced", 0).integer(),
        unnamed_failures=_unnamed_failures(node),
        dataset=node.get("dataset", None).optional(_dataset),
        array=node.get("array", None).optional(Node.text),
        layout=node.get("layout", None).optional(Node.text),
        links=node.get("links", 0).integer(),
        inner_links=node.get("inner_links", 0).integer(),
        frames=node.get("frames", "first").text(),
        files=node.get("files", None).optional(Node.integer),
        truncated_images=node.get("truncated", None).optional(Node.integer),
    )


def _dataset(node: Node) -> Dataset:
    return Dataset(
        name=node["name"].optional(Node.text),
        type=node["type"].text(),
        length=node["length"].optional(Node.integer),
        random=node["random"].boolean(),
        first=node["first"].optional(Node.integer),
        here=node["here"].text(),
    )


def _unnamed_failures(node: Node) -> int:
    named = len(list(node["failures"].sequence()))
    return node.get("failed", named).integer(minimum=named) - named


def _warnings(node: Node) -> Warnings:
    first = [
        Warned(item["image"].text(), item["warning"].text()) for item in node["first"].sequence()
    ]
    return Warnings(node["images"].integer(minimum=len(first)), tuple(first))


def _shard(node: Node) -> Shards:
    total = node["of"].integer(minimum=1)
    return Shards((node["index"].integer(minimum=1, maximum=total),), total)


def _shards(node: Node) -> Shards:
    total = node["of"].integer(minimum=1)
    indices = {each.integer(minimum=1, maximum=total) for each in node["indices"].sequence()}
    return Shards(tuple(sorted(indices)), total)


def _pipeline(node: Node) -> Pipeline:
    return Pipeline(
        spec=node["spec"].optional(Node.text),
        transforms=node["transforms"].texts(),
        seed=node["seed"].integer(minimum=None),
        epochs=node["epochs"].integer(minimum=1, maximum=MAX_EPOCHS),
        before_normalize=node.get("before_normalize", False).boolean(),
        warnings=node.get("warnings", []).texts(),
    )


def _methods(node: Node, width: int) -> Mapping[str, Estimate | None]:
    """Return the estimates of the known methods; an older document lacks those added since."""
    return {
        name: _estimate(node[name], method, width)
        for name, method in METHODS.items()
        if method.exact or name in node
    }


def _estimate(node: Node, method: Method, width: int) -> Estimate | None:
    nothing_measured = width == 0
    if nothing_measured or (node.value is None and not method.exact):
        return None
    return read_estimate(node, method.name, width)


def read_estimate(node: Node, method: str, width: int) -> Estimate:
    """Return the estimate of a method; its std follows from its var."""
    estimate = Estimate(node["mean"].floats(width), node["var"].variances(width))
    if "std" in node:
        node["std"].roots_of(estimate.var)
    return _batchnorm(node, estimate, width) if method == "batchnorm" else estimate


def _batchnorm(node: Node, figures: Estimate, width: int) -> BatchNormEstimate:
    momentum = node["momentum"]

    def pair(node: Node, minimum: float = -LARGEST_REAL) -> dict[str, Floats]:
        return {"mean": node["mean"].floats(width, minimum), "var": node["var"].variances(width)}

    return BatchNormEstimate(
        figures.mean,
        figures.var,
        batch_size=node["batch_size"].integer(minimum=1),
        momentum=None if momentum.value == "cumulative" else momentum.real(0.0, 1.0),
        order=node["order"].one_of("shuffled", "listed"),
        batches=node["batches"].integer(minimum=1, maximum=2**63 - 1),  # as num_batches_tracked
        start_weight=node["start_weight"].real(0.0, 1.0),
        expected_sd=pair(node["expected_sd"], minimum=0.0),
        expected=node.get("expected", None).optional(pair),
    )
