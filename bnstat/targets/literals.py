"""Values as text that files hold: numbers, lists, names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from ctypes import c_float
from typing import Any

_DIGITS_OF_A_FLOAT32 = 9


def shortest(value: float) -> str:
    """Return the shortest decimal text that reads back to the same float32.

    >>> shortest(0.4850000001), shortest(1 / 3)
    ('0.485', '0.33333334')
    """
    nearest = c_float(value).value
    if math.isinf(nearest):
        return repr(value)
    # Digits of the float32, not of `value`: rounded, that may be nearer to the neighbour.
    texts = (f"{nearest:.{digits}g}" for digits in range(1, _DIGITS_OF_A_FLOAT32 + 1))
    return next(text for text in texts if c_float(float(text)).value == nearest)


def literal(value: Any) -> str:
    r"""Return a value on one line, as Python, JSON, YAML and TOML all read it.

    It is a number, printable text, or a list or mapping of such; a mapping is not for TOML.

    >>> literal([0.485, 1e-05, 1.0, "a\\b"])
    '[0.485, 1.0e-05, 1.0, "a\\\\b"]'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, float):
        text = repr(value)  # of which YAML 1.1 takes 1e-05 for a text, and not 1.0e-05
        return text if "." in text else text.replace("e", ".0e")
    return json.dumps(value, ensure_ascii=False)


def json_file(document: Mapping[str, Any]) -> bytes:
    """Return a JSON file, indented as the tools that read it write it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
