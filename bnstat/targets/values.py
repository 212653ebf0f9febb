"""Figures, and where they come from, as JSON, YAML, TOML, CSV and shell variables."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bnstat.result import EXACT
from bnstat.targets.figures import Figures, literal
from bnstat.text import printable

_BY_CHANNEL = {"channels": "channel", "mean": "mean", "std": "std", "var": "var"}


def _named_values(figures: Figures) -> dict[str, Any]:
    """Return names and values, as numbers, texts and lists of them.

    `mean`, `std` and `var` are for images in [0, `scale`], one for each of `channels`; `count` is
    the number of samples per channel, one number where all channels have as many.
    """
    counts = figures.stats.count
    return {
        "mean": figures.numbers(figures.mean),
        "std": figures.numbers(figures.std),
        "var": figures.numbers(figures.var),
        "count": counts[0] if len(set(counts)) == 1 else list(counts),
        "scale": figures.scale,
        **({} if figures.in_unit else {"unit": figures.stats.unit}),
        "channels": [printable(channel) for channel in figures.channels],
        **figures.provenance,
    }


def as_json(figures: Figures) -> bytes:
    """Return JSON (RFC 8259): one object, with a member a line."""
    members = (f"  {literal(name)}: {literal(v)}" for name, v in _named_values(figures).items())
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def as_yaml(figures: Figures) -> bytes:
    """Return YAML 1.2: a mapping; its values are written as in JSON, which YAML includes."""
    values = _named_values(figures).items()
    return "".join(f"{name}: {literal(value)}\n" for name, value in values).encode()


def as_toml(figures: Figures) -> bytes:
    """Return TOML 1.0; numbers, texts and lists are written as in JSON."""
    values = _named_values(figures).items()
    return "".join(f"{name} = {literal(value)}\n" for name, value in values).encode()


def as_csv(figures: Figures) -> bytes:
    """Return CSV (RFC 4180): a line a channel; what holds for all channels is in every line.

    Lines of groups follow, if there are any, with their labels in a column `group`.
    """
    values = _named_values(figures)
    parts = [(values, [""] * bool(figures.stats.groups))]
    parts += [(_named_values(part), [printable(label)]) for label, part in _groups(figures)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    others = [name for name in values if name not in _BY_CHANNEL]
    writer.writerow([*_BY_CHANNEL.values(), *others, *["group"] * len(parts[0][1])])
    for part, label in parts:
        columns = zip(*(part[name] for name in _BY_CHANNEL), strict=True)
        writer.writerows([*row, *(part[name] for name in others), *label] for row in columns)
    return file.getvalue().encode()


def _groups(figures: Figures) -> Iterator[tuple[str, Figures]]:
    stats = figures.stats
    for label, group in (stats.groups or {}).items() if figures.method == EXACT else ():
        part = replace(
            stats,
            methods={EXACT: group.exact},
            count=group.count,
            source=replace(stats.source, images=group.images),
        )
        yield label, replace(figures, stats=part)


def as_env(figures: Figures) -> bytes:
    """Return assignments for `source` (POSIX.1-2024, section 2.2); blanks separate a list."""
    values = _named_values(figures).items()
    return "".join(f"BNSTAT_{name.upper()}={_word(value)}\n" for name, value in values).encode()


def _word(value: object) -> str:
    """Return numbers in double quotes, and texts in single ones, in which nothing is expanded."""
    if isinstance(value, str):
        return shlex.quote(value)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, str) for item in items):
        return shlex.quote(" ".join(map(str, items)))
    return f'"{" ".join(map(repr, items))}"'
