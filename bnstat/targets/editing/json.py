"""Where values stand in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.editing.splice import Edit

_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Object:
    """An object in a text: spans of its members' values, and how it is laid out.

    gap: what stands before its first key; last: where its last member ends, or -1.
    """

    values: Mapping[str, tuple[int, int]]
    gap: str
    last: int


def read(text: str, name: str) -> Any:
    """Return what a text says."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{name} is not JSON: {error}") from error


def edits(text: str, fields: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield what puts the values of `fields` into the object that a text holds."""
    yield from _edits(text, _blanks(text, 0), fields)


def _edits(text: str, start: int, fields: Mapping[str, Any]) -> Iterator[Edit]:
    found = _object(text, start)
    missing = []
    for key, value in fields.items():
        if key not in found.values:
            missing.append(f"{json.dumps(key)}: {_dumped(value, found.gap)}")
            continue
        begin, end = found.values[key]
        if isinstance(value, Mapping) and text[begin] == "{":
            yield from _edits(text, begin, value)
        else:
            layout = found.gap if "\n" in text[begin:end] else ""
            yield Edit(begin, end, _dumped(value, layout))
    if missing and found.values:
        between = "," + (found.gap or " ")
        yield Edit(found.last, found.last, "".join(between + member for member in missing))
    elif missing:
        yield Edit(start + 1, start + 1, ", ".join(missing))


def _object(text: str, start: int) -> _Object:
    at = _blanks(text, start + 1)
    gap, last = text[start + 1 : at], -1
    values = {}
    while text[at] == '"':
        key, at = scanstring(text, at + 1, False)
        begin = _blanks(text, _blanks(text, at) + 1)  # behind the colon
        _, last = _DECODER.raw_decode(text, begin)
        values[key] = (begin, last)
        at = _blanks(text, last)
        if text[at] == ",":
            at = _blanks(text, at + 1)
    return _Object(values, gap, last)


def _blanks(text: str, start: int) -> int:
    match = _BLANKS.match(text, start)
    return match.end() if match else start


def _dumped(value: Any, gap: str) -> str:
    """Return a value laid out as its neighbours, which have `gap` before them."""
    _, newline, indent = gap.rpartition("\n")
    if not newline:
        return json.dumps(value, ensure_ascii=False)
    text = json.dumps(value, ensure_ascii=False, indent="\t" if "\t" in indent else 2)
    return text.replace("\n", ("\r\n" if "\r\n" in gap else "\n") + indent)
