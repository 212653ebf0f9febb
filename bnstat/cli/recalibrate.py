"""`bnstat recalibrate`: the running statistics of a model, measured on images."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Meter, Terminal, say
from bnstat.measure.warm_up import warm_up
from bnstat.settings import RecalibrateSettings
from bnstat.text import pluralize

if TYPE_CHECKING:
    from bnstat import PassDone

# A model sees all pixels, after the pipeline's own Normalize; its statistics have no margins.
_NOT_OF_MODELS = (
    *("keep_normalize", "nodata", "masks", "mask_values", "mask_ignore", "masks_missing"),
    *("exclude_fill", "until", "confidence"),
)


@subcommand("recalibrate", "Measure a model's BatchNorm statistics on images.")
@click.argument("model")
@click.argument("source", default="bnstat.json", metavar="[SOURCE]")
@options.weights
@options.augment("The pipeline that draws the images, as in compute; its Normalize is applied.")
@click.option(
    "--stats",
    metavar="FILE|CONSTANTS",
    help="What the model's images are normalized with, unless the pipeline does that: a result, "
    "constants as in compare --to, or none.",
)
@click.option("--check", is_flag=True, help="Make one pass, show all layers, and write nothing.")
@options.form("json", "csv", "markdown", help="How the layers are printed.")
@options.dataset
@options.sources
@options.settings(RecalibrateSettings, "the result's", leave_out=_NOT_OF_MODELS)
@click.option("-o", "--output", metavar="FILE", help="Where to write the weights.")
@options.failures
@options.terminal("quiet", "verbose", "progress", "color")
def command(
    terminal: Terminal,
    model: str,
    source: str,
    check: bool,
    form: str,
    output: str | None,
    **settings: Any,
) -> int:
    """Give the BatchNorm layers of MODEL the statistics of what they are given for SOURCE's images.

    MODEL is torchvision:NAME, timm:NAME, or package.module:attribute; SOURCE is what compute takes,
    or a result (default: bnstat.json), whose images are drawn as they were. What is written is the
    file of weights, with other running statistics and nothing else changed.
    """
    source = options.one_source(source, settings)
    if check == (output is not None):
        raise click.UsageError("name an output with -o FILE, or look with --check.")
    if not settings["device"]:
        warm_up(settings, work="bnstat.models.probe")

    from bnstat.verbs.recalibrate import recalibrate

    outcome: dict[str, Any] = {"output": output, "check": check, **options.given(settings)}
    with terminal.measuring() as meter:
        on_pass = None if terminal.quiet else partial(_say_pass, meter, verbose=terminal.verbose)
        found = recalibrate(model, source, progress=meter.update, on_pass=on_pass, **outcome)
    terminal.print_failures(found.failures)
    terminal.show_as(form, found, verbose=check)
    if not (check or found.settled):
        say(f"not settled: the last pass moved statistics by {found.moved:.2g}; allow more passes")
    if output is not None:
        say(f"written: {output}")
    return len(found.failures)


def _say_pass(meter: Meter, done: PassDone, *, verbose: bool) -> None:
    """Say on stderr, after the first pass, how long it will take; if asked, what each has moved."""
    meter.title(f"pass {done.number + 1} of at most {done.at_most}")
    if done.number == 1:
        layers = pluralize(done.layers, "BatchNorm layer")
        images = pluralize(done.images, "image")
        most = "1 pass" if done.at_most == 1 else f"at most {done.at_most} passes"
        meter.say(f"{layers}, {images}: {most} of {done.seconds:.1f} s")
    if verbose:
        meter.say(f"pass {done.number}: moved by {done.moved:.2g}, {done.seconds:.1f} s")
