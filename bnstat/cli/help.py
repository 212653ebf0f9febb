"""The help of a command: two examples, then its options in groups; the rest by --help-all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

# The groups of options, in the order of help texts; the first options of each are the commonest.
GROUPS: dict[str, Sequence[str]] = {
    "Comparison": ("to", "groups", "attribute", "fail_over", "significant"),
    "The model": ("weights", "stats", "check"),
    "What to read": (
        *("files_from", "null", "root", "include", "exclude", "mode", "max_value"),
        "unscale",
        *("column", "frames", "truncated"),
        *("files_column", "where", "dataset", "array", "layout", "follow_links"),
        *("max_pixels", "max_bytes"),
    ),
    "Pipeline": ("augment", "epochs", "seed", "keep_normalize"),
    "Which pixels count": (
        *("alpha", "nodata", "masks", "mask_values", "mask_ignore", "masks_missing"),
        "exclude_fill",
    ),
    "How many images": ("sample", "until", "confidence", "shard"),
    "BatchNorm": (
        *("batch_size", "momentum", "order", "batch_sizes", "momenta", "orders", "repeats"),
        "tolerance",
        "max_passes",
    ),
    "Groups and records": ("by", "records", "cluster", "percentiles"),
    "Running": (
        *("workers", "journal", "engine", "device", "cache", "timeout", "network_timeout"),
        *("start_method", "fail_fast", "max_failures", "all_failures", "strict"),
    ),
    "Output": (),  # and all others
}
# The most used, which stand on the first screen.
_COMMON = {
    *("files_from", "mode", "augment", "masks", "sample", "batch_size", "by", "workers"),
    *("output", "form", "quiet", "verbose", "to", "groups", "fail_over", "weights", "stats"),
    *("check", "batch_sizes", "momenta", "threshold", "limit", "fail"),
}
EXAMPLES: Mapping[str, tuple[str, str]] = {
    "compute": (
        "bnstat compute ./data",
        "bnstat compute ./data --augment imagenet-train --epochs 3",
    ),
    "compare": (
        "bnstat compare --augment colorjitter",
        "bnstat compare train.json ./test --fail-over 0.01",
    ),
    "explain": (
        "bnstat explain cifar10 ./data",
        "bnstat explain 0.4914,0.4822,0.4465/0.2023,0.1994,0.2010 ./data",
    ),
    "sweep": ("bnstat sweep", "bnstat sweep ./data --batch-size 16,64 --momentum 0.01,0.1"),
    "export": ("bnstat export --format normalize", "bnstat export --format state_dict -o bn.pt"),
    "report": ("bnstat report", "bnstat report train.json test.json -o both.html"),
    "plot": ("bnstat plot histogram", "bnstat plot margin stats.json -o margin.png"),
    "outliers": ("bnstat outliers ./data", "bnstat outliers ./data --by folder --format keys"),
    "duplicates": ("bnstat duplicates ./data", "bnstat duplicates ./train ./test --fail"),
    "recalibrate": (
        "bnstat recalibrate torchvision:resnet18 ./data --weights w.pt --check",
        "bnstat recalibrate my.models:net ./data --augment imagenet-eval -o new.pt",
    ),
    "fold": (
        "bnstat fold torchvision:resnet18 --weights w.pt -o net.pt2",
        "bnstat fold my.models:net --stats imagenet --input uint8 -o net.onnx",
    ),
    "merge": ("bnstat merge s1.json s2.json s3.json", "bnstat merge shards/*.json -o all.json"),
    "pipelines": ("bnstat pipelines", "bnstat pipelines simclr > my.toml"),
    "demo": ("bnstat demo", "bnstat demo /tmp/bnstat-demo"),
    "help": ("bnstat help", "bnstat help compute"),
}
# Fewer options are shown at once.
_FEW = 20
_ALL = "bnstat.help_all"


class Command(click.Command):
    """A command whose help has examples, and options in groups."""

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        options = [p for p in self.params if isinstance(p, click.Option)]
        self.has_more = len(options) > _FEW
        if self.has_more:
            self.params.append(
                click.Option(
                    ["--help-all"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=_show_all,
                    help="Show all options and exit.",
                )
            )

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called, and two examples that work."""
        super().format_usage(ctx, formatter)
        with formatter.section("Examples"):
            for example in EXAMPLES[str(self.name)]:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in groups, the commonest or all; few options need no groups."""
        options = {str(p.name): p for p in self.get_params(ctx) if isinstance(p, click.Option)}
        groups = _grouped(options) if self.has_more else {"Options": list(options.values())}
        everything = ctx.meta.get(_ALL, False) or not self.has_more
        for title, members in groups.items():
            shown = [p for p in members if everything or p.name in _COMMON or p.is_eager]
            records = [record for p in shown if (record := p.get_help_record(ctx)) is not None]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def _grouped(options: Mapping[str, click.Option]) -> dict[str, list[click.Option]]:
    known = {name for names in GROUPS.values() for name in names}
    others = [name for name in options if name not in known]
    members = GROUPS | {"Output": others}
    return {t: [options[name] for name in names if name in options] for t, names in members.items()}


def _show_all(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        ctx.meta[_ALL] = True
        click.echo(ctx.get_help())
        ctx.exit()


def subcommand(name: str, summary: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Return what makes a command of a function."""
    names = {"help_option_names": ["-h", "--help"]}  # also without a parent
    return click.command(name, cls=Command, short_help=summary, context_settings=names)


@subcommand("help", "Show the help of a command.")
@click.argument("name", required=False, metavar="[COMMAND]")
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Show the help of COMMAND, as COMMAND --help does, or that of bnstat."""
    parent = ctx.parent
    assert parent is not None and isinstance(parent.command, click.Group)
    if name is None:
        click.echo(parent.get_help())
        return
    _, found, _ = parent.command.resolve_command(parent, [name])
    assert found is not None
    click.echo(click.Context(found, info_name=name, parent=parent).get_help())
