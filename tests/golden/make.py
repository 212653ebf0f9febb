"""Make the golden documents of the present version: python tests/golden/make.py.

A document of a released version is never made anew: it is what is in users' folders.
"""

import os
import struct
import tempfile
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import bnstat

HERE = Path(__file__).parent


def pixels(n, first, step):
    return bytes((first + step * i) % 256 for i in range(n))


# Formats without compression: their files have the same size wherever they are written.
FILES = {
    "data/a/dark.ppm": b"P6 3 2 255\n" + pixels(18, 0, 3),
    "data/a/light.ppm": b"P6 4 4 255\n" + pixels(48, 120, 7),
    'data/a/ñ "one".ppm': b"P6 1 1 255\n" + pixels(3, 200, 9),
    "data/b/broken.ppm": b"no image",
    "data/b/gray.pgm": b"P5 2 2 255\n" + pixels(4, 10, 60),
    "data/notes.txt": b"not counted among the images\n",
    "deep/floats.pfm": b"Pf\n1 1\n-1.0\n" + struct.pack("<f", 0.25),
    "list.txt": b"deep/floats.pfm\ndeep/floats.pfm\n",
}


def write_files():
    for name, content in FILES.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(0, 1_700_000_000 * 10**9))


def fixed(stats):
    """Return the result with what differs from run to run set."""
    source = replace(stats.source, cwd="/home/me/project")
    return replace(stats, source=source, created="2026-01-01T00:00:00Z", bnstat="0.2.0")


def documents():
    """Return the golden documents, as text by file name."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        write_files()
        whole = bnstat.compute("data", batch_size=2, epochs=2, workers=1)
        nulls = bnstat.compute(files_from="list.txt", root="deep", mode="L", workers=1)
    return {
        "stats-v2.json": fixed(whole).to_json(),
        "stats-v2-nulls.json": fixed(nulls).to_json(),
    }


if __name__ == "__main__":
    for name, text in documents().items():
        (HERE / name).write_text(text, encoding="utf-8")
