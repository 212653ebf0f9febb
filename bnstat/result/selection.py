"""Which pixels of which images counted, as values."""

from __future__ import annotations

from dataclasses import dataclass


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
