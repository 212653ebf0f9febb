"""Bare names that are values: dtypes and enum members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bnstat.augment.step import Value, Word
from bnstat.errors import SpecError

if TYPE_CHECKING:
    from enum import Enum

PACKAGES = {"torchvision", "transforms", "v2", "T", "torch"}

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


def find(name: str) -> Word | None:
    """Return the word that a bare name is, in its full form, or None.

    >>> find("BICUBIC"), find("float32"), find("Resize")
    ('InterpolationMode.BICUBIC', 'float32', None)
    """
    if name in _DTYPES:
        return Word(name)
    enum, _, member = name.rpartition(".")
    for known, members in _MEMBERS.items():
        if member in members and enum in ("", known):
            return Word(f"{known}.{member}")
    return None


def of_argument(argument: str, value: Value) -> Value:
    """Return an argument's value, with the word that a string means there in its place.

    >>> of_argument("interpolation", "bicubic"), of_argument("fill", "bicubic")
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
    word = find(bare) or find(bare.upper().replace("-", "_"))
    if word is None or (word.partition(".")[0] if "." in word else "dtype") != kind:
        known = _MEMBERS.get(kind, _DTYPES)
        raise SpecError(f"no {argument} {value!r}; there are {', '.join(known)}")
    return word


def resolve(word: Word) -> Any:
    """Return torch's or torchvision's object for a word."""
    import torch

    from bnstat.transforms import v2

    enum, _, member = word.rpartition(".")
    if not enum:
        return getattr(torch, word)
    members: type[Enum] = getattr(v2, enum)
    return members[member]
