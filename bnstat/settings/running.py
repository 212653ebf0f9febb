"""Settings of where the work runs."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypedDict

from bnstat.settings.setting import Setting

ENGINES = "processes, dask://HOST:PORT or dask+tls://HOST:PORT"
_ENGINE = re.compile(r"processes|dask(\+tls)?://(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):[0-9]{1,5}")


@dataclass(frozen=True)
class Progress:
    """How far a scan is: images done, how many of them failed, bytes read, and images in all.

    `total` is None as long as it is not known. `margin` is that of a growing sample when it was
    last looked at.
    """

    images: int
    failures: int
    bytes: int
    total: int | None
    margin: float | None = None


def _check_engine(name: str) -> None:
    if _ENGINE.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not {ENGINES}")


class RunSettings(TypedDict, total=False):
    """Where the work runs, when it stops, and who is told how far it is."""

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
        Callable[[Progress], None] | None,
        Setting(
            default=None,
            none="not called",
            option=None,
            help="Called now and then with how far the scan is.",
        ),
    ]
