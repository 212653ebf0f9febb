"""A transform that is passed as a Python object: what it is called, and how workers get it."""

from __future__ import annotations

import inspect
import io
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b
from typing import Any

from bnstat.augment import user
from bnstat.errors import SpecError
from bnstat.user_code import MAIN_MODULES

# What the spec of such a pipeline begins with in a document, which cannot hold the object.
PREFIX = "object: "

_MAX_DEPTH = 8
_MAX_CHARACTERS = 200  # characters of one value


@dataclass(frozen=True)
class TransformObject:
    """A callable on a PIL image, and what is known of it.

    texts: what each of its transforms is, as spec text, of which a Compose or Sequential has
    several; ends_in_normalize: whether a Normalize at its end was left out; pickled: how it is sent
    to workers, None if that is not possible; problem: why it is not possible, or "".
    """

    texts: tuple[str, ...]
    ends_in_normalize: bool
    pickled: bytes | None
    problem: str
    _here: Any = field(repr=False)

    @classmethod
    def of(cls, transform: Any, *, keep_normalize: bool) -> TransformObject:
        """Return what is known of a transform; unless it is to be kept, without its Normalize.

        Raises SpecError if it cannot be called or seeded.
        """
        less = transform if keep_normalize else user.without_normalize(transform)
        user.as_transform(less, text_of(less))
        texts = tuple(map(text_of, _parts(less)))
        pickled, problem = _pickled(less)
        return cls(texts, less is not transform, pickled, problem, None if pickled else less)

    def __hash__(self) -> int:
        """Hash what workers get; an object that stays here is itself alone."""
        return hash((self.texts, self.pickled or id(self._here)))

    @property
    def spec(self) -> str:
        """What a document calls it."""
        return PREFIX + " | ".join(self.texts)

    @property
    def digest(self) -> str:
        """What differs if the object does, 32 hex digits; raises SpecError if it has none."""
        self.check_sendable("a journal cannot tell it from another one")
        return blake2b(self.pickled or b"", digest_size=16).hexdigest()

    def check_sendable(self, trouble: str) -> None:
        """Raise SpecError if the object cannot be pickled; `trouble` is what follows from that."""
        if self.problem:
            raise SpecError(f"{self.texts[0][:60]}: {trouble}: {self.problem}")

    def stages(self) -> list[Callable[[Any], Any]]:
        """Return each of its transforms, of an object of its own: the caller's stays as it is."""
        return [user.as_transform(part, text_of(part)) for part in _parts(self._make())]

    def build(self) -> Callable[[Any], Any]:
        """Return the whole transform, likewise."""
        return user.as_transform(self._make(), self.texts[0])

    def _make(self) -> Any:
        return self._here if self.pickled is None else pickle.loads(self.pickled)


def _parts(transform: Any) -> list[Any]:
    """Return the transforms of a Compose or Sequential of torch's own, one after the other."""
    package = type(transform).__module__.partition(".")[0]
    parts = user.parts(transform) if package in ("torch", "torchvision") else []
    return parts or [transform]


def _pickled(transform: Any) -> tuple[bytes | None, str]:
    """Return a transform as bytes that a worker can make it from; or why there are none."""
    try:
        data = pickle.dumps(transform, 5)
        _Reader(io.BytesIO(data)).load()
    except Exception as error:  # of any kind: the user's own code runs
        return None, re.sub(r" at 0x\w+", "", str(error)) or type(error).__name__
    return data, ""


class _Reader(pickle.Unpickler):
    """Reads a pickle as a worker does, which has no `__main__` of the caller's."""

    def find_class(self, module: str, name: str) -> Any:
        if module in MAIN_MODULES:
            raise pickle.UnpicklingError(f"{name} is defined in __main__, not in a module")
        return super().find_class(module, name)


def text_of(value: Any, depth: int = 0) -> str:
    """Return an object as spec text, as far as it has one.

    A transform is its class and those arguments of its constructor that it keeps as attributes; a
    function is module:name; anything else that is no literal is the name of its class.

    >>> text_of((1, [None, "a"], {"b": 0.5}))
    "(1, [None, 'a'], {'b': 0.5})"
    >>> text_of(text_of)
    'bnstat.augment.objects:text_of'
    """
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case None | bool() | int() | float() | str() | bytes():
            text = repr(value)
        case list() | tuple() | dict() if depth >= _MAX_DEPTH:
            text = type(value).__name__
        case list():
            text = "[" + ", ".join(text_of(v, depth + 1) for v in value) + "]"
        case tuple():
            text = "(" + ", ".join(text_of(v, depth + 1) for v in value) + ",)"
            text = text if len(value) == 1 else text[:-2] + ")"
        case dict():
            items = (f"{text_of(k, depth + 1)}: {text_of(v, depth + 1)}" for k, v in value.items())
            text = "{" + ", ".join(items) + "}"
        case _:
            return _of_object(value, depth)
    return text if len(text) <= _MAX_CHARACTERS else type(value).__name__


def _of_object(value: Any, depth: int) -> str:
    if inspect.isroutine(value) or inspect.isclass(value):
        module = getattr(value, "__module__", None)
        return f"{module}:{getattr(value, '__qualname__', type(value).__name__)}"
    name = type(value).__name__
    if name == "dtype":
        return str(value).removeprefix("torch.")
    if not callable(value) or depth >= _MAX_DEPTH:
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
