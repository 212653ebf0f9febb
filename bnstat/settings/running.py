"""Settings of where the work runs.

The annotations are evaluated; only the type of the progress stays a name.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypedDict

from bnstat.settings.setting import Setting

if TYPE_CHECKING:
    from bnstat.scan import Progress


def _check_engine(name: str) -> None:
    from bnstat.engines import ENGINES, is_engine

    if not is_engine(name):
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
        Callable[["Progress"], None] | None,
        Setting(
            default=None,
            none="not called",
            option=None,
            help="Called now and then with how far the scan is.",
        ),
    ]
