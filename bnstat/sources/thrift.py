"""Structs in Thrift's compact protocol, in which Parquet describes its pages and columns.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any, TypeAlias

from bnstat.sources.limits import UnreadableError

# The fields of a struct by their numbers: integers, bytes, lists and structs.
Struct: TypeAlias = dict[int, Any]

_DEPTH = 16
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_MANY = 15  # elements of a list, or more: then their number follows


class IncompleteError(Exception):
    """The bytes end before the struct does."""


class Compact:
    """Reads structs from bytes; `at` is how far.

    Booleans, single bytes and floating-point numbers are passed over: none is needed.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> Struct:
        """Return the struct that follows.

        Raises
        ------
        IncompleteError
            If the bytes end before it does.
        UnreadableError
            If it is none.
        """
        fields: Struct = {}
        name = 0
        while (head := self._byte()) != 0:
            kind = head & 15
            name = name + (head >> 4) if head >> 4 else self._integer()
            value = None if kind in (_TRUE, _FALSE) else self._value(kind, depth + 1)
            if value is not None:
                fields[name] = value
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEPTH:
            raise UnreadableError("its description is damaged")
        if kind in (_I16, _I32, _I64):
            return self._integer()
        if kind == _STRUCT:
            return self.struct(depth)
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind not in (_TRUE, _FALSE, _BYTE, _DOUBLE):  # no map is in what Parquet writes
            raise UnreadableError("its description is damaged")
        self._bytes(8 if kind == _DOUBLE else 1)
        return None

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        number = head >> 4 if head >> 4 != _MANY else self._unsigned()
        return [self._value(head & 15, depth + 1) for _ in range(number)]

    def _bytes(self, size: int) -> bytes:
        start = self.at
        self.at += size
        if self.at > len(self._data):
            raise IncompleteError
        return self._data[start : self.at]

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _unsigned(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise UnreadableError("its description is damaged")
        return number | byte << shift

    def _integer(self) -> int:
        """Return a number whose lowest bit is its sign."""
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)
