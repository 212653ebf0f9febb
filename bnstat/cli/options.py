"""Options that commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Real(click.FloatRange):
    """A number in a range; not "nan", which FloatRange lets pass."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


AMOUNT = Real(min=0.0)
SECONDS = Real(min=0.0, max=1e6, min_open=True)


def momentum(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> float | str | None:
    """Return a number in (0, 1], or "cumulative", or None if the option was not given."""
    return None if value is None else one_momentum(value)


def one_momentum(text: str) -> float | str:
    """Return a number in (0, 1], or "cumulative"."""
    if text == "cumulative":
        return text
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number <= 1.0:
        raise click.BadParameter(f"{text!r} is neither a number in (0, 1] nor 'cumulative'.")
    return number


def shard(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a shard as typed, if it is one."""
    from bnstat.images import read_shard

    try:
        return value and str(read_shard(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def engine(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the name of an engine, or None if the option was not given."""
    from bnstat.engines import ENGINES, is_engine

    if value is not None and not is_engine(value):
        raise click.BadParameter(f"{value!r} is not {ENGINES}.")
    return value


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given, as `bnstat.compute` takes them."""
    found = {name: value for name, value in settings.items() if value is not None}
    if found.get("momentum") == "cumulative":
        found["momentum"] = None
    return found


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


def measuring(default: str) -> Callable[[F], F]:
    """Return the options of how images are measured; `default` is what their help says of it."""

    def shown(value: object) -> str:
        return f"  [default: {default or value}]"

    return _all(
        click.option(
            "--keep-normalize",
            is_flag=True,
            default=None,
            help="Measure after a Normalize that ends the pipeline, not before it.",
        ),
        click.option(
            "--epochs",
            type=click.IntRange(min=1),
            metavar="N",
            help="How often the pipeline draws each image, and batchnorm sees it." + shown(1),
        ),
        click.option(
            "--mode",
            type=click.Choice(["RGB", "L", "RGBA", "native"]),
            help="Convert to this Pillow mode; native takes the set's own." + shown("RGB"),
        ),
        click.option(
            "--seed", type=int, metavar="N", help="Of the draws and of the shuffling." + shown(0)
        ),
        click.option(
            "--max-pixels",
            type=click.IntRange(min=1),
            metavar="N",
            help="An image of more pixels fails.  [default: 178956970]",
        ),
        click.option(
            "--max-bytes",
            type=click.IntRange(min=1),
            metavar="N",
            help="A file of more bytes fails.  [default: no limit]",
        ),
        click.option(
            "--timeout",
            type=SECONDS,
            metavar="SECONDS",
            help="An image that takes longer fails, and its worker is replaced.  [default: never]",
        ),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="Processes.  [default: the cores this process may use]",
        ),
        click.option(
            "--engine",
            callback=engine,
            metavar="ENGINE",
            help="Where the work runs: processes on this machine, or a Dask cluster at "
            "dask://HOST:PORT or dask+tls://HOST:PORT.  [default: processes]",
        ),
    )


def schedule(default: str) -> Callable[[F], F]:
    """Return the options of batchnorm's schedule."""

    def shown(value: object) -> str:
        return f"  [default: {default or value}]"

    return _all(
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            metavar="N",
            help="Images in a batch of batchnorm." + shown(64),
        ),
        click.option(
            "--momentum",
            callback=momentum,
            metavar="M",
            help="Weight of a new batch in batchnorm; cumulative averages all." + shown(0.1),
        ),
        click.option(
            "--order",
            type=click.Choice(["shuffled", "listed"]),
            help="In which batchnorm sees the images." + shown("shuffled"),
        ),
    )


failures = click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Exit with status 3 if more images fail.",
)

output = click.option(
    "-o",
    "--output",
    default="bnstat.json",
    show_default=True,
    metavar="FILE",
    help="Where the result goes; - is standard output, without a table.",
)

quiet = click.option("-q", "--quiet", is_flag=True, help="Show no table; failures are still named.")

color = click.option(
    "--color/--no-color", default=None, help="Color the output.  [default: on a terminal]"
)

terminal = _all(
    click.option(
        "--progress/--no-progress",
        default=None,
        help="Show a progress bar on stderr.  [default: on a terminal]",
    ),
    color,
)
