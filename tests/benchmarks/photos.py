"""Fetch about 700 real photographs: the JPEG files of seven Debian packages.

    python tests/benchmarks/photos.py FOLDER

makes FOLDER/photos, a class folder for each package, as torchvision's ImageFolder wants it. What
was downloaded stays in FOLDER, so that a second run downloads nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = (
    "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
    "mate-backgrounds",
    "opencv-doc",
    "plasma-workspace-wallpapers",
    "propaganda-debian",
    "ukui-wallpapers",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make FOLDER/photos from Debian packages.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    photos = folder / "photos"
    for package in PACKAGES:
        unpacked = folder / "unpacked" / package
        if not unpacked.is_dir():
            unpack(download(package, folder / "packages"), unpacked)
        link(unpacked, photos / package)
    files = [path for path in photos.rglob("*") if path.is_file()]
    print(f"{photos}: {len(files)} images, {sum(f.stat().st_size for f in files) / 1e6:.0f} MB")


def download(package: str, folder: Path) -> Path:
    """Return the package's archive, downloaded unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not [*folder.glob(f"{package}_*.deb")]:
        try:
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        except (OSError, subprocess.CalledProcessError):
            sys.exit(f"cannot download {package}; on Debian or Ubuntu, first: apt-get update")
    return max(folder.glob(f"{package}_*.deb"))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack into `folder`, which exists only once it is complete."""
    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "-x", archive, part], check=True)
    part.rename(folder)


def link(unpacked: Path, photos: Path) -> None:
    """Give each JPEG file a second name below `photos`, where nothing else is."""
    for path in jpegs(unpacked):
        target = photos / path.relative_to(unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            os.link(path, target)


def jpegs(folder: Path) -> Iterator[Path]:
    """Yield the files with a JPEG's name; a link to one is no second photograph."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg") and path.is_file() and not path.is_symlink():
            yield path


if __name__ == "__main__":
    main()
