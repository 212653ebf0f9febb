"""The settings of commands that measure images: each is one entry here, and nothing elsewhere.

The annotations are evaluated, so that this file does without `from __future__ import annotations`;
only the type of the progress stays a name.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from bnstat.settings.setting import Setting
from bnstat.settings.sizes import bytes_of
from bnstat.stats.methods import MOST_EPOCHS

if TYPE_CHECKING:
    from bnstat.scan import Progress

Mode = Literal["RGB", "L", "RGBA", "native", "bands"]
Order = Literal["shuffled", "listed"]


def _momentum(default: object, help: str, **more: Any) -> Setting:
    """Return the setting of a momentum, or of several: in (0, 1], or torch's cumulative average."""
    return Setting(
        default=default,
        help=help,
        above=0,
        at_most=1,
        none="cumulative",
        none_typed=True,
        **more,
    )


def _check_engine(name: str) -> None:
    from bnstat.engines import ENGINES, is_engine

    if not is_engine(name):
        raise ValueError(f"{name!r} is not {ENGINES}")


def _check_alpha(text: str) -> None:
    if text in ("drop", "exclude"):
        return
    kind, _, color = text.partition(":")
    if kind != "over":
        raise ValueError(f"{text!r} is not drop, exclude or over:COLOR")
    from PIL import ImageColor

    ImageColor.getrgb(color)


def _check_sample(text: str) -> None:
    from bnstat.images.sampling import SampleSize

    SampleSize.read(str(text))


def _check_by(text: str) -> None:
    if text != "folder" and not text.lower().endswith(".csv"):
        raise ValueError(f"{text!r} is neither folder nor a file FILE.csv")


def _nodata_as_typed(value: str | float | Sequence[float]) -> str:
    if isinstance(value, str):
        return value
    return ",".join(map(repr, value)) if isinstance(value, Sequence) else repr(value)


def _check_nodata(text: str) -> None:
    try:
        [float(value) for value in text.split(",") if text != "auto"]
    except ValueError:
        raise ValueError(f"{text!r} is not a number, numbers with commas, or auto") from None


def _check_size(size: str) -> None:
    bytes_of(size)


def _check_device(name: str) -> None:
    kind, colon, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (colon and not number.isdecimal()):
        raise ValueError(f"{name!r} is not cpu, cuda or cuda:N")


