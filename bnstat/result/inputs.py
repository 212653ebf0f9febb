"""What was measured: where the images are, which of them counted, and what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_FAILURES = 10_000
MAX_WARNINGS = 20
# Transforms of torchvision.transforms.v2 that do the same to an image each time. Others may draw at
# random, and so may a user's own.
DETERMINISTIC = frozenset(
    (
        *("CenterCrop", "ConvertImageDtype", "FiveCrop", "Grayscale", "Identity"),
        *("LinearTransformation", "Normalize", "PILToTensor", "Pad", "RGB", "Resize", "TenCrop"),
        *("ToDtype", "ToImage", "ToPILImage", "ToPureTensor", "ToTensor"),
    )
)
# Transforms that make samples of several pixels; and those that do so only if they are told how.
_MIXING = frozenset(
    (
        *("ElasticTransform", "GaussianBlur", "RandomPerspective", "RandomResize"),
        *("RandomResizedCrop", "RandomShortestSize", "Resize", "ScaleJitter"),
    )
)
_MIXING_IF_TOLD = frozenset(("RandomAffine", "RandomRotation"))


class Failure(NamedTuple):
    """An image that could not be measured: its key, and why."""

    image: str
    reason: str


@dataclass(frozen=True)
class Warned:
    """An image that Pillow warned of, though it could be measured or not: key, and what it said."""

    image: str
    warning: str


@dataclass(frozen=True)
class Warnings:
    """How many images Pillow warned of, and the first of them by key, at most MAX_WARNINGS."""

    images: int = 0
    first: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Shards:
    """Some of the `total` disjoint shards of a set of images; `indices` count from 1 and ascend."""

    indices: tuple[int, ...]
    total: int

    def __str__(self) -> str:
        """Return them as they are typed: "2/8", or "1/8, 3/8".

        >>> str(Shards((1, 3), 8))
        '1/8, 3/8'
        """
        return ", ".join(f"{index}/{self.total}" for index in self.indices)


@dataclass(frozen=True)
class FloatImages:
    """How many images have float samples beyond [0, 1], and the first of them by key."""

    images: int
    first: str


@dataclass(frozen=True)
class FileList:
    """How the list of images in `Source.locations` is read.

    null: names end in NUL, not in newline; root: a folder that their keys leave out; again: whether
    the list can be read a second time (standard input and pipes cannot).
    """

    null: bool
    root: str | None
    again: bool


@dataclass(frozen=True)
class Dataset:
    """A dataset that gave the images, which no document holds.

    name: package.module:attribute, where it was named so; type: of the object; length: how many
    items it has, None where it does not say; random: whether they are drawn at random; first: of
    an iterable, how many were asked for, None for all; here: why workers could not measure it, or
    "".
    """

    name: str | None
    type: str
    length: int | None
    random: bool
    first: int | None = None
    here: str = ""


@dataclass(frozen=True)
class Source:
    """Where the images are, and what became of them.

    `locations` are as typed, relative to `cwd`; with `files_from`, the one location is a list of
    images. `images` were measured, `skipped` files have no image extension. `fingerprint` is the
    sum modulo 2²⁵⁶ of blake2b-256(key, size, mtime) over all images found, as 64 hex digits.
    `shards` are those that were measured, None for all images. `failures` are the first
    MAX_FAILURES by key of the images that could not be measured, or all where that was asked for.
    `warnings` are Pillow's; `unfollowed_links` lead to folders that contain the source, or are the
    system's; `include` and `exclude` are the globs that chose images by their paths, `column` is
    that of the images in Parquet files; `files_column` and `where` tell which column and rows of a
    list in CSV were read; `array` and `layout` are of files of arrays. `dataset` gave the images,
    where one did. `replaced` images of archives stand there again later, where the last
    counted; `not_replaced` came again in archives that are read as a stream, where the first
    counted. `floats` have values beyond [0, 1], beside images of integers.
    `service_folders` are names of skipped folders of thumbnails and deleted files, with numbers.
    `links` are images that are other names of a file that is another image, `inner_links` are to
    folders that are walked by their own names.
    `frames` of a file of several are images, as asked for; `files` is how many files the images are
    of, None where each has one. `truncated_images` were cut off and count, None where such images
    are failures.
    """

    locations: tuple[str, ...]
    cwd: str
    images: int
    skipped: int
    duplicates: int
    deeper_than_8_bits: int
    failures: Sequence[Failure]
    fingerprint: str
    files_from: FileList | None = None
    shards: Shards | None = None
    warnings: Warnings = Warnings()
    unfollowed_links: tuple[str, ...] = ()
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    column: str | None = None
    files_column: str | None = None
    where: tuple[str, ...] | None = None
    unnamed_failures: int = 0
    replaced: int = 0
    not_replaced: int = 0
    floats: FloatImages | None = None
    service_folders: tuple[tuple[str, int], ...] = ()
    links: int = 0
    inner_links: int = 0
    dataset: Dataset | None = None
    array: str | None = None
    layout: str | None = None
    frames: str = "first"
    files: int | None = None
    truncated_images: int | None = None

    @property
    def truncated(self) -> str:
        """What became of images that are cut off: "fail" or "load"."""
        return "fail" if self.truncated_images is None else "load"

    @property
    def units(self) -> int:
        """How many images there are, or files, where these are of several frames: what varies."""
        return self.images if self.files is None else self.files

    @property
    def unit(self) -> str:
        """What they are: "image" or "file"."""
        return "image" if self.files is None else "file"

    @property
    def failed(self) -> int:
        """How many images could not be measured."""
        return len(self.failures) + self.unnamed_failures


@dataclass(frozen=True)
class Selection:
    """Which pixels counted, and how many did not.

    Attributes
    ----------
    alpha
        "drop": colours as stored; "exclude": pixels of alpha 0 left out; "over:COLOR": composed
        over a colour first.
    nodata
        The value, or one for each channel, that was left out, as typed; "auto" for what files name.
    masks, mask_values, mask_ignore
        Where the image that selects pixels was found for each image, and which of its values.
    exclude_fill
        Whether pixels that the pipeline filled in were left out.
    excluded
        Samples of each channel that were left out.
    empty
        Images of which nothing was left.
    transparent
        Images with fully transparent pixels; None where it is not known.
    """

    alpha: str = "drop"
    nodata: str | None = None
    masks: str | None = None
    mask_values: tuple[int, ...] | None = None
    mask_ignore: tuple[int, ...] | None = None
    exclude_fill: bool = False
    excluded: tuple[int, ...] = ()
    empty: int = 0
    transparent: int | None = None

    @property
    def words(self) -> str:
        """Which pixels counted, in a few words; empty where all did, as they were stored."""
        said = [] if self.alpha == "drop" else [f"alpha {self.alpha}"]
        if self.nodata is not None:
            said.append(f"without nodata {self.nodata}")
        if self.masks is not None:
            values = (("values", self.mask_values), ("without", self.mask_ignore))
            of = [f" {name} {','.join(map(str, v))}" for name, v in values if v is not None]
            said.append(f"masks {self.masks}{''.join(of)}")
        if self.exclude_fill:
            said.append("without fill")
        return ", ".join(said)

    @property
    def excludes(self) -> bool:
        """Whether samples may have been left out."""
        conditions = self.nodata, self.masks
        return self.alpha == "exclude" or self.exclude_fill or conditions != (None, None)


@dataclass(frozen=True)
class Sample:
    """Which share of the images was measured: `images` of `of`; `asked` as typed; `seed`."""

    images: int
    of: int
    asked: str
    seed: int


@dataclass(frozen=True)
class Pipeline:
    """What was done to each image before it was measured; `spec` is None for nothing.

    `transforms`: each as canonical spec text; `before_normalize`: whether a Normalize at the end
    was left out; `warnings`: what libraries warned of when it was made.

    >>> Pipeline("...", ("Resize(256)", "RandomCrop(224)"), seed=0, epochs=1).names
    ('Resize', 'RandomCrop')
    """

    spec: str | None
    transforms: tuple[str, ...]
    seed: int
    epochs: int
    before_normalize: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(transform.partition("(")[0] for transform in self.transforms)

    @property
    def mixing(self) -> tuple[str, ...]:
        """The names of the transforms that make samples of several pixels."""
        return tuple(
            name
            for name, text in zip(self.names, self.transforms, strict=True)
            if "nearest" not in text.lower()
            and (name in _MIXING or (name in _MIXING_IF_TOLD and "interpolation" in text))
        )

    @property
    def is_random(self) -> bool:
        """Whether it may make something else of an image each time."""
        return not DETERMINISTIC.issuperset(self.names)
