"""A result document in words: what it is of, and what another one replaces."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bnstat.settings import Settings, settings_of
from bnstat.text import is_url, pluralize, printable
from bnstat.verbs.resolve import recorded, title_of

if TYPE_CHECKING:
    from bnstat import Stats


def described(stats: Stats, name: str, now: datetime | None = None) -> str:
    """Return, in words, what a result document is of and how old it is."""
    where = title_of(stats)
    images = pluralize(stats.source.images, "image")
    return f"{name}, of {where} ({images}), measured {_age(stats, now or datetime.now(UTC))}"


def _age(stats: Stats, now: datetime) -> str:
    try:
        created = datetime.fromisoformat(stats.created)
        seconds = (now - created).total_seconds()
    except (ValueError, TypeError):  # of a document that something else has written
        return f"at {printable(stats.created)}"
    if seconds < 60:
        return "just now" if seconds > -60 else f"at {stats.created}, which is yet to come"
    units = ("day", 86400), ("hour", 3600), ("minute", 60)
    unit, length = next((u, n) for u, n in units if seconds >= n)
    return f"{pluralize(int(seconds // length), unit)} ago"


def replaced(old: Stats, new: Stats) -> str | None:
    """Return, in words, what was in a document that is replaced; None if it was the same thing."""
    if _places(old) != _places(new):
        where = printable(" ".join(old.source.locations)) or "unknown"
        shard = f", shard {old.source.shards}" if old.source.shards else ""
        return f"a result of other images: {where}{shard}"
    settings = _settings_in_words(old)
    other = [text for text in settings if text not in _settings_in_words(new)]
    return f"a result of other settings: {', '.join(other)}" if other else None


def _places(stats: Stats) -> tuple[object, ...]:
    """Return where the images of a result are, whatever the current folder."""
    source = stats.source
    paths = [
        name if is_url(os.fsencode(name)) else os.path.join(source.cwd, name)
        for name in source.locations
    ]
    return paths, source.files_from, source.shards


def _settings_in_words(stats: Stats) -> list[str]:
    pipeline = " | ".join(stats.pipeline.transforms) or "none"
    known = settings_of(Settings)
    values = {name: known[name].text(value) for name, value in recorded(stats).items()}
    texts = {"pipeline": printable(pipeline)} | {n: printable(v) for n, v in values.items()}
    return [f"{name.replace('_', ' ')} {text}" for name, text in texts.items()]
