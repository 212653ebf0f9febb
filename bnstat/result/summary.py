"""What is in a folder: how many images have which size, format, mode and depth.

Up to 256 different values are counted each. Where there are more, they are counted in bins of a
quarter of an octave: bin k is from 2^(k/4) up to, and without, 2^((k+1)/4). As a union of more than
256 values never becomes smaller, counts add to the same in any order.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeAlias

from bnstat.result.node import Node

# One number, or width and height.
Value: TypeAlias = tuple[float, ...]

MAX_VALUES = 256
_FIRST_BIN, _LAST_BIN = -80, 200
_EDGES = [2.0 ** (k / 4) for k in range(_FIRST_BIN, _LAST_BIN + 1)]


@lru_cache(maxsize=1 << 14)  # of file sizes, chunks have many in common
def bin_of(value: Value) -> Value:
    """Return the bin of each number.

    >>> bin_of((1, 2, 1920))
    (0, 4, 43)
    """
    return tuple(max(bisect_right(_EDGES, each) - 1, 0) + _FIRST_BIN for each in value)


@dataclass(frozen=True)
class Counts:
    """How many images have which value.

    images: by value, or by bin where they are `binned`; least, largest: of the values, by product.
    """

    images: Mapping[Value, int]
    least: Value
    largest: Value
    binned: bool = False

    @classmethod
    def of(cls, images: Mapping[Value, int]) -> Counts:
        """Return the counts of values, of which there is one at least."""
        key = _by_product if len(next(iter(images))) > 1 else None
        counts = cls(images, min(images, key=key), max(images, key=key))
        return counts._in_bins() if len(images) > MAX_VALUES else counts

    def _in_bins(self) -> Counts:
        if self.binned:
            return self
        images: Counter[Value] = Counter()
        for value, number in self.images.items():
            images[bin_of(value)] += number
        return Counts(images, self.least, self.largest, binned=True)

    def __add__(self, other: Counts) -> Counts:
        alike = self.binned == other.binned
        one, two = (self, other) if alike else (self._in_bins(), other._in_bins())
        images = Counter(one.images)
        images.update(two.images)
        least = min(self.least, other.least, key=_by_product)
        largest = max(self.largest, other.largest, key=_by_product)
        both = Counts(images, least, largest, one.binned)
        return both._in_bins() if len(images) > MAX_VALUES else both

    @property
    def total(self) -> int:
        """How many images are counted."""
        return sum(self.images.values())

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON has them: columns of values, ascending, and of images."""
        values = sorted(self.images)
        return {
            "least": self.least,
            "largest": self.largest,
            "binned": self.binned,
            "values": list(zip(*values, strict=True)),
            "images": [self.images[value] for value in values],
        }


def _by_product(value: Value) -> tuple[float, Value]:
    return math.prod(value), value


