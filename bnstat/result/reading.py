"""From the document's JSON to values: what is read comes from anywhere, and is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

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
# Of sources, what is told where it is not 0, or was given.
_OPTIONAL_NUMBERS = ("replaced", "not_replaced", "links", "inner_links")
_OPTIONAL_TEXTS = ("column", "files_column", "array", "layout")
_OPTIONAL_LISTS = ("include", "exclude", "where")


def read_contents(root: Node, kind: type[C]) -> C:
    """Return the contents of a document, as a value of the given kind.

    Raises DocumentError if a value is missing, or is none that a result can have; it names the
    path.
    """
    nothing = root["count"].value in (0, [])  # as in a shard without images
    channels = root["channels"].texts(minimum=0 if nothing else 1)
    width = len(channels)
    max_value = root.optional("max_value", Node.integer, minimum=1)
    scale = root["scale"].one_of(255, 65535, 1, *filter(None, [max_value]))
    signed = scale == 1 or max_value is not None
    return kind(
        source=_source(root["source"]),
        pipeline=_pipeline(root["pipeline"]),
        mode=root["mode"].word(),
        channels=channels,
        scale=scale,
        count=_count(root["count"], width),
        max_value=max_value,
        unscale=root.get("unscale", False).boolean(),
        sum=root["sum"].or_none(Node.decimals, width, signed=signed),
        sum_of_squares=root["sum_of_squares"].or_none(Node.decimals, width),
        histogram=root["histogram"].or_none(Node.table, width, 256),
        methods=_methods(root["methods"], width),
        conventions={k: v.floats(width) for k, v in root["conventions"].items()},
        reasons={k: v.text() for k, v in root.get("reasons", {}).items()},
        selection=root.optional("selection", _selection, width) or Selection(excluded=(0,) * width),
        sample=root.optional("sample", _sample),
        uncertainty=root.optional("uncertainty", _uncertainty, width),
        groups=root.optional("groups", _groups, width, signed),
        sparse_histogram=root.optional("sparse_histogram", _sparse_histogram, width),
        order_statistics=_order_statistics(root, width),
        pooled=root.optional("pooled", _pooled),
        summary=root.optional("summary", read_summary),
        created=root["created"].text(),
        bnstat=root["bnstat"].text(),
        told_warnings=root.optional("warnings", _input_warnings),
    )


def _input_warnings(node: Node) -> tuple[InputWarning, ...]:
    return tuple(
        InputWarning(each["code"].text(), each["text"].text(), each["images"].integer())
        for each in node.sequence()
    )


def _sparse_histogram(node: Node, width: int) -> Distribution:
    found = []
    for channel in node.sequence(width):
        values = channel["values"].ascending(65535)
        counts = (count.integer(minimum=1) for count in channel["counts"].sequence(len(values)))
        found.append(Occurring(values, tuple(counts)))
    return tuple(found)


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
        nodata=node["nodata"].or_none(Node.text),
        masks=node["masks"].or_none(Node.text),
        mask_values=node["mask_values"].or_none(Node.integers),
        mask_ignore=node["mask_ignore"].or_none(Node.integers),
        exclude_fill=node["exclude_fill"].boolean(),
        excluded=node["excluded"].integers(width or None),  # known also where all was left out
        empty=node["empty"].integer(),
        transparent=node["transparent"].or_none(Node.integer),
    )


def _sample(node: Node) -> Sample:
    of = node["of"].integer()
    images = node["images"].integer(maximum=of)
    return Sample(images, of, node["asked"].text(), node["seed"].integer(minimum=None))


def _uncertainty(node: Node, width: int) -> Uncertainty:
    return Uncertainty(
        confidence=node["confidence"].real(0.0, 1.0),
        of=node["of"].texts(),
        margin=node["margin"].or_none(_mean_and_std, width),
        reliable=node["reliable"].boolean(),
        superpopulation=_mean_and_std(node["superpopulation"], width),
        sums=node.optional("sums", _sums_of_channels, width),
        sketch=node.optional("sketch", lambda text: Sketch(text.hashes())),
        cluster=node.optional("cluster", Node.text),
        clusters=node.optional("clusters", Node.integer, minimum=2),
        corrected=node.optional("corrected", _corrected, width),
    )


def _corrected(node: Node, width: int) -> Corrected:
    return Corrected(*(_mean_and_std(node[side], width) for side in ("below", "above")))


def _sums_of_channels(node: Node, width: int) -> tuple[ImageSums, ...] | None:
    """Return the sums of each channel; None from before they had order 3."""
    channels = node.sequence(width)
    return tuple(map(_image_sums, channels)) if all("third" in each for each in channels) else None


def _image_sums(node: Node) -> ImageSums:
    def numbers(node: Node, length: int) -> Floats:
        return node.floats(length, -math.inf, math.inf)

    return ImageSums(
        images=node["images"].integer(),
        center=node["center"].real(),
        first=numbers(node["first"], 3),
        second=numbers(node["second"], 6),
        third=numbers(node["third"], 10),
        fourth=numbers(node["fourth"], 15),
        second_within=node["second_within"].or_none(numbers, 6),
        third_within=node["third_within"].or_none(numbers, 10),
        fourth_within=node["fourth_within"].or_none(numbers, 15),
    )


def _mean_and_std(node: Node, width: int) -> MeanAndStd:
    return MeanAndStd(node["mean"].floats(width, minimum=0.0), node["std"].floats(width, 0.0))


def _groups(node: Node, width: int, signed: bool) -> dict[str, Group]:
    return {label: _group(group, width, signed) for label, group in node.items()}


def _group(node: Node, width: int, signed: bool) -> Group:
    return Group(
        images=node["images"].integer(),
        count=node["count"].integers(width),
        sum=node["sum"].or_none(Node.decimals, width, signed=signed),
        sum_of_squares=node["sum_of_squares"].or_none(Node.decimals, width),
        exact=read_estimate(node, EXACT, width),
        order_statistics=_order_statistics(node, width),
        packed_histogram=node.optional("packed_histogram", Node.text),
    )


def _order_statistics(node: Node, width: int) -> OrderStatistics:
    """Return percentiles, smallest and largest value, where a result or a group tells them."""
    return OrderStatistics(
        node.optional("quantiles", Node.percentiles, width),
        node.optional("min", Node.floats, width),
        node.optional("max", Node.floats, width),
    )


def _source(node: Node) -> Source:
    failures = tuple(
        Failure(each["image"].text(), each["reason"].text()) for each in node["failures"].sequence()
    )
    named = len(failures)
    new: dict[str, Any] = {name: node.get(name, 0).integer() for name in _OPTIONAL_NUMBERS}
    new |= {name: node.optional(name, Node.text) for name in _OPTIONAL_TEXTS}
    new |= {name: node.optional(name, Node.texts) for name in _OPTIONAL_LISTS}
    return Source(
        locations=node["locations"].texts(),
        cwd=node["cwd"].text(),
        images=node["images"].integer(),
        skipped=node["skipped"].integer(),
        duplicates=node["duplicates"].integer(),
        deeper_than_8_bits=node["deeper_than_8_bits"].integer(),
        failures=failures,
        fingerprint=node["fingerprint"].text(),
        shards=node["shard"].or_none(_shard) or node.optional("shards", _shards),
        files_from=node.optional("files_from", _file_list),
        warnings=node.optional("warnings", _warnings) or Warnings(),
        unfollowed_links=node.optional("unfollowed_links", Node.texts) or (),
        service_folders=tuple(
            (name, number.integer()) for name, number in node.get("service_folders", {}).items()
        ),
        floats=node.optional("floats", _float_images),
        unnamed_failures=node.get("failed", named).integer(minimum=named) - named,
        dataset=node.optional("dataset", _dataset),
        frames=node.get("frames", "first").text(),
        files=node.optional("files", Node.integer),
        truncated_images=node.optional("truncated", Node.integer),
        **new,
    )


def _file_list(node: Node) -> FileList:
    return FileList(
        node["null"].boolean(), node["root"].or_none(Node.text), node["again"].boolean()
    )


def _float_images(node: Node) -> FloatImages:
    return FloatImages(node["images"].integer(minimum=1), node["first"].text())


def _dataset(node: Node) -> Dataset:
    return Dataset(
        name=node["name"].or_none(Node.text),
        type=node["type"].text(),
        length=node["length"].or_none(Node.integer),
        random=node["random"].boolean(),
        first=node["first"].or_none(Node.integer),
        here=node["here"].text(),
    )


def _warnings(node: Node) -> Warnings:
    first = tuple(Warned(i["image"].text(), i["warning"].text()) for i in node["first"].sequence())
    return Warnings(node["images"].integer(minimum=len(first)), first)


def _shard(node: Node) -> Shards:
    total = node["of"].integer(minimum=1)
    return Shards((node["index"].integer(minimum=1, maximum=total),), total)


def _shards(node: Node) -> Shards:
    total = node["of"].integer(minimum=1)
    indices = {each.integer(minimum=1, maximum=total) for each in node["indices"].sequence()}
    return Shards(tuple(sorted(indices)), total)


def _pipeline(node: Node) -> Pipeline:
    return Pipeline(
        spec=node["spec"].or_none(Node.text),
        transforms=node["transforms"].texts(),
        seed=node["seed"].integer(minimum=None),
        epochs=node["epochs"].integer(minimum=1, maximum=MAX_EPOCHS),
        before_normalize=node.get("before_normalize", False).boolean(),
        warnings=node.get("warnings", []).texts(),
    )


def _methods(node: Node, width: int) -> Mapping[str, Estimate | None]:
    """Return the estimates of the known methods; an older document lacks those added since."""
    known = {name: node[name] for name in METHODS if name == EXACT or name in node}
    return {
        name: None
        if width == 0 or (each.value is None and name != EXACT)  # nothing measured, or no way to it
        else read_estimate(each, name, width)
        for name, each in known.items()
    }


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
        expected=node.optional("expected", pair),
    )
