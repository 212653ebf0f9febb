"""What every target has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from bnstat.errors import ExportError
from bnstat.stats import Estimate, Stats


@dataclass(frozen=True)
class Target:
    """A form that a result can be written in.

    Attributes
    ----------
    name, writes
        Its name for `--format`, and in a few words what is written.
    render
        From a result and a method to the file's bytes; its keyword-only parameters are the options
        that the target takes.
    file
        Where it is written unless told otherwise; None is standard output.
    binary
        Not fit for a terminal.
    check
        Reads the written bytes as the framework does and says, in a few words, what held; raises
        ExportError if it did not. None if there is nothing to check.
    """

    name: str
    writes: str
    render: Callable[..., bytes]
    file: str | None = None
    binary: bool = False
    check: Callable[[bytes], str] | None = None

    @property
    def options(self) -> frozenset[str]:
        """The names of the options that `render` takes."""
        parameters = inspect.signature(self.render).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


def chosen(stats: Stats, method: str) -> Estimate:
    """Return the estimate of one method.

    Raises
    ------
    ExportError
        If the result has none, with the cause.
    """
    if method not in stats.methods:
        raise ExportError(f"no method {method!r}; there are {', '.join(stats.methods)}")
    estimate = stats.methods[method]
    if estimate is None:
        why = stats.reasons.get(method, "no reason is given")
        raise ExportError(f"the result has no {method} figures: {why}; try --method two-pass")
    return estimate
