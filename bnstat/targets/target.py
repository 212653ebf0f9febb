"""What every target has, and how one is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bnstat.errors import ExportError
from bnstat.result import EXACT, Stats
from bnstat.targets.composing import before_normalize
from bnstat.targets.config import ConfigFormat
from bnstat.targets.figures import AS_THEY_ARE, IN_UNIT, RGB, Figures, check_unit


@dataclass(frozen=True)
class Target:
    """A form that a result can be written in.

    Attributes
    ----------
    name, writes
        Its name for `--format`, and in a few words what is written.
    render
        From figures to the file's bytes; its keyword-only parameters are the options that the
        target takes.
    file
        The name of the file, where only a folder is given.
    scales
        The units it can have, 1 for images in [0, 1] and 255 for 0-255; the first is the default.
    orders
        The orders of channels it can have, likewise; empty where it has none of its own.
    channels
        How many channels it can hold, three of which are R, G and B; None for any.
    precise
        Whether digits can be asked for; numbers that are not text have all of theirs.
    binary
        Not fit for a terminal, and so written to `file` by default.
    check
        Reads the written bytes as the framework does and says, in a few words, what held; raises
        ExportError if it did not. None if there is nothing to check.
    config
        The kind of config that `--update` changes. None if there is no such file.
    bake
        Writes a model of the user's again with the figures in it, for `--update` with `--output`:
        from its path, the path to write, figures and the options of `render`; says what was
        checked. None if there is no such model.
    units
        The units of results that it can have, as `Stats.unit` names them.
    variants
        The name of the file where an option makes it another kind of file, by option.
    """

    name: str
    writes: str
    render: Callable[..., bytes]
    file: str
    scales: tuple[int, ...] = (1,)
    orders: tuple[str, ...] = ()
    channels: tuple[int, ...] | None = None
    precise: bool = True
    binary: bool = False
    check: Callable[[bytes], str] | None = None
    config: ConfigFormat | None = None
    bake: Callable[..., str] | None = None
    units: tuple[str, ...] = IN_UNIT
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> frozenset[str]:
        """The names of the options that `render` takes."""
        parameters = inspect.signature(self.render).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)

    def file_with(self, options: Mapping[str, Any]) -> str:
        """Return the name of the file that `render` makes with such options."""
        names = (name for option, name in self.variants.items() if options.get(option))
        return next(names, self.file)

    def figures(
        self,
        stats: Stats,
        method: str = EXACT,
        *,
        scale: int | None = None,
        order: str | None = None,
        precision: int | None = None,
    ) -> Figures:
        """Return a result's figures as this target has them; None is its default.

        Raises
        ------
        ExportError
            If the target cannot have or hold them so.
        """
        _check(self, "scale", scale, self.scales)
        _check(self, "channel order", order, self.orders)
        if precision is not None and not self.precise:
            raise ExportError(f"{self.name} has no digits to choose: its numbers are not text")
        if stats.unit not in self.units:
            stats = before_normalize(stats)
        if self.channels is not None:
            _check_channels(self.name, self.channels, stats.channels)
        check_unit(stats, self.units, self.name)
        if stats.unit not in IN_UNIT:
            scale = self._own_scale(stats, scale)
        order = order or next(iter(self.orders), "rgb")
        return Figures(stats, method, scale or self.scales[0], order, precision)

    def _own_scale(self, stats: Stats, scale: int | None) -> int:
        """Return the scale for figures that are not in [0, 1]: their own.

        Integers that were divided are, for what takes samples as they are, those of files again.
        """
        if scale not in (None, 1):
            raise ExportError(f"figures that are not in [0, 1] have no scale {scale}")
        as_stored = scale is None and self.units == AS_THEY_ARE and stats.unit == "divided"
        return stats.scale if as_stored else 1


def _check_channels(name: str, possible: tuple[int, ...], channels: tuple[str, ...]) -> None:
    names, alternative = ", ".join(channels), "; --format json holds any"
    if len(channels) not in possible:
        held = f"{len(channels)} ({names}){alternative}"
        raise ExportError(f"{name} holds {' or '.join(map(str, possible))} channels, not {held}")
    if len(channels) == 3 and channels != RGB:
        raise ExportError(f"{name} holds R, G, B, not {names}{alternative}")


def _check(target: Target, what: str, asked: object, possible: tuple[object, ...]) -> None:
    if asked is not None and asked not in possible:
        has = f"only {', '.join(map(str, possible))}" if possible else "none of its own"
        raise ExportError(f"{target.name} cannot have {what} {asked}: it has {has}")
