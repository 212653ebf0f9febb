"""How far a run is: what it tells, whom, and a progress bar for `progress=True`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast


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
