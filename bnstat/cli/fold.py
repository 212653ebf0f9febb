"""`bnstat fold`: a model with its normalization built in, for deployment."""

from __future__ import annotations

from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import say


def _size(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Return (height, width) of one number for both sides, or HEIGHTxWIDTH."""
    if text is None:
        return None
    sides = text.split("x")
    if len(sides) > 2 or not all(s.isascii() and s.isdigit() and int(s) for s in sides):
        raise click.BadParameter(f"{text!r} is not a size, like 224 or 224x320")
    return int(sides[0]), int(sides[-1])


@subcommand("fold", "Build the normalization into a model, for deployment.")
@click.argument("model")
@options.weights
@click.option(
    "--stats",
    metavar="FILE|CONSTANTS",
    default="bnstat.json",
    show_default=True,
    help="What the model's images are normalized with: a result, or constants as in compare --to.",
)
@click.option(
    "--input",
    type=click.Choice(["float", "uint8"]),
    default="float",
    show_default=True,
    help="Images in [0, 1], or 8-bit ones in 0-255.",
)
@click.option(
    "--layout",
    type=click.Choice(["nchw", "nhwc"]),
    default="nchw",
    show_default=True,
    help="Axes of the images.",
)
@click.option(
    "--input-size",
    callback=_size,
    metavar="N|HxW",
    help="Size of all images, where a model takes no other.  [default: any]",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE.pt2|FILE.onnx",
    help="Where to write: a program of torch.export, or ONNX.",
)
def command(model: str, output: str, **given: Any) -> None:
    """Fold BatchNorm into the layers in front of it, and the normalization into the first one.

    MODEL is torchvision:NAME, timm:NAME, or package.module:attribute: an nn.Module or what makes
    one. What is written takes images as they are, any number of them; it is read back and run
    beside the model before it takes its place.
    """
    from bnstat.verbs.fold import fold

    done = fold(model, output, **given)
    norms = len(done.folded) + len(done.kept)
    say(f"folded: {len(done.folded)} of {norms} BatchNorm layers")
    for name, reason in done.kept:
        say(f"stays: {name}, as {reason}")
    say(done.normalization)
    say(f"written: {done.output}")
    border = "" if done.border is None else f", {done.border:.1e} at the first layer's border"
    say(f"checked: {done.images}: outputs differ by {done.difference:.1e} of the largest{border}")