class MeasureSettings(TypedDict, total=False):
    """How images are measured."""

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
            at_least=1,
            at_most=MOST_EPOCHS,
            help="Passes over the data; with a pipeline, random draws per image.",
            recorded_in="pipeline",
            moments_depend="pipeline",
        ),
    ]
    mode: Annotated[
        Mode,
        Setting(
            default="RGB",
            help="Convert to this Pillow mode; native takes the most common one of the images, "
            "bands all bands of rasters as GDAL reads them.",
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
    max_pixels: Annotated[
        int,
        Setting(
            default=178_956_970,  # where Pillow itself raises: twice the size at which it warns
            metavar="N",
            at_least=1,
            help="Reject larger images (counted as failures).",
            moments_depend="always",
        ),
    ]
    max_bytes: Annotated[
        int | None,
        Setting(
            default=None,
            none="256 MiB if compressed or at a URL, else no limit",
            metavar="N",
            at_least=1,
            help="Reject images of more encoded bytes (counted as failures).",
            moments_depend="always",
        ),
    ]
    timeout: Annotated[
        float | None,
        Setting(
            default=None,
            none="never",
            metavar="SECONDS",
            above=0,
            at_most=1e6,  # timers of the system take no more than about 10^8
            help="Reject an image that takes longer (counted as a failure).",
        ),
    ]
    network_timeout: Annotated[
        float,
        Setting(
            default=60.0,
            metavar="SECONDS",
            above=0,
            at_most=1e6,
            help="Give up on a server or store that sends nothing for so long.",
        ),
    ]
    follow_links: Annotated[
        bool,
        Setting(
            default=False,
            help="Follow links to folders that contain the source, and to /, /dev, /proc and /sys.",
        ),
    ]
    workers: Annotated[
        int | None,
        Setting(
            default=None,
            none="the cores this process may use",
            metavar="N",
            at_least=1,
            help="Worker processes; with 1, no process is started.",
        ),
    ]
    engine: Annotated[
        str,
        Setting(
            default="processes",
            metavar="ENGINE",
            check=_check_engine,
            help="Where the work runs: processes on this machine, or a Dask cluster at "
            "dask://HOST:PORT or dask+tls://HOST:PORT.",
        ),
    ]
    fail_fast: Annotated[
        bool, Setting(default=False, help="Stop at the first image that cannot be measured.")
    ]
    progress: Annotated[
        Callable[["Progress"], None] | None,
        Setting(
            default=None,
            none="not called",
            option=None,
            help="Called now and then with how far the scan is.",
        ),
    ]


class Settings(MeasureSettings, total=False):
    """How images are measured and grouped, and the schedule that `batchnorm` replays."""

    by: Annotated[
        str | None,
        Setting(
            default=None,
            none="not grouped",
            metavar="folder|FILE.csv",
            check=_check_by,
            help="Add figures of each group: the first folder below the source, or the label that "
            "a CSV file of key and label gives.",
        ),
    ]

    batch_size: Annotated[
        int,
        Setting(
            default=64,
            metavar="N",
            at_least=1,
            help="Images in a batch of batchnorm.",
            recorded_in="batchnorm",
        ),
    ]
    momentum: Annotated[
        float | None,
        _momentum(
            0.1,
            "Weight of a new batch in batchnorm; cumulative averages all.",
            metavar="M",
            recorded_in="batchnorm",
        ),
    ]
    order: Annotated[
        Order,
        Setting(
            default="shuffled",
            help="Order in which batchnorm sees the images.",
            recorded_in="batchnorm",
        ),
    ]


class SweepSettings(MeasureSettings, total=False):
    """How images are measured, and the grid of schedules that `sweep` replays."""

    batch_sizes: Annotated[
        Sequence[int],
        Setting(
            default=(8, 32, 128),
            option="--batch-size",
            metavar="N,...",
            at_least=1,
            help="Images in a batch.",
        ),
    ]
    momenta: Annotated[
        Sequence[float | None],
        _momentum(
            (0.01, 0.1, None),
            "Weight of a new batch; cumulative averages all.",
            option="--momentum",
            metavar="M,...",
        ),
    ]
    orders: Annotated[
        Sequence[Order],
        Setting(
            default=("shuffled", "listed"),
            option="--order",
            metavar="ORDER,...",
            help="Orders in which the images are seen.",
        ),
    ]
    repeats: Annotated[
        int,
        Setting(default=20, metavar="N", at_least=1, help="Seeds for each shuffled schedule."),
    ]


class RecalibrateSettings(MeasureSettings, total=False):
    """How images are measured, and how a model is run on them until its statistics stay."""

    tolerance: Annotated[
        float,
        Setting(
            default=1e-3,
            metavar="TOL",
            at_least=0,
            at_most=1,
            help="Stop when no mean moves by more, in std, and no variance by a larger share.",
        ),
    ]
    max_passes: Annotated[
        int | None,
        Setting(
            default=None,
            none="as many as the model has BatchNorm layers",
            metavar="N",
            at_least=1,
            help="Passes over the images at most.",
        ),
    ]
    batch_size: Annotated[
        int,
        Setting(
            default=32,
            metavar="N",
            at_least=1,
            help="Images that the model is run on at once; no figure depends on it.",
        ),
    ]
    cache: Annotated[
        str,
        Setting(
            default="1GB",
            metavar="SIZE",
            convert=str,
            check=_check_size,
            help="Memory for drawn images, kept from pass to pass; the others are decoded anew.",
        ),
    ]
    device: Annotated[
        str | None,
        Setting(
            default=None,
            none="in the workers, on the CPU",
            metavar="cpu|cuda|cuda:N",
            check=_check_device,
            help="Run the model in the main process, on this device; workers decode.",
        ),
    ]


@cache
def settings_of(kind: Any) -> Mapping[str, Setting]:
    """Return the settings that a TypedDict of this module defines, by their keywords."""
    return {name: Setting.of(name, hint) for name, hint in kind.__annotations__.items()}
