"""Where values stand in JSON.

The standard library reads JSON but does not say where; its decoder is asked value by value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, TypeAlias

from bnstat.errors import ExportError
from bnstat.targets.figures import literal

Edit: TypeAlias = tuple[int, int, str]  # start, end and what comes there

_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Collection:
    """An object or array in a text.

    spans: start and end of each value, by name or index; gap: the blanks before the first of them;
    last: where the last of them ends.
    """

    spans: Mapping[str | int, tuple[int, int]]
    gap: str
    last: int


def read(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{name} is not JSON: {error}") from error


def edits(text: str, fields: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield the edits that put the values of `fields` into the object that a text holds."""
    start = _skip_blanks(text, 0)
    indent = _collection(text, start).gap.rpartition("\n")[2]
    yield from _edits(text, (start, len(text)), fields, indent or "  ")


def _edits(text: str, span: tuple[int, int], value: Any, indent: str) -> Iterator[Edit]:
    """Change numbers within a list of the same length, so that its layout stays; else all of it."""
    start, end = span
    if isinstance(value, Mapping) and text[start] == "{":
        old = _collection(text, start)
        for name in value.keys() & old.spans.keys():
            yield from _edits(text, old.spans[name], value[name], indent)
        missing = {name: value[name] for name in value if name not in old.spans}
        if missing:
            yield _added(start, old, missing, indent)
        return
    if isinstance(value, list) and text[start] == "[":
        spans = _collection(text, start).spans.values()
        if len(spans) == len(value):
            for item, new in zip(spans, value, strict=True):
                yield from _edits(text, item, new, indent)
            return
    yield (start, end, literal(value))


def _added(start: int, old: _Collection, missing: Mapping[str, Any], indent: str) -> Edit:
    """Return the edit that puts members last into an object, laid out like their neighbours."""
    if not old.spans:
        return (start + 1, start + 1, literal(missing)[1:-1])
    members = (
        f"{json.dumps(name)}: {_laid_out(v, old.gap, indent)}" for name, v in missing.items()
    )
    comma = "," + (old.gap or " ")
    return (old.last, old.last, "".join(comma + member for member in members))


def _laid_out(value: Any, gap: str, indent: str) -> str:
    before, newline, depth = gap.rpartition("\n")
    if not newline:
        return literal(value)
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.replace("\n", ("\r\n" if before.endswith("\r") else "\n") + depth)


def _collection(text: str, start: int) -> _Collection:
    """Find the values of the object or array that begins at `start`."""
    at = _skip_blanks(text, start + 1)
    gap, last = text[start + 1 : at], at
    spans: dict[str | int, tuple[int, int]] = {}
    while text[at] not in "]}":
        name: str | int = len(spans)
        if text[start] == "{":
            name, at = scanstring(text, at + 1, False)
            at = _skip_blanks(text, _skip_blanks(text, at) + 1)  # behind the colon
        _, last = _DECODER.raw_decode(text, at)
        spans[name] = at, last
        at = _skip_blanks(text, last)
        if text[at] == ",":
            at = _skip_blanks(text, at + 1)
    return _Collection(spans, gap, last)


def _skip_blanks(text: str, start: int) -> int:
    match = _BLANKS.match(text, start)
    return match.end() if match else start
