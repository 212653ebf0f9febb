"""Reading untrusted JSON: a value, where it stands, and what it must be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from bnstat.errors import DocumentError
from bnstat.result.estimates import Floats

T = TypeVar("T")
P = ParamSpec("P")

# More of anything has no meaning: a number beyond is an error of what wrote it.
LARGEST = 10**60
# The squares of means and stds are floats too.
LARGEST_REAL = 1e150


class Node:
    """A value of a document and the path to it.

    Each method returns the value as one type, or raises DocumentError naming the path.

    >>> Node({"count": 3}, "bnstat.json")["count"].integer()
    3
    >>> Node({"count": "3"}, "bnstat.json")["count"].integer()
    Traceback (most recent call last):
    bnstat.errors.DocumentError: bnstat.json: count must be an integer of at least 0
    """

    def __init__(self, value: Any, document: str, path: str = "") -> None:
        self.value = value
        self._document = document
        self._path = path

    def _wrong(self, expected: str) -> NoReturn:
        raise DocumentError(f"{self._document}: {self._path or 'it'} must be {expected}")

    def _child(self, key: str | int, value: Any) -> Node:
        return Node(value, self._document, f"{self._path}.{key}".lstrip("."))

    def __getitem__(self, key: str) -> Node:
        if not isinstance(self.value, dict):
            self._wrong("an object")
        if key not in self.value:
            self._child(key, None)._wrong("there; it is missing")
        return self._child(key, self.value[key])

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def get(self, key: str, default: Any) -> Node:
        return self[key] if key in self.value else self._child(key, default)

    def or_none(
        self, read: Callable[Concatenate[Node, P], T], *args: P.args, **named: P.kwargs
    ) -> T | None:
        """Return None for null, else what `read` makes of it."""
        return None if self.value is None else read(self, *args, **named)

    def optional(
        self, key: str, read: Callable[Concatenate[Node, P], T], *args: P.args, **named: P.kwargs
    ) -> T | None:
        """Return what `read` makes of the value under a key; None where it is null or missing."""
        return self.get(key, None).or_none(read, *args, **named)

    def items(self) -> list[tuple[str, Node]]:
        if not isinstance(self.value, dict):
            self._wrong("an object")
        return [(key, self._child(key, value)) for key, value in self.value.items()]

    def sequence(self, length: int | None = None) -> list[Node]:
        if not isinstance(self.value, list) or length not in (None, len(self.value)):
            self._wrong("an array" if length is None else f"an array of {length}")
        return [self._child(i, value) for i, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            self._wrong("a string")
        return self.value

    def word(self) -> str:
        """Return a string that every terminal can be given: without lone surrogates."""
        text = self.text()
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._wrong("a string without lone surrogates")
        return text

    def texts(self, minimum: int = 0) -> tuple[str, ...]:
        nodes = self.sequence()
        if len(nodes) < minimum:
            self._wrong(f"an array of at least {minimum}")
        return tuple(node.text() for node in nodes)

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            self._wrong("true or false")
        return self.value

    def integer(self, minimum: int | None = 0, maximum: int = LARGEST) -> int:
        """Return an integer no less than `minimum` and no more than `maximum`.

        Without a minimum it may be as far below 0 as `maximum` is above.
        """
        value = self.value
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or (minimum is not None and value < minimum):
            self._wrong("an integer" + ("" if minimum is None else f" of at least {minimum}"))
        if value > maximum or (minimum is None and value < -maximum):
            self._wrong(f"an integer of at most {maximum}")
        return int(value)

    def integers(self, length: int | None = None) -> tuple[int, ...]:
        return tuple(node.integer() for node in self.sequence(length))

    def one_of(self, *values: T) -> T:
        for value in values:
            if type(self.value) is type(value) and self.value == value:
                return value
        self._wrong("one of " + ", ".join(map(str, values)))

    def real(self, minimum: float = -math.inf, maximum: float = math.inf) -> float:
        """Return a finite number no less than `minimum` and no more than `maximum`, as a float."""
        value = self.value
        if not isinstance(value, int | float) or isinstance(value, bool):
            self._wrong("a number")
        if not abs(value) <= 1.7e308 or value < minimum:
            self._wrong("a finite number" + (f" of at least {minimum:g}" if minimum == 0 else ""))
        if value > maximum:
            self._wrong(f"a number of at most {maximum:g}")
        return float(value)

    def floats(
        self, length: int, minimum: float = -LARGEST_REAL, maximum: float = LARGEST_REAL
    ) -> Floats:
        return tuple(node.real(minimum, maximum) for node in self.sequence(length))

    def variances(self, length: int) -> Floats:
        """Return an array of `length` numbers of at least 0, which may be squares of others."""
        return self.floats(length, 0.0, LARGEST_REAL**2)

    def roots_of(self, squares: Floats) -> Floats:
        """Return an array of the square roots of these values, one a channel."""
        roots = self.floats(len(squares), minimum=0.0)
        for root, square in zip(roots, squares, strict=True):
            if abs(root - math.sqrt(square)) > 1e-9 * max(1.0, root):
                self._wrong(f"the root of var: it is {root!r}, not {math.sqrt(square)!r}")
        return roots

    def ascending(self, maximum: int) -> tuple[int, ...]:
        """Return an array of ascending integers, at least one."""
        numbers = tuple(node.integer(maximum=maximum) for node in self.sequence())
        if not numbers or any(a >= b for a, b in pairwise(numbers)):
            self._wrong("ascending numbers")
        return numbers

    def hashes(self) -> tuple[int, ...]:
        """Return ascending numbers of 64 bits, from a string of 16 hex digits each."""
        text = self.text()
        words = [text[start : start + 16] for start in range(0, len(text), 16)]
        if not re.fullmatch("([0-9a-f]{16})*", text) or any(a >= b for a, b in pairwise(words)):
            self._wrong("ascending hashes of 16 hex digits")
        return tuple(int(word, 16) for word in words)

    def percentiles(self, length: int) -> dict[str, Floats]:
        """Return arrays of `length` numbers by percentile, which is a number in text."""
        for name, node in self.items():
            if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?(e-[0-9]+)?", name) or float(name) > 100:
                node._wrong("at a percentile from 0 to 100")
        return {name: node.floats(length) for name, node in self.items()}

    def decimals(self, length: int, *, signed: bool = False) -> tuple[int, ...]:
        """Return `length` integers of at least 0, or signed ones, from decimal strings."""
        texts = [node.text() for node in self.sequence(length)]
        pattern = "-?[0-9]{1,60}" if signed else "[0-9]{1,60}"
        if not all(re.fullmatch(pattern, text) for text in texts):
            self._wrong("decimal integers in strings")
        return tuple(int(text) for text in texts)

    def table(self, rows: int, columns: int) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(node.integer() for node in row.sequence(columns)) for row in self.sequence(rows)
        )
