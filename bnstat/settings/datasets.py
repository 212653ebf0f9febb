"""Settings of datasets and arrays: where the image is in what they give."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypedDict

from bnstat.settings.setting import Setting

LAYOUTS = ("NHWC", "NCHW", "NHW", "HWC", "CHW", "HW")
Layout = Literal["NHWC", "NCHW", "NHW", "HWC", "CHW", "HW"]


class DatasetSettings(TypedDict, total=False):
    """Where the image is in what a dataset or a file of arrays gives."""

    image: Annotated[
        str | int | Callable[[Any], Any] | None,
        Setting(
            default=None,
            none="the first image in it",
            option=None,
            help="Of a dataset: the key or place of the image in an item, or a function that "
            "returns it.",
        ),
    ]
    batched: Annotated[
        bool | None,
        Setting(
            default=None,
            none="only of a DataLoader that does",
            option=None,
            help="Whether an iterable gives batches of images.",
        ),
    ]
    random: Annotated[
        bool | None,
        Setting(
            default=None,
            none="found out by drawing the first items twice",
            option=None,
            help="Whether the items of a dataset are drawn at random.",
        ),
    ]
    array: Annotated[
        str | None,
        Setting(
            default=None,
            none="the only one",
            metavar="NAME",
            help="The array in .npz files that holds the images.",
            recorded_in="source",
        ),
    ]
    layout: Annotated[
        Layout | None,
        Setting(
            default=None,
            none="as the shape says",
            help="The axes of arrays: N images, C channels, H height, W width.",
            recorded_in="source",
        ),
    ]
