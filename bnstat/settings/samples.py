"""Settings of samples and datasets: how many images, which are alike, where in an item one is."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypedDict, get_args

from bnstat.settings.setting import Setting

# What a growing sample does not go with, and why. Each name has {0} before it, as it is typed.
_NOT_WITH_UNTIL = {
    "sample": "which sets the size itself; give one of them",
    "shard": "as each shard would stop on its own; use {0}sample instead of {0}until",
    "group": "as each rank would stop on its own; use {0}sample instead of {0}until",
    "model": "whose statistics have no margins; use {0}sample instead of {0}until",
}
Layout = Literal["NHWC", "NCHW", "NHW", "HWC", "CHW", "HW"]
LAYOUTS = get_args(Layout)


@dataclass(frozen=True)
class SampleSize:
    """How many images a sample has: a number, or a share of all that are found."""

    images: int | None = None
    share: Fraction | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the size that is typed as N or P%.

        Raises ValueError if it is neither a number of images nor a percentage in (0, 100].

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
        is_share = re.fullmatch(r"0?\.[0-9]{1,9}", text)
        meant = f"; did you mean {100 * float(text):.10g}%?" if is_share else ""
        raise ValueError(
            f"{text!r} is neither a number of images nor a percentage such as 5%{meant}"
        )

    def of(self, found: int) -> int:
        """Return how many of the images found are in the sample: a share is rounded up."""
        if self.images is not None:
            return min(self.images, found)
        assert self.share is not None
        return -(-found * self.share.numerator // self.share.denominator)


def check_until(given: Mapping[str, object], dashes: str = "") -> None:
    """Raise ValueError if a growing sample is asked for together with what it does not go with.

    Examples
    --------
    >>> check_until({"until": 0.01, "sample": 100}, "--")
    Traceback (most recent call last):
    ValueError: --until does not go with --sample, which sets the size itself; give one of them
    """
    for name, reason in _NOT_WITH_UNTIL.items():
        if given.get("until") is not None and given.get(name) is not None:
            raise ValueError(
                f"{dashes}until does not go with {dashes}{name}, {reason.format(dashes)}"
            )


def place_or_key(value: Any) -> Any:
    """Return where something is in an item of a dataset: a number that is typed is a place."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def is_of_item(value: Any) -> bool:
    """Whether a value is a key or place in an item of a dataset, or a function of it."""
    named = isinstance(value, str) and value.isidentifier()
    return named or callable(value) or isinstance(place_or_key(value), int)


def _check_cluster(value: Any) -> None:
    if isinstance(value, str) and value.startswith("re:"):
        try:
            re.compile(value.removeprefix("re:"))
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from error
    elif not is_of_item(value) and not str(value).lower().endswith(".csv"):
        raise ValueError(f"{value!r} is neither folder, FILE.csv, re:PATTERN nor a key of an item")


class SampleSettings(TypedDict, total=False):
    """How many images are measured, and how sure the figures are."""

    sample: Annotated[
        str | int | None,
        Setting(
            none="all images",
            metavar="N|P%",
            convert=str,
            check=SampleSize.read,
            help="Measure a random sample of the images: so many, or a percentage of all found.",
            recorded_in="sample",
        ),
    ]
    until: Annotated[
        float | None,
        Setting(
            none="not at all",
            metavar="TOL",
            gt=0,
            le=1,
            help="Measure a growing random sample, until the margins of all means and stds are "
            "within TOL.",
        ),
    ]
    confidence: Annotated[
        float,
        Setting(
            default=95.0,
            metavar="PERCENT",
            gt=0,
            le=99.9999,
            help="Confidence of the margins, in percent.",
            recorded_in="uncertainty",
        ),
    ]
    cluster: Annotated[
        str | int | Callable[[Any], Any] | None,
        Setting(
            none="each image for itself",
            metavar="folder|FILE.csv|re:PATTERN",
            convert=place_or_key,
            check=_check_cluster,
            help="Images that are alike, as of one video, patient or scene: of one folder, of one "
            "label of a CSV file, or with the same match of a pattern in their names; of a "
            "dataset, with the same value of a key in its items.",
            recorded_in="uncertainty",
        ),
    ]


class DatasetSettings(TypedDict, total=False):
    """Where the image is in what a dataset or a file of arrays gives."""

    image: Annotated[
        str | int | Callable[[Any], Any] | None,
        Setting(
            none="the first image in it",
            option=None,
            help="Of a dataset: the key or place of the image in an item, or a function that "
            "returns it.",
        ),
    ]
    batched: Annotated[
        bool | None,
        Setting(
            none="only of a DataLoader that does",
            option=None,
            help="Whether an iterable gives batches of images.",
        ),
    ]
    random: Annotated[
        bool | None,
        Setting(
            none="found out by drawing the first items twice",
            option=None,
            help="Whether the items of a dataset are drawn at random.",
        ),
    ]
    array: Annotated[
        str | None,
        Setting(
            none="the only one",
            metavar="NAME",
            help="The array in .npz files that holds the images.",
            recorded_in="source",
        ),
    ]
    layout: Annotated[
        Layout | None,
        Setting(
            none="as the shape says",
            help="The axes of arrays: N images, C channels, H height, W width.",
            recorded_in="source",
        ),
    ]
