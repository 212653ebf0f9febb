"""`bnstat explain`: by which recipe constants come from images."""

from __future__ import annotations

from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.app import DRIFT
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal, say
from bnstat.measure.warm_up import warm_up
from bnstat.settings import Settings


@subcommand("explain", "By which recipe constants come from images.")
@click.argument("constants")
@click.argument("sources", nargs=-1, metavar="[SOURCE|STATS|RECORDS]...")
@options.dataset
@options.augment(
    "Try the images under this pipeline too, as in compute. Repeatable.", multiple=True
)
@click.option(
    "--try-resize",
    is_flag=True,
    help="Try the images resized to 32, 64, 224 and 256 too, and resized and cropped as ImageNet.",
)
@click.option("--fail", is_flag=True, help="Exit with status 1 if no recipe matches.")
@options.form("json", "markdown")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the explanation as JSON; - is standard output."
)
@options.settings(Settings, "the result's")
@options.failures
@options.terminal("verbose", "progress", "color")
def command(
    terminal: Terminal,
    constants: str,
    sources: tuple[str, ...],
    fail: bool,
    form: str,
    output: str | None,
    **settings: Any,
) -> int:
    """Find by which recipe CONSTANTS come from the images of SOURCEs.

    CONSTANTS are MEAN/STD as they are written, like 0.485,0.456,0.406/0.229,0.224,0.225, named
    constants, a framework's file, or Python code with Normalize(...). Without a SOURCE, the images
    are those of bnstat.json. Of two sources, each is tried, and both together.
    """
    sources = options.all_sources(sources, settings)
    warm_up(settings | {"augment": settings["augment"] or settings["try_resize"]})

    from bnstat.cli import outputs
    from bnstat.verbs.explain import explain
    from bnstat.verbs.resolve import DOCUMENT, is_document

    named = sources or (DOCUMENT,)
    outputs.check_output(output, [("SOURCE", name) for name in named])
    for name in filter(is_document, named):
        say(
            f"{name} has no records of single images: they are measured again "
            "(compute --records FILE saves that)"
        )
    with terminal.measuring() as meter:
        found = explain(constants, *sources, progress=meter.update, **options.given(settings))
    terminal.print_remarks(found.results[:1])
    outputs.write_and_show(found, output, form, terminal)
    if fail and not found.found:
        raise click.exceptions.Exit(DRIFT)
    return max((stats.source.failed for stats in found.results), default=0)
