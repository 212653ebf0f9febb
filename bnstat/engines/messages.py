"""Messages through a socket between a process and its fork server, some with a file descriptor.

`multiprocessing.reduction` sends descriptors too, but duplicates the socket to do so: where no more
files may be open it fails between two messages, and the other end takes one for the other.
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")


def send(channel: socket.socket, message: object, *descriptors: int) -> None:
    """Send a message, with a descriptor for the other process if one is given."""
    data = pickle.dumps(message)
    data = _LENGTH.pack(len(data)) + data
    sent = socket.send_fds(channel, [data], descriptors) if descriptors else 0
    channel.sendall(data[sent:])


def receive(channel: socket.socket) -> tuple[Any, int]:
    """Return the next message, and the descriptor that came with it.

    That is -1 where none came, or where this process may not have one more file open.

    Raises
    ------
    EOFError
        If the other end has gone.
    """
    head, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, 1)
    if not head:
        raise EOFError
    (length,) = _LENGTH.unpack(head + _exactly(channel, _LENGTH.size - len(head)))
    return pickle.loads(_exactly(channel, length)), [*descriptors, -1][0]


def _exactly(channel: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = channel.recv(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
