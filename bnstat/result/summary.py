"""A result on a few lines: as a Python session shows it, and as HTML for a notebook."""

from __future__ import annotations

from html import escape

from bnstat.result.contents import Contents
from bnstat.text import printable

_MOST_CHANNELS = 8
_MOST_CHARACTERS = 120  # of names


def summary(stats: Contents) -> str:
    """Return what was measured, and mean and std of each channel."""
    lines = [f"<Stats of {_headline(stats)}", *_channel_lines(stats)]
    return "\n  ".join(lines) + ">"


def html(stats: Contents) -> str:
    """Return the same as a table, a row for each channel; names are escaped."""
    caption = f"<caption>{escape(_headline(stats))}</caption>"
    head = "".join(f"<th>{name}</th>" for name in ("", "mean", "std"))
    rows = [
        f"<tr><th>{escape(channel)}</th><td>{mean}</td><td>{std}</td></tr>"
        for channel, mean, std in _figures(stats)
    ]
    more = len(stats.channels) - len(rows)
    rest = f'<tr><td colspan="3">and {more} more channels</td></tr>' if more else ""
    return f"<table>{caption}<tr>{head}</tr>{''.join(rows)}{rest}</table>"


def _headline(stats: Contents) -> str:
    source = stats.source
    where = " | ".join([" ".join(source.locations), *stats.pipeline.transforms])
    if len(where) > _MOST_CHARACTERS:
        where = where[: _MOST_CHARACTERS - 3] + "..."
    parts = [f"{source.images:,} image{'s' * (source.images != 1)}", f"mode {stats.mode}"]
    if source.failures:
        parts.insert(1, f"{len(source.failures):,} failed")
    if source.shards is not None:
        parts.append(f"shard {source.shards}")
    return f"{printable(where)}: {', '.join(parts)}"


def _channel_lines(stats: Contents) -> list[str]:
    lines = [f"{channel}: mean {mean}, std {std}" for channel, mean, std in _figures(stats)]
    more = len(stats.channels) - len(lines)
    return [*lines, f"and {more} more channels"] if more else lines


def _figures(stats: Contents) -> list[tuple[str, str, str]]:
    if not stats.channels:
        return []
    values = zip(stats.channels, stats.mean, stats.std, strict=True)
    return [
        (printable(channel), f"{mean:.6f}", f"{std:.6f}")
        for channel, mean, std in list(values)[:_MOST_CHANNELS]
    ]
