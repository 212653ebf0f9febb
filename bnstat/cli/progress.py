"""The progress bar."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bnstat.settings import Progress


@contextmanager
def bar(wanted: bool | None) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar on stderr, by default if that is a terminal; give its update function, or None."""
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield None
        return
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own would be shared with processes, which have no bar
    with tqdm(unit=" images", file=sys.stderr, dynamic_ncols=True, leave=False) as drawn:

        def update(progress: Progress) -> None:
            drawn.total = progress.total
            drawn.set_postfix_str(
                _speed_and_failures(progress, drawn.format_dict["elapsed"]), refresh=False
            )
            drawn.update(progress.images - drawn.n)

        yield update


def _speed_and_failures(progress: Progress, seconds: float) -> str:
    speed = progress.bytes / 1e6 / seconds if seconds else 0.0
    failures = f", {progress.failures} failed" if progress.failures else ""
    margin = f", ±{progress.margin:.2g}" if progress.margin is not None else ""
    return f"{speed:.1f} MB/s{failures}{margin}"