@dataclass(frozen=True)
class Summary:
    """What the images are like that could be decoded, whether or not they could be measured.

    images: how many; sizes: of width and height in pixels; aspect_ratios: of width / height, to
    three digits; bytes: of their files, None of a dataset; formats: by Pillow's name, of those that
    have one; modes: Pillow's, or the dtype of arrays; depths: bits of a sample in the file.
    """

    images: int
    sizes: Counts
    aspect_ratios: Counts
    bytes: Counts | None
    formats: Mapping[str, int]
    modes: Mapping[str, int]
    depths: Mapping[str, int]

    @classmethod
    def of(
        cls, appearances: Mapping[tuple[int, int, str, int, str], int], sizes: Iterable[int]
    ) -> Summary:
        """Return that of images, at least one, from how many look how, and their bytes."""
        resolutions: Counter[Value] = Counter()
        formats, modes, depths = (Counter[str]() for _ in range(3))
        for (width, height, mode, depth, name), images in appearances.items():
            resolutions[width, height] += images
            formats[name] += images
            modes[mode] += images
            depths[str(depth)] += images
        del formats[""]
        in_bytes: dict[Value, int] = {(size,): number for size, number in Counter(sizes).items()}
        return cls(
            sum(appearances.values()),
            Counts.of(resolutions),
            Counts.of(_aspect_ratios(resolutions)),
            Counts.of(in_bytes) if in_bytes else None,
            *(formats, modes, depths),
        )

    def __add__(self, other: Summary) -> Summary:
        known = [each.bytes for each in (self, other) if each.bytes is not None]
        return Summary(
            self.images + other.images,
            self.sizes + other.sizes,
            self.aspect_ratios + other.aspect_ratios,
            known[0] + known[1] if len(known) == 2 else next(iter(known), None),
            _added(self.formats, other.formats),
            _added(self.modes, other.modes),
            _added(self.depths, other.depths),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "images": self.images,
            "formats": dict(sorted(self.formats.items())),
            "modes": dict(sorted(self.modes.items())),
            "depths": dict(sorted(self.depths.items())),
            "sizes": self.sizes.to_dict(),
            "aspect_ratios": self.aspect_ratios.to_dict(),
            "bytes": self.bytes and self.bytes.to_dict(),
        }

    def contradictions(self, measured: int, failed: int) -> Iterator[str]:
        """Yield what contradicts the rest of it, or the numbers of images measured and failed."""
        if not measured <= self.images <= measured + failed:
            yield f"images is {self.images}, of {measured} measured and {failed} failed"
        for name in ("sizes", "aspect_ratios", "bytes", "formats", "modes", "depths"):
            counts = getattr(self, name) or {}
            if isinstance(counts, Counts):
                yield from _wrong_ends(name, counts)
                counts = counts.images
            total, least = sum(counts.values()), 0 if name in ("formats", "bytes") else self.images
            if not least <= total <= self.images:
                yield f"{name} are of {total} images, and images is {self.images}"
        if not self.sizes.binned and self.aspect_ratios != Counts.of(
            _aspect_ratios(self.sizes.images)
        ):
            yield "aspect_ratios are not those of sizes"


def merged_summaries(summaries: Iterable[Summary | None]) -> Summary | None:
    """Return the summary of all images; None of none."""
    known = [each for each in summaries if each is not None]
    return sum(known[1:], known[0]) if known else None


def _added(one: Mapping[Any, int], other: Mapping[Any, int]) -> Mapping[Any, int]:
    return Counter(one) + Counter(other)


def _aspect_ratios(sizes: Mapping[Value, int]) -> Counter[Value]:
    ratios: Counter[Value] = Counter()
    for (width, height), images in sizes.items():
        ratios[(float(f"{width / height:.3g}"),)] += images
    return ratios


def _wrong_ends(name: str, counts: Counts) -> Iterator[str]:
    """Yield if the least or the largest value is none that is counted."""
    for end in ("least", "largest"):
        value: Value = getattr(counts, end)
        where = bin_of(value) if counts.binned else value
        if where not in counts.images:
            yield f"{name}.{end} is {list(value)}, which is not in {name}"
    if not counts.binned and counts != Counts.of(counts.images):
        yield f"{name} are not counted from {list(counts.least)} to {list(counts.largest)}"


def read_summary(node: Node) -> Summary:
    return Summary(
        images=node["images"].integer(minimum=1),
        sizes=_counts(node["sizes"], 2, whole=True),
        aspect_ratios=_counts(node["aspect_ratios"], 1, whole=False),
        bytes=node["bytes"].or_none(_counts, 1, whole=True),
        formats=_numbers(node["formats"]),
        modes=_numbers(node["modes"]),
        depths=_numbers(node["depths"]),
    )


def _numbers(node: Node) -> dict[str, int]:
    return {name: number.integer(minimum=1) for name, number in node.items()}


def _counts(node: Node, width: int, *, whole: bool) -> Counts:
    def number(value: Node) -> float:
        return value.integer(minimum=1) if whole else value.real(0.0)

    binned, read = node["binned"].boolean(), number
    if binned:
        read = partial(Node.integer, minimum=_FIRST_BIN, maximum=_LAST_BIN)
    images = tuple(each.integer(minimum=1) for each in node["images"].sequence())
    columns = [
        tuple(map(read, column.sequence(len(images)))) for column in node["values"].sequence(width)
    ]
    least, largest = (tuple(map(number, node[end].sequence(width))) for end in ("least", "largest"))
    return Counts(
        dict(zip(zip(*columns, strict=True), images, strict=True)), least, largest, binned
    )
