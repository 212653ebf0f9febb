"""Settings of what is measured of an image, and how often."""

from typing import Annotated, Literal, TypedDict

from bnstat.settings.setting import Setting

# More would keep a replay busy for ever.
MAX_EPOCHS = 10_000
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
            at_least=1,
            at_most=MAX_EPOCHS,
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
