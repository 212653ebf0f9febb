"""Settings of how many images are measured, and how sure the figures are."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Self, TypedDict

from bnstat.settings.setting import Setting


@dataclass(frozen=True)
class SampleSize:
    """How many images a sample has: a number, or a share of all that are found."""

    images: int | None = None
    share: Fraction | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the size that is typed as N or P%.

        Raises
        ------
        ValueError
            If it is neither a number of images nor a percentage in (0, 100].

        Examples
        --------
        >>> SampleSize.read("2.5%").of(1001), SampleSize.read("300").of(1001)
        (26, 300)
        """
        if re.fullmatch(r"[0-9]{1,15}", text) and int(text) > 0:
            return cls(images=int(text))
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,15})?%", text):
            share = Fraction(text[:-1]) / 100
            if 0 < share <= 1:
                return cls(share=share)
        raise ValueError(f"{text!r} is neither a number of images nor a percentage such as 5%")

    def of(self, found: int) -> int:
        """Return how many of the images found are in the sample: a share is rounded up."""
        if self.images is not None:
            return min(self.images, found)
        assert self.share is not None
        return -(-found * self.share.numerator // self.share.denominator)


def _check_sample(text: str) -> None:
    SampleSize.read(str(text))


class SampleSettings(TypedDict, total=False):
    """How many images are measured, and how sure the figures are."""

    sample: Annotated[
        str | int | None,
        Setting(
            default=None,
            none="all images",
            metavar="N|P%",
            convert=str,
            check=_check_sample,
            help="Measure a random sample of the images: so many, or a percentage of all found.",
            recorded_in="sample",
        ),
    ]
    until: Annotated[
        float | None,
        Setting(
            default=None,
            none="not at all",
            metavar="TOL",
            above=0,
            at_most=1,
            help="Measure a growing random sample, until the margins of all means and stds are "
            "within TOL.",
        ),
    ]
    confidence: Annotated[
        float,
        Setting(
            default=95.0,
            metavar="PERCENT",
            above=0,
            at_most=99.9999,
            help="Confidence of the margins, in percent.",
            recorded_in="uncertainty",
        ),
    ]
