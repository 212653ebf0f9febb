"""Where values stand in JSON.

The standard library reads JSON but does not say where; its decoder is asked value by value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from bnstat.errors import ExportError
from bnstat.targets.figures import literal

_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class _Collection(NamedTuple):
    """An object or array: where each value starts, the blanks before the first, the last's end."""

    starts: dict[str | int, int]
    gap: str
    end: int


def read(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{name} is not JSON: {error}") from error


def root(text: str) -> int:
    """Return where the value of a text starts; other values are known by that, too."""
    return _skip_blanks(text, 0)


def parts(text: str, start: int) -> dict[Any, int] | list[int] | None:
    """Return where the values in an object start, by name, or those in an array; else None."""
    if text[start] not in "[{":
        return None
    starts = _collection(text, start).starts
    return starts if text[start] == "{" else list(starts.values())


def span(text: str, start: int) -> tuple[int, int]:
    return start, _DECODER.raw_decode(text, start)[1]


def added(text: str, start: int, missing: Mapping[str, Any]) -> tuple[int, str]:
    """Return what puts members last into an object, laid out like their neighbours, and where."""
    old = _collection(text, start)
    if not old.starts:
        return start + 1, literal(missing)[1:-1]
    indent = _collection(text, root(text)).gap.rpartition("\n")[2] or "  "
    comma = "," + (old.gap or " ")
    members = (f"{json.dumps(k)}: {_laid_out(v, old.gap, indent)}" for k, v in missing.items())
    return old.end, "".join(comma + member for member in members)


def _laid_out(value: Any, gap: str, indent: str) -> str:
    before, newline, depth = gap.rpartition("\n")
    if not newline:
        return literal(value)
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.replace("\n", ("\r\n" if before.endswith("\r") else "\n") + depth)


def _collection(text: str, start: int) -> _Collection:
    """Find the values of the object or array that begins at `start`."""
    at = _skip_blanks(text, start + 1)
    gap, end = text[start + 1 : at], at
    starts: dict[str | int, int] = {}
    while text[at] not in "]}":
        name: str | int = len(starts)
        if text[start] == "{":
            name, at = scanstring(text, at + 1, False)
            at = _skip_blanks(text, _skip_blanks(text, at) + 1)  # behind the colon
        starts[name] = at
        _, end = _DECODER.raw_decode(text, at)
        at = _skip_blanks(text, end)
        if text[at] == ",":
            at = _skip_blanks(text, at + 1)
    return _Collection(starts, gap, end)


def _skip_blanks(text: str, start: int) -> int:
    match = _BLANKS.match(text, start)
    return match.end() if match else start
