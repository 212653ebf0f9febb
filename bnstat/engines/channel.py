"""What a worker and its caller have in common: messages both ways, and where the worker is.

A message is its length and its bytes. The end of a worker ends its messages, and nobody else's.
"""

from __future__ import annotations

import mmap
import os
import socket
import struct
import sys
from contextlib import suppress
from typing import IO, TypeAlias

from bnstat.position import NOWHERE

_LENGTH = struct.Struct("!Q")
# What opens shared memory in another process: a descriptor, or on Windows a name.
Handle: TypeAlias = int | str
# Positions of 2 bytes; a worker has the one of its number, which a much later one may have too.
_PLACES = 1 << 15


class Channel:
    """Messages through two files, which may be those of a socket."""

    def __init__(
        self, reading: IO[bytes], writing: IO[bytes], connection: socket.socket | None = None
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._connection = connection

    @classmethod
    def of_pipes(cls, reading: int, writing: int) -> Channel:
        """Return a channel through the ends of two pipes, which are the channel's from now on."""
        return cls(open(reading, "rb"), open(writing, "wb"))

    @classmethod
    def of_socket(cls, connection: socket.socket) -> Channel:
        """Return a channel through a socket, which is the channel's from now on."""
        return cls(connection.makefile("rb"), connection.makefile("wb"), connection)

    def send(self, message: bytes) -> None:
        """Send a message; raise OSError if the other end has gone."""
        self._writing.write(_LENGTH.pack(len(message)))
        self._writing.write(message)
        self._writing.flush()

    def receive(self) -> bytes:
        """Return the next message; raise EOFError if the other end has gone."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        data = self._reading.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def break_off(self) -> None:
        """Have both ends find that the other one has gone; a socket can do that at any time."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close both ways, without what could not be sent; nobody may be receiving."""
        for file in (self._writing, self._reading, self._connection):
            with suppress(OSError):  # the other end has gone
                if file is not None:
                    file.close()


class Positions:
    """Memory that workers write their positions to."""

    def __init__(self) -> None:
        self.handle = _new_memory()
        self._places = places(self.handle)
        self._places[:] = memoryview(NOWHERE.to_bytes(2) * _PLACES).cast("H")

    def of(self, number: int) -> memoryview:
        """Return the place of a worker's position."""
        return place(self._places, number)

    def close(self) -> None:
        """Close the handle; the memory stays as long as anybody uses it."""
        if isinstance(self.handle, int):
            os.close(self.handle)


def places(handle: Handle) -> memoryview:
    """Return the memory behind a handle."""
    if isinstance(handle, str):
        memory = mmap.mmap(-1, 2 * _PLACES, tagname=handle)  # type: ignore[call-arg]
    else:
        memory = mmap.mmap(handle, 2 * _PLACES)
    return memoryview(memory).cast("H")


def place(memory: memoryview, number: int) -> memoryview:
    """Return the place of a worker's position, by its number."""
    return memory[number % _PLACES :][:1]


def _new_memory() -> Handle:
    if sys.platform == "win32":
        return f"bnstat-{os.getpid()}-{os.urandom(8).hex()}"
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("bnstat")
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:  # it has no name
            handle = os.dup(file.fileno())
    os.truncate(handle, 2 * _PLACES)
    return handle
