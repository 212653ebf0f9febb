"""`bnstat recalibrate`: the running statistics of a model, measured on images."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from bnstat.cli import options
from bnstat.cli.completion import complete_spec
from bnstat.cli.invocation import FAILURES
from bnstat.cli.warm_up import warm_up
from bnstat.settings import RecalibrateSettings
from bnstat.text import printable

if TYPE_CHECKING:
    from bnstat.api.searching import PassDone

# A model sees all pixels, after the pipeline's own Normalize; its statistics have no margins.
_NOT_OF_MODELS = (
    *("keep_normalize", "nodata", "masks", "mask_values", "mask_ignore", "masks_missing"),
    *("exclude_fill", "until", "confidence"),
)


@click.command("recalibrate", short_help="Measure a model's BatchNorm statistics on images.")
@click.argument("model")
@click.argument("source", default="bnstat.json", metavar="[SOURCE]")
@click.option(
    "--weights",
    metavar="FILE",
    help="The model's state_dict, of torch.save or .safetensors. Only code of yours needs none.",
)
@click.option(
    "--augment",
    shell_complete=complete_spec,
    metavar="SPEC",
    help="The pipeline that draws the images, as in compute; its Normalize is applied.",
)
@click.option(
    "--stats",
    metavar="FILE|CONSTANTS",
    help="What the model's images are normalized with, unless the pipeline does that: a result, "
    "constants as in compare --to, or none.",
)
@click.option("--check", is_flag=True, help="Make one pass, show all layers, and write nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How the layers are printed.",
)
@options.sources
@options.settings(RecalibrateSettings, "the result's", leave_out=_NOT_OF_MODELS)
@click.option("-o", "--output", metavar="FILE", help="Where to write the weights.")
@options.quiet
@options.failures
@options.verbose
@options.terminal
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    source: str,
    weights: str | None,
    augment: str | None,
    stats: str | None,
    check: bool,
    form: str,
    files_from: str | None,
    null: bool,
    root: str | None,
    output: str | None,
    quiet: bool,
    max_failures: int,
    verbose: bool,
    progress: bool | None,
    color: bool | None,
    **settings: Any,
) -> None:
    """Give the BatchNorm layers of MODEL the statistics of what they are given for SOURCE's images.

    MODEL is torchvision:NAME, timm:NAME, or package.module:attribute; SOURCE is what compute takes,
    or a result (default: bnstat.json), whose images are drawn as they were. What is written is the
    file of weights, with other running statistics and nothing else changed.
    """
    if check == (output is not None):
        raise click.UsageError("name an output with -o FILE, or look with --check.", ctx)
    if not settings["device"]:
        warm_up(settings["workers"], settings["engine"], pipeline=True, model=True)

    from bnstat import reports
    from bnstat.api.recalibrating import recalibrate
    from bnstat.cli import messages
    from bnstat.cli.progress import bar
    from bnstat.cli.terminal import show

    with messages.failures_printed(color), bar(progress) as update:
        found = recalibrate(
            model,
            source,
            output=output,
            weights=weights,
            augment=augment,
            stats=stats,
            check=check,
            files_from=files_from,
            null=null,
            root=root,
            on_pass=None if quiet else partial(_say_pass, verbose=verbose),
            progress=update,
            **options.given(settings),
        )
    messages.print_failures(found.failures, color)
    if form != "table":
        click.echo(reports.FORMATS[form](found), nl=False)
    elif not quiet:
        show(reports.report(found, verbose=verbose or check), color)
    if not (check or found.settled):
        _say(f"not settled: the last pass moved statistics by {found.moved:.2g}; allow more passes")
    if output is not None:
        _say(f"written: {output}")
    if len(found.failures) > max_failures:
        ctx.exit(FAILURES)


def _say_pass(done: PassDone, *, verbose: bool) -> None:
    """Say on stderr, after the first pass, how long it will take; if asked, what each has moved."""
    from bnstat import reports

    if done.number == 1:
        layers = reports.counted(done.layers, "BatchNorm layer")
        images = reports.counted(done.images, "image")
        most = "1 pass" if done.at_most == 1 else f"at most {done.at_most} passes"
        _say(f"{layers}, {images}: {most} of {done.seconds:.1f} s")
    if verbose:
        _say(f"pass {done.number}: moved by {done.moved:.2g}, {done.seconds:.1f} s")


def _say(text: str) -> None:
    click.echo(printable(text), err=True)
