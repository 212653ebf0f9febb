"""Answers of a web server, of which every byte is the server's: lines, headers and body."""

import socket
import threading

import containers

LINES = {
    "whole": b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n%b",
    "to the end": b"HTTP/1.0 200 OK\r\n\r\n%b",
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n",
    "of a range": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-%d/*\r\n\r\n%b",
    "moved": b"HTTP/1.1 302 Found\r\nLocation: /again.png\r\nContent-Length: 0\r\n\r\n",
    "not there": b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n",
    "zipped": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b",
}
WORDS = [
    *(b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked", b"ffffffff\r\n"),
    *(b"Location: /x.png", b"Content-Encoding: br", b"HTTP/1.1 500 \r\n", b"Content-Range: bytes "),
    *(b"Connection: close\r\n", b"Set-Cookie: a=b", b"HTTP/9.9", b"-1", b"\0", b"\xff"),
]


class Server(threading.Thread):
    """Answers whatever is asked with the same bytes, and hangs up."""

    def __init__(self):
        super().__init__(daemon=True)
        self.answer = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/image.png"

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(1)
                try:
                    connection.recv(65536)
                    connection.sendall(self.answer)
                except OSError:
                    pass


SERVER = Server()


def take(data):
    """Measure an image at a URL, whatever the server says."""
    if not SERVER.is_alive():
        SERVER.start()
    SERVER.answer = data
    return containers.measured(SERVER.url, network_timeout=2.0)


def answers():
    """Return good answers, and others that servers give."""
    image = containers.images()["a.png"]
    return [line % _values(line, image) for line in LINES.values()]


def _values(line, image):
    return tuple(image if what == b"b" else len(image) for what in _places(line))


def _places(line):
    return [line[i + 1 : i + 2] for i in range(len(line)) if line[i : i + 1] == b"%"]
