"""The commands, each loaded when it is called."""

from __future__ import annotations

import os
import shlex
from importlib import import_module

import click

from bnstat._version import __version__
from bnstat.text import did_you_mean

COMMANDS = (
    *("compute", "compare", "explain", "sweep", "export", "report", "plot", "outliers"),
    *("duplicates", "recalibrate", "fold", "merge", "pipelines", "demo"),
    "help",
)


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bnstat.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of what is none, say what was meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"no command {name!r}{_meant(name)}", ctx)
        return super().resolve_command(ctx, args)


def _meant(name: str) -> str:
    if meant := did_you_mean(name, COMMANDS):
        return meant
    if os.path.exists(name) or os.sep in name:
        return f"; did you mean: bnstat compute {shlex.quote(name)}"
    return f"; there are {', '.join(COMMANDS)}"


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, "-V", "--version", message="bnstat %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks of errors.")
@click.pass_context
def app(ctx: click.Context, debug: bool) -> None:
    """Exact mean and std of image folders, three ways, in the form your framework reads.

    \b
    bnstat compute ./data                 measure; show the three ways; write bnstat.json
    bnstat compare --augment colorjitter  what a pipeline does to the statistics
    bnstat export --format normalize      print a Normalize snippet of it
    bnstat export --format state_dict     write a primed BatchNorm2d of it
    """  # noqa: D301 (click reads the backspace)
    if ctx.invoked_subcommand is None:
        raise click.UsageError(f"name a command: {', '.join(COMMANDS)}.", ctx)
