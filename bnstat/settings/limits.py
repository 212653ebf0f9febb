"""Settings of what is too large, too slow or elsewhere."""

from typing import Annotated, TypedDict

from bnstat.settings.setting import Setting


class LimitSettings(TypedDict, total=False):
    """What is too large, too slow or elsewhere."""

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
