"""What a shell completes: commands and options by click, and the values that options know."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import click
from click.shell_completion import CompletionItem, shell_complete

VARIABLE = "_BNSTAT_COMPLETE"


def complete(app: click.Command, instruction: str) -> int:
    """Print a completion script ("bash_source"), or what completes ("bash_complete")."""
    return shell_complete(app, {}, "bnstat", VARIABLE, instruction)


def complete_spec(
    context: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return presets, transforms and files that begin as typed; behind a bar, transforms."""
    from bnstat.verbs.pipelines import preset_names

    before, bar, last = typed.rpartition("|")
    last = last.lstrip()
    kept = f"{before}| " if bar else ""
    names = [*([] if bar else preset_names()), *_transforms()]
    items = [CompletionItem(kept + name) for name in names if name.startswith(last)]
    return items or [CompletionItem(typed, type="file")]


def _transforms() -> list[str]:
    """Return the names of torchvision's v2 transforms from its source: importing takes seconds."""
    package = find_spec("torchvision")
    if package is None or package.origin is None:
        return []
    source = Path(package.origin).parent / "transforms" / "v2" / "__init__.py"
    text = source.read_text(encoding="utf-8") if source.is_file() else ""
    imported = re.findall(r"^from \._\w+ import (\([^)]*\)|.*)$", text, flags=re.MULTILINE)
    return sorted(set(re.findall(r"\b[A-Z]\w+", " ".join(imported))) - {"Transform"})
