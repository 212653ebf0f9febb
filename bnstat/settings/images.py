"""Settings of what is measured: which images, which of their pixels, and how often."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

from bnstat.settings.setting import MAX_EPOCHS, Setting

Mode = Literal["RGB", "L", "RGBA", "native", "bands"]


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


class ImageSettings(TypedDict, total=False):
    """What is measured of an image, how often, and of which images of the sources."""

    keep_normalize: Annotated[
        bool,
        Setting(
            default=False, help="Measure after a Normalize that ends the pipeline, not before it."
        ),
    ]
    epochs: Annotated[
        int,
        Setting(
            default=1,
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
            none="that of their depth, 255 or 65535",
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
            help="Seed of the random draws and of the shuffling.",
            recorded_in="pipeline",
            moments_depend="pipeline",
        ),
    ]
    include: Annotated[
        Sequence[str] | None,
        Setting(
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
            none="image, or the only one",
            metavar="NAME",
            help="The column of images in Parquet files.",
            recorded_in="source",
        ),
    ]
    files_column: Annotated[
        str | None,
        Setting(
            none="by its heading",
            metavar="NAME",
            help="The column of names, where --files-from is a CSV file.",
            recorded_in="source",
        ),
    ]
    where: Annotated[
        Sequence[str] | None,
        Setting(
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
