"""Bare names that are values: dtypes and enum members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bnstat.pipelines.step import Word

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
# Which arguments a TOML file, that has only strings, means as such words.
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


def of_argument(argument: str, text: str) -> Word | str:
    """Return the word that a string means as this argument, or the string.

    >>> of_argument("interpolation", "bicubic"), of_argument("fill", "bicubic")
    ('InterpolationMode.BICUBIC', 'bicubic')
    """
    kind = _ARGUMENTS.get(argument)
    if kind == "dtype":
        return Word(text) if text in _DTYPES else text
    return (find(text.upper().replace("-", "_")) if kind else None) or text


def resolve(word: Word) -> Any:
    """Return torch's or torchvision's object for a word."""
    import torch
    from torchvision.transforms import v2

    enum, _, member = word.rpartition(".")
    if not enum:
        return getattr(torch, word)
    members: type[Enum] = getattr(v2, enum)
    return members[member]
