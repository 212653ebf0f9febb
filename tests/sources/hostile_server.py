"""A web server on loopback that stalls, lies about lengths, redirects, and ends early."""

import contextlib
import gzip
import re
import socket
import socketserver
import threading
import time

IMAGE = b"\x89PNG" + bytes(range(256)) * 40
END = b"\r\n"
BOMB = gzip.compress(bytes(1 << 24), 9) * 128  # two gigabytes


class Server:
    """A server whose answers are chosen by path; `requests` are the paths that were asked for.

    `files` maps a path to bytes that are served well, in ranges too.
    """

    def __init__(self, files=()):
        self.files = {"/fine.png": IMAGE, **dict(files)}
        self.requests = []
        self.stop = threading.Event()
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    server.answer(self.request)

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self._tcp = Threads(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._tcp.server_address[1]}"
        threading.Thread(target=self._tcp.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        """End all answers."""
        self.stop.set()
        self._tcp.shutdown()
        self._tcp.server_close()

    def answer(self, connection):
        """Answer requests of one connection, as their path asks for."""
        while (request := _read_request(connection)) is not None:
            method, path, headers = request
            self.requests.append(path)
            behaviour = path.strip("/").split("/")[0].partition(".")[0]
            answer = getattr(self, "_" + behaviour.replace("-", "_"), None)
            if path in self.files:
                self._serve(connection, method, self.files[path], headers)
            elif answer is None:
                _respond(connection, "404 Not Found", b"no such page", method)
            elif answer(connection, method, path, headers) is False:
                connection.shutdown(socket.SHUT_RDWR)
                return

    def _serve(self, connection, method, data, headers, more=()):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if wanted is None:
            _respond(connection, "200 OK", data, method, ["Accept-Ranges: bytes", *more])
            return
        start, end = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
        if start >= len(data):
            _respond(connection, "416 Range Not Satisfiable", b"", method)
            return
        place = f"Content-Range: bytes {start}-{end}/{len(data)}"
        _respond(connection, "206 Partial Content", data[start : end + 1], method, [place, *more])

    def _stall_at_once(self, connection, method, path, headers):
        self.stop.wait()
        return False

    def _stall_in_body(self, connection, method, path, headers):
        _head(connection, "200 OK", [f"Content-Length: {len(IMAGE)}"])
        if method != "HEAD":
            connection.sendall(IMAGE[:1000])
            self.stop.wait()
            return False

    def _stall_in_file(self, connection, method, path, headers):
        data = self.files["/" + path.rpartition("/")[2]]
        _head(connection, "200 OK", [f"Content-Length: {len(data)}"])
        if method != "HEAD":
            connection.sendall(data[: len(IMAGE) * 5 // 2])
            self.stop.wait()
            return False

    def _stall_list(self, connection, method, path, headers):
        _head(connection, "200 OK", ["Content-Type: text/html", "Content-Length: 1000"])
        connection.sendall(b'<a href="a.png">')
        self.stop.wait()
        return False

    def _drip(self, connection, method, path, headers):
        """Send an image so slowly that it takes seconds, but never stop for long."""
        _head(connection, "200 OK", [f"Content-Length: {len(IMAGE)}"])
        if method != "HEAD":
            for i in range(0, len(IMAGE), 1000):
                connection.sendall(IMAGE[i : i + 1000])
                time.sleep(0.1)

    def _endless(self, connection, method, path, headers):
        _head(connection, "200 OK", ["Content-Type: text/html"])
        if method != "HEAD":
            while not self.stop.is_set():
                connection.sendall(b'<a href="x.png">' * 4096)
        return False

    def _too_long(self, connection, method, path, headers):
        """Declare fewer bytes than are sent."""
        _head(connection, "200 OK", [f"Content-Length: {len(IMAGE)}"])
        if method != "HEAD":
            connection.sendall(IMAGE + b"more" * 100)
            return False

    def _too_short(self, connection, method, path, headers):
        """Declare more bytes than are sent."""
        _head(connection, "200 OK", [f"Content-Length: {len(IMAGE) + 100}"])
        if method != "HEAD":
            connection.sendall(IMAGE)
            return False

    def _range_ignored(self, connection, method, path, headers):
        _respond(connection, "200 OK", self.files["/x.zip"], method)

    def _range_endless(self, connection, method, path, headers):
        """Answer a request for a range with a range that does not end."""
        if "range" not in headers:
            return self._serve(connection, method, self.files["/x.zip"], headers)
        _head(connection, "206 Partial Content", ["Content-Range: bytes 0-9/*"])
        while not self.stop.is_set():
            connection.sendall(bytes(1 << 16))
        return False

    def _breaks_off(self, connection, method, path, headers):
        """Serve a file well but for the connection, which ends after 100 kB."""
        data = self.files["/" + path.rpartition("/")[2]]
        if method == "HEAD":
            return self._serve(connection, method, data, headers)
        start = int(re.findall(r"\d+", headers.get("range", "0"))[0])
        size = len(data) - start
        status = "206 Partial Content" if start else "200 OK"
        _head(connection, status, [f"Content-Length: {size}", "Accept-Ranges: bytes"])
        connection.sendall(data[start : start + 100_000])
        time.sleep(0.1)  # while the client reads
        return size <= 100_000

    def _no_ranges(self, connection, method, path, headers):
        """Serve a file whole, whatever is asked for."""
        _respond(connection, "200 OK", self.files["/" + path.rpartition("/")[2]], method)

    def _without_length(self, connection, method, path, headers):
        _head(connection, "200 OK", [])
        if method != "HEAD":
            connection.sendall(self.files["/" + path.rpartition("/")[2]])
        return False

    def _busy_twice(self, connection, method, path, headers):
        if self.requests.count(path) <= 2:
            _respond(connection, "503 Service Unavailable", b"", method)
        else:
            _respond(connection, "200 OK", IMAGE, method)

    def _error(self, connection, method, path, headers):
        _respond(connection, "500 Internal Server Error", b"oops", method)

    def _forbidden(self, connection, method, path, headers):
        _respond(connection, "403 Forbidden", b"", method)

    def _moved(self, connection, method, path, headers):
        _respond(connection, "302 Found", b"", method, ["Location: /fine.png"])

    def _moved_around(self, connection, method, path, headers):
        _respond(connection, "302 Found", b"", method, [f"Location: {path}"])

    def _moved_to_file(self, connection, method, path, headers):
        _respond(connection, "302 Found", b"", method, ["Location: file:///etc/passwd"])

    def _unasked_gzip(self, connection, method, path, headers):
        """Send what was not asked for: a body that unpacks to two gigabytes."""
        _respond(connection, "200 OK", BOMB, method, ["Content-Encoding: gzip"])

    def _no_http(self, connection, method, path, headers):
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        return False


def _read_request(connection):
    data = b""
    while not data.endswith(END + END):
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    first, *lines = data.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    path = path.partition("?")[0]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return method, path, headers


def _head(connection, status, headers):
    lines = [f"HTTP/1.1 {status}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())


def _respond(connection, status, data, method, headers=()):
    _head(connection, status, [f"Content-Length: {len(data)}", *headers])
    if method != "HEAD":
        connection.sendall(data)
