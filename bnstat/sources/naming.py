"""Which names are images, and the keys of archive members."""

from __future__ import annotations

import os

# torchvision.datasets.folder.IMG_EXTENSIONS (https://docs.pytorch.org/vision/stable/generated/
# torchvision.datasets.ImageFolder.html); importing it would import torch. A test compares the two.
IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

# A member's name is kept as its key; no file system takes more bytes.
MOST_NAME = 4096

_SUFFIXES = tuple(suffix.encode() for suffix in IMG_EXTENSIONS)


def is_image(name: bytes) -> bool:
    """Whether a name has an image extension, in any case."""
    return name.lower().endswith(_SUFFIXES)


def extension(name: bytes) -> bytes:
    """Return a name's extension in small letters, with that in front of a compressed tar's.

    >>> extension(b"a/b.TAR.gz"), extension(b"notes.txt"), extension(b"README")
    (b'.tar.gz', b'.txt', b'')
    """
    stem, last = os.path.splitext(name.lower())
    return b".tar" + last if stem.endswith(b".tar") else last


def is_hidden(key: bytes) -> bool:
    """Whether a file, or a folder above it, has a name that begins with a dot."""
    return key.startswith(b".") or b"/." in key


def is_visible_image(key: bytes) -> bool:
    """Whether a key names an image that is not hidden."""
    return is_image(key) and not is_hidden(key)


def member_key(name: bytes) -> bytes:
    r"""Return a member's name as a path below its archive's root, whatever it says.

    A key is never opened as a path, but a name that leads out must not equal the key of another.

    >>> member_key(b"./a/x.png"), member_key(b"/etc/x.png"), member_key(b"a/../../x.png")
    (b'a/x.png', b'etc/x.png', b'x.png')
    """
    if not (name.startswith((b".", b"/")) or name.endswith(b"/") or b"/." in name or b"//" in name):
        return name
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)
