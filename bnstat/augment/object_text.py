"""A transform object as text: what it is and its arguments, never a `repr` with an address."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from typing import Any

_DEEPEST = 8
_LONGEST = 200  # characters of one value


def text_of(value: Any, depth: int = 0) -> str:
    """Return an object as spec text, as far as it has one.

    A transform is its class and those arguments of its constructor that it keeps as attributes; a
    function is module:name; anything else that is no literal is the name of its class.

    >>> text_of((1, [None, "a"], {"b": 0.5}))
    "(1, [None, 'a'], {'b': 0.5})"
    >>> text_of(text_of)
    'bnstat.augment.object_text:text_of'
    """
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case None | bool() | int() | float() | str() | bytes():
            text = repr(value)
        case list() | tuple() | dict() if depth >= _DEEPEST:
            text = type(value).__name__
        case list():
            text = "[" + ", ".join(text_of(v, depth + 1) for v in value) + "]"
        case tuple():
            text = "(" + "".join(f"{text_of(v, depth + 1)}, " for v in value).strip(" ") + ")"
            text = text if len(value) < 2 else text[:-2] + ")"
        case dict():
            items = (f"{text_of(k, depth + 1)}: {text_of(v, depth + 1)}" for k, v in value.items())
            text = "{" + ", ".join(items) + "}"
        case _:
            return _of_object(value, depth)
    return text if len(text) <= _LONGEST else type(value).__name__


def _of_object(value: Any, depth: int) -> str:
    if inspect.isroutine(value) or inspect.isclass(value):
        module = getattr(value, "__module__", None)
        return f"{module}:{getattr(value, '__qualname__', type(value).__name__)}"
    name = type(value).__name__
    if name == "dtype":
        return str(value).removeprefix("torch.")
    if not callable(value) or depth >= _DEEPEST:
        return name
    kept = _arguments(value)
    return f"{name}({', '.join(f'{k}={text_of(v, depth + 1)}' for k, v in kept.items())})"


def _arguments(value: Any) -> Mapping[str, Any]:
    """Return the arguments of an object's constructor that are among its own attributes."""
    try:
        parameters = inspect.signature(type(value)).parameters
        own = vars(value)
    except (TypeError, ValueError):  # a class of C that does not tell
        return {}
    modules = own.get("_modules", {})  # where torch keeps modules within a module
    kept = {**modules, **own}
    return {name: kept[name] for name in parameters if name in kept}
