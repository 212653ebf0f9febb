"""Transforms as data, and as inline text: "Resize(256) | CenterCrop(224) | Grayscale".

The text is parsed as Python and walked as a tree; nothing is evaluated, and only literals, dtypes,
enum members and transforms have a meaning.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bnstat.errors import SpecError
from bnstat.text import shortened

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
# What people write before the name of a transform.
_PACKAGES = {"torchvision", "transforms", "v2", "T", "torch"}
_MAX_CHARACTERS = 10_000
MAX_NUMBER = 2**63  # that torchvision can mean


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

    Raises SpecError if the argument takes a word, and the value is another.
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
    import torch

    from bnstat.transforms import v2

    enum, _, member = word.rpartition(".")
    if not enum:
        return getattr(torch, word)
    return getattr(v2, enum)[member]


def parse(text: str) -> tuple[Step, ...]:
    """Return the steps of a pipeline as text; raise SpecError where it has no meaning.

    >>> [str(step) for step in parse("RandomApply([GaussianBlur(23)], p=0.5) | Grayscale")]
    ['RandomApply([GaussianBlur(23)], p=0.5)', 'Grayscale()']
    """
    if len(text) > _MAX_CHARACTERS:
        raise SpecError(f"the pipeline has {len(text)} characters; put it into a TOML file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, of literals that it will once refuse
            tree = ast.parse(f"({text}\n)", mode="eval").body  # in brackets lines may end anywhere
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        cause = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise SpecError(
            f"cannot read the pipeline {shortened(text)!r}: {cause}; write it like "
            "'Resize(256) | CenterCrop(224)', or name a preset or a TOML file"
        ) from error
    return tuple(_step(node, text) for node in _split_at_pipes(tree))


def _split_at_pipes(tree: ast.expr) -> list[ast.expr]:
    """Return the steps of a | b | c, which Python reads as (a | b) | c."""
    nodes = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        nodes.append(tree.right)
        tree = tree.left
    return [tree, *reversed(nodes)]


def _step(node: ast.expr, text: str) -> Step:
    match node:
        case ast.Call(func, args, keywords):
            name = _dotted(func, text)
            named = {keyword.arg: keyword.value for keyword in keywords}
            if None in named or any(isinstance(arg, ast.Starred) for arg in args):
                raise SpecError(f"{name}: arguments cannot be unpacked with * in a pipeline")
            if len(named) < len(keywords):
                raise SpecError(f"{name}: an argument is given twice")
            kwargs = {
                str(key): argument_value(str(key), _value(value, text))
                for key, value in named.items()
            }
            return Step(name, tuple(_value(arg, text) for arg in args), kwargs)
        case ast.Name() | ast.Attribute():
            return Step(_dotted(node, text), (), {})
    raise SpecError(f"{_source(node, text)} is not a transform; write it like Resize(256)")


def _value(node: ast.expr, text: str) -> Value:
    match node:
        case ast.Constant(None | str() | bool() as value):
            return value
        case ast.UnaryOp(ast.USub(), ast.Constant(bool())):
            pass
        case ast.Constant(int() | float() as x) if abs(x) < MAX_NUMBER:
            return x
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as x)) if abs(x) < MAX_NUMBER:
            return -x
        case ast.List(items):
            return [_value(item, text) for item in items]
        case ast.Tuple(items):
            return tuple(_value(item, text) for item in items)
        case ast.Dict(keys, values) if all(isinstance(key, ast.Constant) for key in keys):
            names = [key.value for key in keys if isinstance(key, ast.Constant)]
            return {k: _value(v, text) for k, v in zip(names, values, strict=True)}  # type: ignore[misc]
        case ast.Name() | ast.Attribute():
            word = find_word(_dotted(node, text))
            return word if word is not None else _step(node, text)
        case ast.Call():
            return _step(node, text)
    raise SpecError(
        f"{_source(node, text)} means nothing in a pipeline; arguments are literals, dtypes, "
        "enum members and transforms"
    )


def _dotted(node: ast.expr, text: str) -> str:
    """Return a name, less the packages that people write before it (v2., transforms., torch.)."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise SpecError(f"{_source(node, text)} is not the name of a transform")
    parts.append(node.id)
    while len(parts) > 1 and parts[-1] in _PACKAGES:
        parts.pop()
    return ".".join(reversed(parts))


def _source(node: ast.expr, text: str) -> str:
    return repr(shortened(ast.get_source_segment(f"({text}\n)", node) or ast.dump(node)))
