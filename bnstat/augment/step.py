"""A transform as data: its name and arguments, and bare names among them, which are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from bnstat.errors import SpecError

if TYPE_CHECKING:
    from enum import Enum

_DTYPES = ("uint8", "uint16", "float16", "bfloat16", "float32", "float64")
# The members of torchvision's enums, so that a spec can be read without importing torch. A test
# compares them.
_MEMBERS = {
    "InterpolationMode": (
        *("NEAREST", "NEAREST_EXACT", "BILINEAR", "BICUBIC", "BOX", "HAMMING", "LANCZOS"),
    ),
    "AutoAugmentPolicy": ("IMAGENET", "CIFAR10", "SVHN"),
}
# Which arguments take such words; a string there is taken for one.
_ARGUMENTS = {
    "interpolation": "InterpolationMode",
    "policy": "AutoAugmentPolicy",
    "dtype": "dtype",
}


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


def find_word(name: str) -> Word | None:
    """Return the word that a bare name is, in its full form, or None.

    >>> find_word("BICUBIC"), find_word("float32"), find_word("Resize")
    ('InterpolationMode.BICUBIC', 'float32', None)
    """
    if name in _DTYPES:
        return Word(name)
    enum, _, member = name.rpartition(".")
    for known, members in _MEMBERS.items():
        if member in members and enum in ("", known):
            return Word(f"{known}.{member}")
    return None


def argument_value(argument: str, value: Value) -> Value:
    """Return an argument's value, with the word that a string means there in its place.

    >>> argument_value("interpolation", "bicubic"), argument_value("fill", "bicubic")
    ('InterpolationMode.BICUBIC', 'bicubic')

    Raises
    ------
    SpecError
        If the argument takes a word, and the value is another.
    """
    kind = _ARGUMENTS.get(argument)
    if kind is None or not isinstance(value, str):
        return value
    bare = value.removeprefix("torch.")
    word = find_word(bare) or find_word(bare.upper().replace("-", "_"))
    if word is None or (word.partition(".")[0] if "." in word else "dtype") != kind:
        known = _MEMBERS.get(kind, _DTYPES)
        raise SpecError(f"no {argument} {value!r}; there are {', '.join(known)}")
    return word


def resolve_word(word: Word) -> Any:
    """Return torch's or torchvision's object for a word."""
    import torch

    from bnstat.transforms import v2

    enum, _, member = word.rpartition(".")
    if not enum:
        return getattr(torch, word)
    members: type[Enum] = getattr(v2, enum)
    return members[member]
