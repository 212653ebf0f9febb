"""The numbers that a target writes: in its unit, in its order of channels, with so many digits.

And as text, with where they come from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from ctypes import c_float
from dataclasses import dataclass
from typing import Any, TypeVar

from bnstat.errors import DocumentError, ExportError
from bnstat.result import EXACT, Estimate, Stats, exactness
from bnstat.text import printable

T = TypeVar("T")

RGB = ("R", "G", "B")
# Figures of all channels together, under which each channel has the same.
POOLED = "pooled"

# Units of results that a form can have: images in [0, 1] alone; integers too that are divided by
# what it tells its reader; samples as they are, of any range; or any numbers at all.
IN_UNIT = ("[0, 1]",)
DIVIDED = (*IN_UNIT, "divided")
AS_THEY_ARE = (*DIVIDED, "stored", "unknown")
ANY = (*AS_THEY_ARE, "normalized")
_ORIGINS = {
    "divided": "integers divided by --max-value",
    "stored": "samples that go beyond [0, 1], as they are stored",
    "unknown": "what its pipeline makes, which goes beyond [0, 1]",
    "normalized": "images that its pipeline has normalized",
}
_REMEDIES = {
    "divided": "--format normalize takes samples as they are",
    "stored": "--format normalize takes samples as they are",
    "unknown": "end the pipeline with ToDtype(float32, scale=True)",
    "normalized": "measure without the Normalize",
}


@dataclass(frozen=True)
class Figures:
    """Mean, variance and std of one method of a result, for images in [0, scale].

    order: "rgb", or "bgr" for images whose first three channels are in that order; precision:
    significant digits of what is written, None is the shortest text that reads back to the same
    float32. Raises ExportError if the result has no such method, or its channels no such order.
    """

    stats: Stats
    method: str = EXACT
    scale: int = 1
    order: str = "rgb"
    precision: int | None = None

    def __post_init__(self) -> None:
        names = self.stats.channels
        estimate_of(self.stats, self.method)
        if self.order == "bgr" and len(names) > 1 and names[:3] != RGB:
            raise ExportError(f"channels {', '.join(names)} have no order bgr; only R, G, B do")

    @property
    def in_unit(self) -> bool:
        """Whether they are of images in [0, 1], which have other scales too."""
        return self.stats.unit in IN_UNIT

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels' names, in this order, as printable text."""
        return tuple(map(printable, self._ordered(self.stats.channels)))

    @property
    def mean(self) -> tuple[float, ...]:
        return self._ordered([v * self.scale for v in self._estimate.mean])

    @property
    def var(self) -> tuple[float, ...]:
        return self._ordered([v * self.scale**2 for v in self._estimate.var])

    @property
    def std(self) -> tuple[float, ...]:
        return self._ordered([v * self.scale for v in self._estimate.std])

    @property
    def nonzero_std(self) -> tuple[float, ...]:
        """The std, to divide by; raises ExportError where one is 0."""
        for channel, std in zip(self.channels, self.std, strict=True):
            if c_float(std).value == 0.0:  # as most readers would have it
                raise ExportError(
                    f"channel {channel} has std 0, as all its samples are equal; Normalize would "
                    "divide by zero"
                )
        return self.std

    def var_less(self, eps: float | None) -> tuple[float, ...]:
        """Return the variance less an eps, which a layer adds again, and must be below it."""
        for channel, var in zip(self.channels, self.var, strict=True):
            if eps is not None and var <= eps:
                raise ExportError(
                    f"channel {channel} has variance {var:g}, which is not above eps {eps:g}; "
                    "absorb a smaller eps, and give the layer the same"
                )
        return tuple(var - (eps or 0.0) for var in self.var)

    @property
    def provenance(self) -> dict[str, str | int]:
        """Where the figures come from: the number of images, and printable text, by name."""
        stats = self.stats
        source = " ".join(stats.source.locations)
        facts: dict[str, str | int] = {
            "source": source if len(source) <= 200 else source[:199] + "…",
            "pipeline": " | ".join(stats.pipeline.transforms),
            "images": stats.source.images,
            "mode": stats.mode,
            "method": self.method,
            "bnstat": stats.bnstat,
            "created": stats.created,
        }
        if stats.measured_as:
            facts["pixels"] = stats.measured_as
        if not stats.is_exact:
            facts["figures"] = exactness(stats)
        return {name: printable(f) if isinstance(f, str) else f for name, f in facts.items()}

    @property
    def origin(self) -> str:
        """Where the figures come from, in one line of printable text."""
        stats, facts = self.stats, self.provenance
        sample, shards = stats.sample, stats.source.shards
        through = f" through {facts['pipeline']}" if facts["pipeline"] else ""
        of = f" of {sample.of:,}" if sample is not None and sample.images < sample.of else ""
        part = "" if shards is None else f" of shard {shards}"
        pixels = f", {facts['pixels']}" if "pixels" in facts else ""
        told = self.method in (EXACT, POOLED) or not stats.is_exact
        exact = f" ({exactness(stats)})" if told else ""
        return (
            f"{facts['source']}{through}: {facts['images']:,}{of} images{part}, "
            f"mode {facts['mode']}{pixels}, "
            f"{self.method}{exact}, by bnstat {facts['bnstat']}, {facts['created']}"
        )

    @property
    def comment(self) -> str:
        """Two lines of comment: where the figures come from, and which images they are for.

        Readers broadcast over others without a word: v2.Normalize makes three channels of a gray
        image with three means, albumentations takes the first of them, and both apply one mean to
        each channel of a colour image.
        """
        number = len(self.channels)
        channels = "1 channel" if number == 1 else f"{number} channels"
        others = "in others, each gets the same figures" if number == 1 else "convert others first"
        unit = "" if self.in_unit else f" Of {self._samples}."
        images = f"For images of {channels} ({', '.join(self.channels)}): {others}.{unit}"
        return f"# {self.origin}\n# {images}"

    @property
    def _samples(self) -> str:
        """Say which samples the figures are of, where these are not in [0, 1]."""
        if self.stats.unit != "divided":
            return _ORIGINS[self.stats.unit]
        stored = f"integers as they are stored, up to {self.scale}"
        return f"integers divided by {self.stats.max_value}" if self.scale == 1 else stored

    def numbers(self, values: Sequence[float]) -> list[float]:
        """Return numbers with so many digits."""
        digits = self.precision
        return [float(shortest(v) if digits is None else f"{v:.{digits}g}") for v in values]

    def text(self, values: Sequence[float]) -> str:
        return literal(self.numbers(values))

    @property
    def largest(self) -> float:
        """What an integer has in its file that is 1 in the units of the figures."""
        white = self.stats.scale if self.stats.unit == "divided" else 255
        return white / self.scale

    @property
    def _estimate(self) -> Estimate:
        return estimate_of(self.stats, self.method)

    def _ordered(self, values: Sequence[T]) -> tuple[T, ...]:
        first = values[:3]
        return (*(reversed(first) if self.order == "bgr" else first), *values[3:])


