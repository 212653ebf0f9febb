"""One transform as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


class Word(str):
    """A bare name: a dtype ("float32") or a member of an enum ("InterpolationMode.BICUBIC")."""

    __slots__ = ()


@dataclass(frozen=True)
class Step:
    """A transform of torchvision.transforms.v2: its name and its arguments.

    >>> str(Step("Resize", (256,), {"interpolation": Word("InterpolationMode.BICUBIC")}))
    'Resize(256, interpolation=InterpolationMode.BICUBIC)'
    """

    name: str
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]

    def __str__(self) -> str:
        """Return the step as canonical spec text, which reads back to the same step."""
        arguments = [_text(value) for value in self.args]
        arguments += [f"{name}={_text(value)}" for name, value in self.kwargs.items()]
        return f"{self.name}({', '.join(arguments)})"


Value: TypeAlias = (
    "Step | Word | str | int | float | bool | list[Value] | tuple[Value, ...] "
    "| dict[str | int, Value] | None"
)


def _text(value: Value) -> str:
    match value:
        case Step() | Word():
            return str(value)
        case list():
            return "[" + ", ".join(map(_text, value)) + "]"
        case tuple():
            return "(" + "".join(f"{_text(v)}, " for v in value).strip() + ")"
        case dict():
            return "{" + ", ".join(f"{k!r}: {_text(v)}" for k, v in value.items()) + "}"
    return repr(value)
