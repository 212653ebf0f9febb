"""Settings of which pixels count."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

from bnstat.settings.setting import Setting


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