def check_unit(stats: Stats, units: tuple[str, ...], user: str) -> None:
    """Raise ExportError if what uses a result's figures cannot have them in their unit."""
    if stats.unit not in units:
        raise ExportError(
            f"the figures are of {_ORIGINS[stats.unit]}, which {user} does not take; "
            f"{_REMEDIES[stats.unit]}"
        )


def estimate_of(stats: Stats, method: str) -> Estimate:
    """Return the estimate of one method; raise ExportError, with the cause, if there is none."""
    if method == POOLED:  # the mean and the std over all channels, for each of them
        if stats.pooled is None:
            raise ExportError("the result has no pooled figures; measure it again: bnstat compute")
        channels = len(stats.channels)
        return Estimate((stats.pooled.mean,) * channels, (stats.pooled.std**2,) * channels)
    try:
        return stats.estimate(method)
    except DocumentError as error:
        other = method in stats.methods and method != EXACT
        raise ExportError(f"{error}{f'; try --method {EXACT}' * other}") from error


def shortest(value: float) -> str:
    """Return the shortest decimal text that reads back to the same float32.

    >>> shortest(0.4850000001), shortest(1 / 3)
    ('0.485', '0.33333334')
    """
    nearest = c_float(value).value
    if math.isinf(nearest):
        return repr(value)
    # Digits of the float32, not of `value`: rounded, that may be nearer to the neighbour.
    texts = (f"{nearest:.{digits}g}" for digits in range(1, 10))  # 9 tell every float32
    return next(text for text in texts if c_float(float(text)).value == nearest)


def literal(value: Any) -> str:
    r"""Return a value on one line, as Python, JSON, YAML and TOML all read it.

    It is a number, printable text, or a list or mapping of such; a mapping is not for TOML.

    >>> literal([0.485, 1e-05, 1.0, "a\\b"])
    '[0.485, 1.0e-05, 1.0, "a\\\\b"]'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, float):
        text = repr(value)  # of which YAML 1.1 takes 1e-05 for a text, and not 1.0e-05
        return text if "." in text else text.replace("e", ".0e")
    return json.dumps(value, ensure_ascii=False)


def json_file(document: Mapping[str, Any]) -> bytes:
    """Return a JSON file, indented as the tools that read it write it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
