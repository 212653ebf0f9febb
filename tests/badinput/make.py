"""A corpus of bad input: `python tests/badinput/make.py FOLDER [EVERY]`.

It is the same every time; with EVERY, only one in so many damages of each form is made. It holds

    form/<form>/whole.ext        an image in that form; by it stand the damaged ones:
    form/<form>/<damage>.ext
    bomb/*, metadata/*           files that lie about themselves
    extension/*                  whole images under another format's name
    kind/*                       what is no regular file, or no image
    name/*                       a good and a bad image under names that are hard to show
    files                        the names of all of them, each ended by NUL
    missing                      what could not be made here, and why

Sockets, devices and unreadable files are where the system lets them be.
"""

import os
import sys
from pathlib import Path

import claims
import damage
import numpy as np
import oddities
import whole

EXTENSIONS = ("jpg", "png", "gif", "webp", "tif", "bmp", "ppm", "ico", "avif", "jp2")


def corpus(folder, *, every=1):
    """Fill a folder; of the damages of each form only one in `every` is made."""
    images, missing = whole.images()
    rng = np.random.default_rng(6)
    names = list(_forms(folder, images, rng, every))
    for part, files in (
        ("bomb", claims.bombs()),
        ("metadata", claims.spoiled(images, rng)),
        ("extension", _renamed(images)),
    ):
        names += [_put(folder, f"{part}/{name}".encode(), data) for name, data in files]
    names += list(_named(folder, images["png-rgb-8.png"]))
    (folder / "kind").mkdir()
    made, refused = oddities.kinds(folder / "kind")
    names += [os.fsencode(path.relative_to(folder)) for path in made]
    (folder / "files").write_bytes(b"".join(name + b"\0" for name in names))
    reasons = "".join(f"{name}: {reason}\n" for name, reason in (missing | refused).items())
    (folder / "missing").write_text(reasons)
    return len(names)


def _forms(folder, images, rng, every):
    """Write each whole image and its damages; over all forms, each damage has its turn."""
    made = 0
    for name, data in images.items():
        form, _, extension = name.rpartition(".")
        yield _put(folder, f"form/{form}/whole.{extension}".encode(), data)
        for spoil in (*damage.ALL, claims.resized):
            for what, damaged in spoil(data, rng):
                made += 1
                if made % every == 0:
                    yield _put(folder, f"form/{form}/{what}.{extension}".encode(), damaged)


def _renamed(images):
    for i, (name, data) in enumerate(images.items()):
        own = name.rpartition(".")[2]
        others = [extension for extension in EXTENSIONS if extension != own]
        yield f"{name}.{others[i % len(others)]}", data


def _named(folder, data):
    for i, name in enumerate(oddities.NAMES.values()):
        yield _put(folder, b"name/good-%d/%s" % (i, name), data)
        yield _put(folder, b"name/bad-%d/%s" % (i, name), data[: len(data) // 2])


def _put(folder, name, data):
    path = os.path.join(os.fsencode(folder), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return name


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True)
    count = corpus(target, every=int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    sys.stdout.write(f"{count} files in {target}\n")
    sys.stdout.write((target / "missing").read_text())
