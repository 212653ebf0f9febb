"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Momentum(click.ParamType[float | None]):
    """A number in (0, 1], or "cumulative", which is torch's `momentum=None`."""

    name = "momentum"

    def convert(self, value: Any, param: Any, ctx: Any) -> float | None:
        """Return the number, or None for "cumulative"."""
        if value is None or value == "cumulative":
            return None
        try:
            momentum = float(value)
        except ValueError:
            momentum = 0.0
        if not 0.0 < momentum <= 1.0:
            self.fail(f"{value!r} is neither a number in (0, 1] nor 'cumulative'", param, ctx)
        return momentum


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


sources = _all(
    click.option(
        "--files-from",
        metavar="FILE",
        help="Measure the images that FILE lists, one a line; - is standard input.",
    ),
    click.option("-0", "--null", is_flag=True, help="Names in FILE end in NUL (find -print0)."),
    click.option("--root", metavar="DIR", help="Names in FILE are relative to DIR."),
)

measuring = _all(
    click.option(
        "--mode",
        type=click.Choice(["RGB", "L", "RGBA", "native"]),
        default="RGB",
        show_default=True,
        help="Convert to this Pillow mode; native takes the set's own.",
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(min=1),
        default=178_956_970,
        show_default=True,
        metavar="N",
        help="An image of more pixels fails.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes.  [default: the cores this process may use]",
    ),
)

schedule = _all(
    click.option(
        "--epochs",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="How often batchnorm sees all images.",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=64,
        show_default=True,
        metavar="N",
        help="Images in a batch of batchnorm.",
    ),
    click.option(
        "--momentum",
        type=Momentum(),
        default=0.1,
        show_default=True,
        metavar="M",
        help="Weight of a new batch in batchnorm; cumulative averages all.",
    ),
    click.option(
        "--order",
        type=click.Choice(["shuffled", "listed"]),
        default="shuffled",
        show_default=True,
        help="In which batchnorm sees the images.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, metavar="N", help="Of the shuffling."
    ),
)

terminal = _all(
    click.option(
        "--progress/--no-progress",
        default=None,
        help="Show a progress bar on stderr.  [default: on a terminal]",
    ),
    click.option("--color/--no-color", default=None, help="[default: on a terminal]"),
)
