"""The methods: ways from the images to a mean and a variance. A new one is a row here.

`estimators.methods` has the function that makes the estimate of each; the document, merging,
export, comparison and the tables read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bnstat.result.estimates import BatchNormEstimate, Estimate, Floats
from bnstat.result.node import LARGEST_REAL, Node


def read_estimate(node: Node, width: int) -> Estimate:
    """Return an estimate of `width` channels from the document; its std follows from its var."""
    estimate = Estimate(node["mean"].floats(width), node["var"].variances(width))
    if "std" in node:
        node["std"].roots_of(estimate.var)
    return estimate


def write_estimate(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate for the document: mean, var and std, and what else its type has."""
    figures = {"mean": estimate.mean, "var": estimate.var, "std": estimate.std}
    return figures | {name: value for name, value in vars(estimate).items() if name not in figures}


def _read_batchnorm(node: Node, width: int) -> BatchNormEstimate:
    momentum = node["momentum"]
    figures = read_estimate(node, width)
    return BatchNormEstimate(
        mean=figures.mean,
        var=figures.var,
        batch_size=node["batch_size"].integer(minimum=1),
        momentum=None if momentum.value == "cumulative" else momentum.real(0.0, 1.0),
        order=node["order"].one_of("shuffled", "listed"),
        batches=node["batches"].integer(minimum=1, maximum=2**63 - 1),  # as num_batches_tracked
        start_weight=node["start_weight"].real(0.0, 1.0),
        expected_sd=_read_pair(node["expected_sd"], width, minimum=0.0),
        expected=node.get("expected", None).optional(lambda pair: _read_pair(pair, width)),
    )


def _read_pair(node: Node, width: int, minimum: float = -LARGEST_REAL) -> dict[str, Floats]:
    return {"mean": node["mean"].floats(width, minimum), "var": node["var"].variances(width)}


def _write_batchnorm(estimate: Estimate) -> dict[str, Any]:
    written = write_estimate(estimate)
    for name in ("expected_sd", "expected"):
        pair = written[name]
        written[name] = pair and {"mean": pair["mean"], "var": pair["var"]}
    return written | ({"momentum": "cumulative"} if written["momentum"] is None else {})


@dataclass(frozen=True)
class Method:
    """A way to a mean and a variance.

    Attributes
    ----------
    name
        Its key in the document, and its word for `export --method`.
    summary
        What it is, in one line.
    exact
        Whether its figures are those of all samples, rounded once: the others are held against
        them.
    merging
        How results of disjoint images are added: "exact" in rational arithmetic, from the sums
        where samples are integers; "chan" in float64, from count, mean and variance of each
        result; None if they cannot be.
    not_merged
        Why they cannot be.
    read, write
        Its estimate from and to the document.
    """

    name: str
    summary: str
    exact: bool = False
    merging: Literal["exact", "chan"] | None = None
    not_merged: str = "it cannot be computed from merged results"
    read: Callable[[Node, int], Estimate] = read_estimate
    write: Callable[[Estimate], dict[str, Any]] = write_estimate


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            "two-pass",
            "the exact mean and population variance of all samples",
            exact=True,
            merging="exact",
        ),
        Method("welford", "streaming Welford/Chan update in float64", merging="chan"),
        Method(
            "batchnorm",
            "what torch.nn.BatchNorm2d in training mode would hold",
            not_merged="it depends on the order of all images, which merged results do not hold",
            read=_read_batchnorm,
            write=_write_batchnorm,
        ),
    )
}

# The method that all others are held against.
EXACT = next(name for name, method in METHODS.items() if method.exact)


def empty_figures() -> dict[str, Any]:
    """Return the figures of a `Stats` of no image: no channels, and no method has an estimate.

    Adding its sums and its histogram to those of other results changes nothing.
    """
    return {
        "channels": (),
        "scale": 255,
        "count": (),
        "sum": (),
        "sum_of_squares": (),
        "histogram": (),
        "methods": dict.fromkeys(METHODS),
        "conventions": {},
        "reasons": dict.fromkeys(METHODS, "no image was measured"),
    }
