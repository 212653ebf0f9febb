"""Settings of what is measured: of which images, of which of their pixels, and how often."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypedDict

from bnstat.settings.setting import Setting
from bnstat.settings.typed import MAX_EPOCHS

Mode = Literal["RGB", "L", "RGBA", "native", "bands"]


class DrawSettings(TypedDict, total=False):
    """What is measured of an image, and how often."""

    keep_normalize: Annotated[
        bool,
        Setting(
            default=False,
            help="Measure after a Normalize that ends the pipeline, not before it.",
        ),
    ]
    epochs: Annotated[
        int,
        Setting(
            default=1,
            metavar="N",
            ge=1,
            le=MAX_EPOCHS,
            help="Passes over the data; with a pipeline, random draws per image.",
            recorded_in="pipeline",
            moments_depend="pipeline",
        ),
    ]
    mode: Annotated[
        Mode,
        Setting(
            default="RGB",
            metavar="MODE",
            help="Convert to RGB, L or RGBA; native takes the images' most common mode, bands all "
            "bands of rasters as GDAL reads them.",
            recorded_in="result",
            moments_depend="always",
        ),
    ]
    max_value: Annotated[
        int | None,
        Setting(
            default=None,
            none="that of their depth, 255 or 65535",
            metavar="N",
            ge=1,
            help="Divide stored integers by N, such as 1023 of a 10-bit sensor; 1 keeps them.",
            recorded_in="result",
            moments_depend="always",
        ),
    ]
    unscale: Annotated[
        bool,
        Setting(
            default=False,
            help="Apply the scale and the offset that each raster declares (with --mode bands).",
            recorded_in="result",
            moments_depend="always",
        ),
    ]
    seed: Annotated[
        int,
        Setting(
            default=0,
            metavar="N",
            help="Seed of the random draws and of the shuffling.",
            recorded_in="pipeline",
            moments_depend="pipeline",
        ),
    ]


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


# What a growing sample does not go with, and why. Each name has {0} before it, as it is typed.
_NOT_WITH_UNTIL = {
    "sample": "which sets the size itself; give one of them",
    "shard": "as each shard would stop on its own; use {0}sample instead of {0}until",
    "group": "as each rank would stop on its own; use {0}sample instead of {0}until",
    "model": "whose statistics have no margins; use {0}sample instead of {0}until",
}


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


def _check_sample(text: str) -> None:
    SampleSize.read(str(text))


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
            default=None,
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


def _check_glob(glob: str) -> None:
    if not glob.strip("/"):
        raise ValueError(f"{glob!r} stands for nothing")
    if glob.startswith("!"):
        raise ValueError(f"{glob!r} begins with !, which no glob here does; use --include")


def _check_condition(text: str) -> None:
    if not text.partition("=")[0] or "=" not in text:
        raise ValueError(f"{text!r} is not COLUMN=VALUE")


def _check_frames(text: str) -> None:
    if text in ("first", "all"):
        return
    if not re.fullmatch(r"(-?[0-9]{1,9})?:(-?[0-9]{1,9})?(:(-?[0-9]{1,9})?)?", text):
        meant = f"; one frame is {text}:{int(text) + 1}" if re.fullmatch("[0-9]{1,9}", text) else ""
        raise ValueError(f"{text!r} is not first, all or N:M:STEP{meant}")
    if re.fullmatch("-?0+", text.partition(":")[2].partition(":")[2]):
        raise ValueError(f"{text!r} has a step of 0")


class ChoiceSettings(TypedDict, total=False):
    """Which images of the sources are measured, by their names."""

    include: Annotated[
        Sequence[str] | None,
        Setting(
            default=None,
            none="all images",
            metavar="GLOB",
            repeatable=True,
            check=_check_glob,
            help="Measure only images that a glob matches, as in .gitignore, on paths below the "
            "source. Repeatable.",
            recorded_in="source",
        ),
    ]
    exclude: Annotated[
        Sequence[str] | None,
        Setting(
            default=None,
            none="no images",
            metavar="GLOB",
            repeatable=True,
            check=_check_glob,
            help="Leave out images that a glob matches, such as masks/ or IMG_0001.jpg. "
            "Repeatable.",
            recorded_in="source",
        ),
    ]
    frames: Annotated[
        str,
        Setting(
            default="first",
            metavar="first|all|N:M:STEP",
            check=_check_frames,
            help="Which frames of a file of several are measured, as of a TIFF or an animation.",
            recorded_in="source",
            moments_depend="always",
        ),
    ]
    truncated: Annotated[
        Literal["fail", "load"],
        Setting(
            default="fail",
            help="An image that is cut off is a failure, or counts as far as it can be read.",
            recorded_in="source",
            moments_depend="always",
        ),
    ]
    column: Annotated[
        str | None,
        Setting(
            default=None,
            none="image, or the only one",
            metavar="NAME",
            help="The column of images in Parquet files.",
            recorded_in="source",
        ),
    ]
    files_column: Annotated[
        str | None,
        Setting(
            default=None,
            none="by its heading",
            metavar="NAME",
            help="The column of names, where --files-from is a CSV file.",
            recorded_in="source",
        ),
    ]
    where: Annotated[
        Sequence[str] | None,
        Setting(
            default=None,
            none="all rows",
            metavar="COLUMN=VALUE",
            repeatable=True,
            check=_check_condition,
            help="Measure only the images of such rows of the CSV file. Repeatable.",
            recorded_in="source",
        ),
    ]


def _check_alpha(text: str) -> None:
    if text in ("drop", "exclude"):
        return
    kind, _, color = text.partition(":")
    if kind != "over":
        raise ValueError(f"{text!r} is not drop, exclude or over:COLOR")
    from PIL import ImageColor

    ImageColor.getrgb(color)


def _nodata_as_typed(value: str | float | Sequence[float]) -> str:
    if isinstance(value, str):
        return value
    return ",".join(map(repr, value)) if isinstance(value, Sequence) else repr(value)


def _check_nodata(text: str) -> None:
    try:
        [float(value) for value in text.split(",") if text != "auto"]
    except ValueError:
        raise ValueError(f"{text!r} is not a number, numbers with commas, or auto") from None


class SelectionSettings(TypedDict, total=False):
    """Which pixels count."""

    alpha: Annotated[
        str,
        Setting(
            default="drop",
            metavar="drop|exclude|over:COLOR",
            check=_check_alpha,
            help="Transparent pixels: count their colors, leave them out, or put a color behind.",
            recorded_in="selection",
            moments_depend="always",
        ),
    ]
    nodata: Annotated[
        str | float | Sequence[float] | None,
        Setting(
            default=None,
            none="none",
            none_typed=True,
            metavar="VALUE",
            convert=_nodata_as_typed,
            check=_check_nodata,
            help="Leave out samples of this stored value (nan is one), pixels of V,V,V, or what "
            "each file names (auto).",
            recorded_in="selection",
            moments_depend="always",
        ),
    ]
    masks: Annotated[
        str | None,
        Setting(
            default=None,
            none="none",
            metavar="PATTERN",
            help="Count the pixels that a second image selects, as in 'labels/{dir}/{stem}.png'.",
            recorded_in="selection",
            moments_depend="always",
        ),
    ]
    mask_values: Annotated[
        Sequence[int] | None,
        Setting(
            default=None,
            none="all but 0",
            metavar="LIST",
            help="Values of the masks that count.",
            recorded_in="selection",
            moments_depend="always",
        ),
    ]
    mask_ignore: Annotated[
        Sequence[int] | None,
        Setting(
            default=None,
            none="none",
            metavar="LIST",
            help="Values of the masks that do not count.",
            recorded_in="selection",
            moments_depend="always",
        ),
    ]
    masks_missing: Annotated[
        Literal["fail", "all"],
        Setting(
            default="fail",
            help="An image without a mask is a failure, or counts whole.",
            moments_depend="always",
        ),
    ]
    exclude_fill: Annotated[
        bool,
        Setting(
            default=False,
            help="Leave out pixels that the pipeline filled in.",
            recorded_in="selection",
            moments_depend="pipeline",
        ),
    ]
