"""Print docs/cli.md: `python tests/docs/cli.py > docs/cli.md`."""

from collections.abc import Iterator

import click

from bnstat.cli.app import COMMANDS, app
from bnstat.cli.help import all_help

_HEAD = """\
# The command line

Generated from `--help-all` by `python tests/docs/cli.py > docs/cli.md`.

Data goes to stdout, everything else to stderr. A SOURCE is a folder, a file, an
archive, a URL or a pattern. `-` is stdin or stdout. `-h` is `--help`. `NO_COLOR` is obeyed.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | `compare --fail-over TOL`: a mean or std differs more; `--fail` of `duplicates`, `explain` |
| 2 | a malformed command line |
| 3 | done and written, but more than `--max-failures` images could not be measured |
| 4 | any other error: nothing to measure, all failed, a file that cannot be read or written |
| 70 | a bug |

Ctrl-C ends it at once, by the signal; so does a closed pipe, silently. An error is one or two
lines; `bnstat --debug COMMAND` adds the traceback.

## Completion

A shell completes commands, options, presets, transforms and formats once its start file has a line:

| shell | file | line |
|---|---|---|
| bash | `~/.bashrc` | `eval "$(_BNSTAT_COMPLETE=bash_source bnstat)"` |
| zsh | `~/.zshrc` | `eval "$(_BNSTAT_COMPLETE=zsh_source bnstat)"` |
| fish | `~/.config/fish/config.fish` | `_BNSTAT_COMPLETE=fish_source bnstat \\| source` |
"""


def page() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    root = click.Context(app, info_name="bnstat", max_content_width=100, terminal_width=100)
    yield _section("bnstat", app.get_help(root))
    for name in COMMANDS:
        command = app.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root, terminal_width=100)
        yield _section(f"bnstat {name}", all_help(context))


def _section(title: str, text: str) -> str:
    return f"\n## {title}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
