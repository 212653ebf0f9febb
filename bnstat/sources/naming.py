"""Names: which are images and archives, members' keys, braces and wildcards, spellings."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bnstat.text import pluralize

# torchvision.datasets.folder.IMG_EXTENSIONS (https://docs.pytorch.org/vision/stable/generated/
# torchvision.datasets.ImageFolder.html); importing it would import torch. A test compares the two.
IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

# The kinds of files that hold images, by their endings.
ARCHIVES = {
    "tar": (
        *(b".tar", b".tar.gz", b".tgz", b".tar.bz2", b".tbz2", b".tbz"),
        *(b".tar.xz", b".txz", b".tar.zst", b".tzst"),
    ),
    "zip": (b".zip",),
    "parquet": (b".parquet",),
}

# Folders that programs put beside images, for thumbnails, metadata and deleted files: Synology and
# QNAP, desktops of freedesktop.org, Windows, macOS, fsck.
SERVICE_FOLDERS = (
    *(b"@eaDir", b"#recycle", b"@Recycle", b".@__thumb", b".thumbnails", b"$RECYCLE.BIN"),
    *(b"__MACOSX", b"lost+found"),
)
_IN_SERVICE_FOLDER = re.compile(rb"(?:^|/)(%s)/" % b"|".join(map(re.escape, SERVICE_FOLDERS)))

# A member's name is kept as its key; no file system takes more bytes.
MAX_NAME = 4096

_SUFFIXES = tuple(suffix.encode() for suffix in IMG_EXTENSIONS)
# Extensions of videos; and how many extensions are named where there are no images.
_VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"}
_MAX_NAMED = 3
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")


def is_image(name: bytes) -> bool:
    return name.lower().endswith(_SUFFIXES)


def archive_kind(name: bytes) -> str | None:
    """Return the kind of a file that holds images, by its name; None of any other."""
    small = name.lower()
    return next((kind for kind, endings in ARCHIVES.items() if small.endswith(endings)), None)


def holds_images(name: bytes) -> bool:
    return archive_kind(name) is not None


def holds_arrays(name: bytes) -> bool:
    return name.lower().endswith((b".npy", b".npz"))


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
    return is_image(key) and not is_hidden(key) and service_folder(key) is None


def service_folder(key: bytes) -> bytes | None:
    """Return the path of the service folder that a file is in; None if it is in none.

    >>> service_folder(b"a/@eaDir/1.jpg/thumb.jpg"), service_folder(b"a/1.jpg")
    (b'a/@eaDir', None)
    """
    found = _IN_SERVICE_FOLDER.search(key)
    return key[: found.end(1)] if found else None


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


def expand_braces(text: str) -> list[str]:
    """Return all expansions of the braces in a text, in order, as bash expands them.

    >>> expand_braces("{train,val}/{08..11}.tar")[:5]
    ['train/08.tar', 'train/09.tar', 'train/10.tar', 'train/11.tar', 'val/08.tar']
    """
    for match in _BRACES.finditer(text):
        if choices := list(_choices(match[1])):
            head, tail = text[: match.start()], expand_braces(text[match.end() :])
            return [head + choice + rest for choice in choices for rest in tail]
    return [text]


def _choices(inner: str) -> Iterator[str]:
    """Yield the expansions of one pair of braces; nothing if it is literal text."""
    if ends := _RANGE.fullmatch(inner):
        first, last = int(ends[1]), int(ends[2])
        padded = any(re.match("-?0[0-9]", end) for end in ends.groups())
        width = max(map(len, ends.groups())) if padded else 0
        step = 1 if last >= first else -1
        yield from (f"{number:0{width}}" for number in range(first, last + step, step))
    elif "," in inner:
        yield from inner.split(",")


def has_wildcard(location: bytes) -> bool:
    """Whether a location has wildcards; in a web address, "?" and "[" are literal."""
    if location.startswith((b"http://", b"https://")):
        return b"*" in location
    return glob.has_magic(location)


def expand_wildcards(pattern: bytes, cwd: bytes) -> list[bytes]:
    """Return the names that match a pattern, as the shell lists them; ** is any number of folders.

    With **, which enters every folder, folders themselves are left out.
    """
    found = glob.iglob(pattern, root_dir=cwd or None, recursive=True)
    if b"**" in pattern:
        return sorted(name for name in found if not os.path.isdir(os.path.join(cwd, name)))
    return sorted(found)


def place_of(path: bytes, cwd: bytes) -> bytes:
    """Return the one spelling of a path: absolute as `cwd` is, without "." and "..".

    What stands before ".." may be a link, and is followed then.
    """
    path = os.path.join(cwd, path)
    if b".." not in path.split(b"/"):
        return os.path.normpath(path)
    folder, name = os.path.split(path.rstrip(b"/"))
    return os.path.realpath(path) if name == b".." else os.path.join(os.path.realpath(folder), name)


def spelt_alike(names: Sequence[bytes], cwd: bytes) -> list[bytes]:
    """Return names of files and folders so that equal paths, and all below them, begin equally.

    >>> spelt_alike([b"ov", b"./ov", b"./ov/sub", b"other"], b"/data")
    [b'ov', b'ov', b'ov/sub', b'other']
    """
    here = os.path.abspath(cwd or b".")
    places = [place_of(name, here) for name in names]
    first: dict[bytes, bytes] = {}
    for place, name in zip(places, names, strict=True):
        first.setdefault(place, name)
    return [_below(place, first) for place in places]


def _below(place: bytes, first: dict[bytes, bytes]) -> bytes:
    """Return a place as what is below the outermost of the named ones, as that is spelt."""
    outermost = [each for each in _with_parents(place) if each in first][-1]
    if outermost == place:
        return first[place]
    return first[outermost].rstrip(b"/") + place[len(outermost.rstrip(b"/")) :]


def _with_parents(place: bytes) -> Iterator[bytes]:
    yield place
    while (parent := os.path.dirname(place)) != place:
        place = parent
        yield place


def none_found(
    locations: Sequence[str], others: Mapping[str, int], skipped: int, *, listed: bool
) -> str:
    """Return the message for sources in which there is no image.

    others: how many files of other extensions there are in folders, by extension; skipped: how many
    there are anywhere; listed: whether a list names the images.
    """
    where = " ".join(locations)
    if listed:
        return f"the list {where} names no image"
    archives = Counter(
        {s: n for s, n in others.items() if holds_images(s.encode()) or holds_arrays(s.encode())}
    )
    if archives:
        [(suffix, number)] = archives.most_common(1)
        pattern = f"'{locations[0].rstrip('/')}/**/*{suffix}'"
        return (
            f"no images in {where}, but {pluralize(number, f'{suffix} file')}; name them: {pattern}"
        )
    videos = sum(number for suffix, number in others.items() if suffix in _VIDEOS)
    if videos and videos == skipped:
        return (
            f"no images in {where}, but {pluralize(videos, 'video file')}, which bnstat does not "
            "read; save their frames as images first"
        )
    suffixes = [suffix for suffix, _ in Counter(others).most_common(_MAX_NAMED) if suffix]
    found = pluralize(skipped, "other file") if skipped else "no files"
    kinds = f" ({', '.join(suffixes)})" if suffixes else ""
    return (
        f"no images in {where}, which has {found}{kinds}; images end in "
        f"{', '.join(IMG_EXTENSIONS)}; name other files to have them opened"
    )
