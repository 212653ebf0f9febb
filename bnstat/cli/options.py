"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def momentum(context: click.Context, parameter: click.Parameter, value: str) -> float | None:
    """Return a number in (0, 1], or None for "cumulative", which is torch's `momentum=None`."""
    if value == "cumulative":
        return None
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0.0 < number <= 1.0:
        raise click.BadParameter(f"{value!r} is neither a number in (0, 1] nor 'cumulative'.")
    return number


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
    click.option("--root", metavar="DIR", help="Leave DIR out of the images' keys."),
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
        callback=momentum,
        default="0.1",
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
