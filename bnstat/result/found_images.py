"""Images that were looked for, as values: those unlike the rest, and those equal to others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, TypeAlias

from bnstat.errors import BnstatError
from bnstat.pictures.sheet import Sheet, Tile
from bnstat.result.estimates import Floats
from bnstat.result.inputs import Failure
from bnstat.text import Displayed

# Small copies of the images with these keys, as JPEG, of those that can be read again.
Copies: TypeAlias = Callable[[Collection[str]], Mapping[str, bytes]]
# A notebook shows no more images, and a sheet no more of one set.
_MAX_TILES, _MAX_OF_A_SET = 60, 6


@dataclass(frozen=True, repr=False)
class Shown(Displayed):
    """Images that can be looked at, small: on a sheet, and below the report in a notebook.

    copies: makes small copies; it is no part of what was found, and is not pickled.
    """

    copies: Copies | None = field(default=None, kw_only=True, compare=False, repr=False)

    def sheet(self) -> Sheet:
        """Return a contact sheet of the images, which are read again; `save` writes it as PNG."""
        notes = self._notes()
        tiles = {key: Tile(key, note, None) for _, chosen in notes for key, note in chosen}
        try:
            copies = self.copies(tiles) if self.copies else {}
        except (BnstatError, OSError):  # they were there when they were measured
            copies = {}
        for key, copy in copies.items():
            tiles[key] = Tile(key, tiles[key].note, copy)
        parts = [(heading, [tiles[key] for key, _ in chosen]) for heading, chosen in notes]
        return Sheet(self._title(), parts)

    def _title(self) -> str:
        raise NotImplementedError

    def _notes(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        """Return keys, each with a note, by heading."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return super()._repr_html_() + self.sheet().html(_MAX_TILES)

    def __getstate__(self) -> dict[str, Any]:
        """Return all but what reads the images."""
        return self.__dict__ | {"copies": None}


@dataclass(frozen=True)
class Outlier:
    """An image that is unlike the rest of its group.

    Attributes
    ----------
    image, location, group
        Its key; the file or archive that holds it; its label, or None.
    reasons, z
        What is unusual about it, in words, the strongest first; and how many spreads of the group
        each is from its median, infinity for an image of one color.
    score
        All z taken together: (Σ z⁴)^¼.
    mean, std
        Of the image, per channel, in [0, 1].
    influence_on_mean, influence_on_std
        The set's figure with the image less that without it, per channel.
    """

    image: str
    location: str
    group: str | None
    reasons: tuple[str, ...]
    z: tuple[float, ...]
    score: float
    mean: Floats
    std: Floats
    influence_on_mean: Floats
    influence_on_std: Floats


@dataclass(frozen=True)
class Outliers(Shown):
    """The outliers of a set, the strongest first.

    images: looked at; expect: the most that are outliers; beyond: images with a score above the
    threshold; number: of outliers, of which `found` may be the strongest alone.
    """

    images: int
    channels: tuple[str, ...]
    threshold: float
    expect: int
    beyond: int
    number: int
    found: tuple[Outlier, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON has them; infinity is null."""
        known = {k: v for k, v in vars(self).items() if k not in ("copies", "found")}
        found = []
        for outlier in self.found:
            score, *z = (v if isfinite(v) else None for v in (outlier.score, *outlier.z))
            found.append(asdict(outlier) | {"score": score, "z": z})
        return {"format": "bnstat.outliers", "version": 1} | known | {"outliers": found}

    def _title(self) -> str:
        return f"{self.number:,} of {self.images:,} images are unlike the rest"

    def _notes(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        return [("", [(outlier.image, outlier.reasons[0]) for outlier in self.found])]


@dataclass(frozen=True)
class EqualImages:
    """Images whose decoded pixels are equal.

    images: their keys, in order; width, height: in pixels; mode: Pillow's; across: whether they
    are of more than one source.
    """

    images: tuple[str, ...]
    width: int
    height: int
    mode: str
    across: bool

    @property
    def alike(self) -> str:
        """In what its images are alike, as an adjective."""
        return "equal"

    @property
    def what(self) -> str:
        """Size and mode, in words."""
        return f"{self.width} × {self.height} {self.mode}"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Its images, each with what stands beside it."""
        return [(key, self.what) for key in self.images]


@dataclass(frozen=True)
class NearPair:
    """An image and the one by which it came into its set.

    bits: of 64, in which their hashes differ; correlation: of their gray pixels, after the crop was
    fitted; mirrored: whether of one image and the other's mirror image.
    """

    image: str
    other: str
    bits: int
    correlation: float
    mirrored: bool


@dataclass(frozen=True)
class NearImages(EqualImages):
    """Images that show the same, resized, encoded, brightened or cropped.

    width, height, mode: of the largest; sizes: width and height of each; pairs: by which they are
    one set, one fewer than images.
    """

    sizes: tuple[tuple[int, int], ...]
    pairs: tuple[NearPair, ...]

    @property
    def alike(self) -> str:
        """In what its images are alike."""
        return "nearly equal"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Its images, each with its size, and whether it is mirrored."""
        mirrored = {pair.image for pair in self.pairs if pair.mirrored}
        return [
            (key, f"{width} × {height}{', mirrored' * (key in mirrored)}")
            for key, (width, height) in zip(self.images, self.sizes, strict=True)
        ]


@dataclass(frozen=True)
class Duplicates(Shown):
    """All images of a set that are equal to others, or nearly so.

    images: looked at; candidates: of these, with moments equal to another's, or a near hash, which
    were decoded a second time; sets: of equal images, or `NearImages`, by their first key;
    failures: images that could not be read; bits: in which near hashes may differ, or None.
    """

    images: int
    candidates: int
    sets: tuple[EqualImages, ...]
    failures: tuple[Failure, ...]
    bits: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        known = {k: v for k, v in vars(self).items() if k != "copies"}
        known["sets"] = [asdict(each) for each in self.sets]
        known["failures"] = [failure._asdict() for failure in self.failures]
        return {"format": "bnstat.duplicates", "version": 1} | known

    def _title(self) -> str:
        equal = sum(len(each.images) for each in self.sets)
        alike = "equal to" if self.bits is None else "nearly equal to"
        return f"{equal:,} of {self.images:,} images are {alike} others"

    def _notes(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        return [
            (f"{len(each.images):,} {each.alike} images", each.notes[:_MAX_OF_A_SET])
            for each in self.sets
        ]
