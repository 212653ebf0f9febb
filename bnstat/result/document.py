"""The document: its versions, JSON to values and back.

Versions
--------
1   The first. Keys are stable; a reader ignores keys that it does not know.
2   `count` is one number a channel; new: `selection`, `sample`, `uncertainty`, `groups`. Version 1
    is read as a result in which no pixel and no image was left out.
"""

from __future__ import annotations

import json
from typing import TypeVar

from bnstat.errors import DocumentError
from bnstat.result.contents import Contents
from bnstat.result.node import Node
from bnstat.result.reading import read_contents
from bnstat.result.writing import layout, written_contents

FORMAT = "bnstat.stats"
VERSION = 2
_READABLE = (1, 2)

C = TypeVar("C", bound=Contents)


def parse(text: str | bytes, name: str, kind: type[C]) -> C:
    """Read a document from JSON as a value of the given kind; `name` is what errors call it.

    Raises
    ------
    DocumentError
        If it is not JSON, no result document, or of a version not known here.
    """
    try:
        root = Node(json.loads(text, parse_constant=_refuse), name)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{name} is not JSON ({error}); bnstat compute writes one") from error
    if not isinstance(root.value, dict) or root.value.get("format") != FORMAT:
        raise DocumentError(f"{name} is not a result of bnstat compute")
    version = root.value.get("version")
    if type(version) is not int or version not in _READABLE:
        raise DocumentError(
            f"{name} has version {version!r}; this bnstat reads {_READABLE[0]} to {VERSION}: "
            "upgrade bnstat, or compute again"
        )
    return read_contents(root, kind)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def render(stats: Contents) -> str:
    """Return the document as text: keys in a fixed order, a list of numbers on one line."""
    return layout({"format": FORMAT, "version": VERSION} | written_contents(stats)) + "\n"
