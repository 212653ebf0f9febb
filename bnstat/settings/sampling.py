"""Settings of how many images are measured, and how sure the figures are."""

from typing import Annotated, TypedDict

from bnstat.settings.setting import Setting


def _check_sample(text: str) -> None:
    from bnstat.images.sampling import SampleSize

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
