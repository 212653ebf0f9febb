"""What a folder may hold that is no image file, and names that are hard to show."""

import os
import socket
import stat

# Each is a name of its own; a file of 255 bytes has the longest that Linux takes.
NAMES = {
    "newline": b"new\nline\r.png",
    "escape": b"\x1b[2J\x1b]0;owned\x07.png",
    "control": b"\x9b31m\xc2\x9b31m\x7f.png",
    "latin": b"caf\xe9.png",
    "not-utf-8": b"\xff\xfe\x80\xc0\xaf.png",
    "direction": "\u202egnp.exe\u2066.png".encode(),
    "longest": 251 * b"n" + b".png",
    "format": b"%s{0}{x.__class__}%n.png",
    "markup": b"[red]bold[/red]:smile:.png",
    "shell": b"$(touch owned)`touch owned`;'\".png",
    "option": b"--workers=9.png",
    "blank": b" .png",
    "extension": b".png.png",
}


def kinds(folder):
    """Make what is no regular file in a folder; return what was made, and why the rest was not."""
    made, missing = [], {}
    for name, make in _KINDS.items():
        path = folder / name
        try:
            make(path)
        except OSError as error:
            missing[name] = f"cannot be made here: {error.strerror}"
        else:
            made.append(path)
    if os.access(folder / "unreadable.jpg", os.R_OK):
        missing["unreadable.jpg"] = "this user may read every file"
        made.remove(folder / "unreadable.jpg")
    return made, missing


def _empty(path):
    path.touch()


def _text(path):
    path.write_text("This is no image.\n")


def _svg(path):
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")


def _script(path):
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")


def _folder(path):
    path.mkdir()


def _socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket has a hundred characters at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def _device(path):
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero, which never ends
    open(path, "rb").close()  # where file systems have no devices, it cannot be opened


def _unreadable(path):
    path.write_bytes(b"secret")
    path.chmod(0)


_KINDS = {
    "empty.jpg": _empty,
    "text.jpg": _text,
    "drawing.png": _svg,
    "postscript.png": _script,
    "folder.jpg": _folder,
    "fifo.jpg": os.mkfifo,
    "socket.jpg": _socket,
    "device.jpg": _device,
    "endless.jpg": lambda path: path.symlink_to("/dev/zero"),
    "dangling.jpg": lambda path: path.symlink_to("nowhere.jpg"),
    "looping.jpg": lambda path: path.symlink_to("looping.jpg"),
    "unreadable.jpg": _unreadable,
}
