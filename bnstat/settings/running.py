"""Settings of where the work runs, of what is too large or too slow, and of who is told of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypedDict, cast

from bnstat.settings.setting import Setting


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


Listener: TypeAlias = Callable[[Progress], None]


class ProgressBar:
    """A bar of tqdm's: in a notebook of the notebook's kind, on stderr elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, done: Progress) -> None:
        """Show how far a run is; a run that begins anew has a bar of its own."""
        if self._bar is None or done.images < self._bar.n:
            from tqdm.auto import tqdm

            self._bar = tqdm(unit=" images")
        self._bar.total = done.total
        if done.failures:
            self._bar.set_postfix_str(f"{done.failures} failed", refresh=False)
        self._bar.update(done.images - self._bar.n)
        if done.images == done.total:
            self._bar.close()


def with_bar(progress: Listener | bool | None) -> Listener | None:
    """Return what is called with how far a run is: for True a bar, for False nothing."""
    if isinstance(progress, bool):
        return ProgressBar() if progress else None
    return progress


def listener(settings: Mapping[str, Any]) -> Listener | None:
    """Return what complete settings have been given to be called."""
    return cast("Listener | None", settings["progress"])


ENGINES = "processes, dask://HOST:PORT or dask+tls://HOST:PORT"
_ENGINE = re.compile(r"processes|dask(\+tls)?://(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):[0-9]{1,5}")


def _check_engine(name: str) -> None:
    if _ENGINE.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not {ENGINES}")


class RunSettings(TypedDict, total=False):
    """What is too large or too slow, where the work runs, and who is told how far it is."""

    max_pixels: Annotated[
        int,
        Setting(
            default=178_956_970,  # where Pillow itself raises: twice the size at which it warns
            ge=1,
            help="Reject larger images (counted as failures).",
            moments_depend="always",
        ),
    ]
    max_bytes: Annotated[
        int | None,
        Setting(
            none="256 MiB if compressed or at a URL, else no limit",
            ge=1,
            help="Reject images of more encoded bytes (counted as failures).",
            moments_depend="always",
        ),
    ]
    timeout: Annotated[
        float | None,
        Setting(
            none="300 where workers are processes",
            metavar="SECONDS",
            ge=0,
            le=1e6,
            help="Reject an image that takes longer (counted as a failure); 0 is no limit.",
        ),
    ]
    network_timeout: Annotated[
        float,
        Setting(
            default=60.0,
            metavar="SECONDS",
            gt=0,
            le=1e6,
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
            none="the cores this process may use",
            ge=1,
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
    start_method: Annotated[
        Literal["fork", "spawn"] | None,
        Setting(
            none="fork, where the system can",
            help="How worker processes start: as forks of one that has imported all, or anew.",
        ),
    ]
    fail_fast: Annotated[
        bool, Setting(default=False, help="Stop at the first image that cannot be measured.")
    ]
    all_failures: Annotated[
        bool,
        Setting(
            default=False,
            help="Name every image that failed in the result, not the first 10,000 alone.",
        ),
    ]
    progress: Annotated[
        Listener | bool | None,
        Setting(
            none="nothing",
            option=None,
            convert=with_bar,
            help="Called now and then with how far the scan is; True shows a bar.",
        ),
    ]
