"""What bnstat, cleanvision and imgeda call equal images, and unusual ones; docs/outliers.md.

    python tests/benchmarks/equal_images.py FOLDER [--tools PYTHON]

makes constructed cases in FOLDER and asks each tool. cleanvision and imgeda are those of the
environment whose Python is named; without it bnstat alone is asked.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import bnstat

CLEANVISION = """
import sys
from cleanvision import Imagelab
lab = Imagelab(data_path=sys.argv[1])
lab.find_issues(verbose=False)
for kind in ("exact_duplicates", "near_duplicates"):
    for each in lab.info[kind]["sets"]:
        print(kind, *sorted(name.rsplit("/", 1)[1] for name in each))
for column in lab.issues.columns:
    if column.startswith("is_") and "duplicates" not in column:
        names = sorted(name.rsplit("/", 1)[1] for name in lab.issues[lab.issues[column]].index)
        print(column, *names)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask each tool about constructed images.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tools", help="the Python of an environment with cleanvision and imgeda")
    asked = parser.parse_args()
    make_equal(asked.folder / "equal")
    make_odd(asked.folder / "odd")
    for name in ("equal", "odd"):
        print(f"== {name}")
        ask_bnstat(asked.folder / name)
        if asked.tools:
            ask_cleanvision(asked.folder / name, asked.tools)
            ask_imgeda(asked.folder / name, Path(asked.tools).with_name("imgeda"))


def make_equal(folder: Path) -> None:
    """Copies, re-encoded and renamed; black images of one area and two shapes; a flipped one."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2)
    coarse = [Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)) for _ in range(3)]
    photo, other, third = (image.resize((96, 64)) for image in coarse)
    photo.save(folder / "a.png")
    shutil.copy(folder / "a.png", folder / "a-renamed.png")
    photo.save(folder / "a-encoded.bmp")
    photo.save(folder / "a-lossy.jpg", quality=90)
    other.save(folder / "b.png")
    other.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "b-flipped.png")
    Image.new("RGB", (2, 8)).save(folder / "black-2x8.png")
    Image.new("RGB", (4, 4)).save(folder / "black-4x4.png")
    third.save(folder / "c.png")
    pixels = np.asarray(third).copy()
    pixels[:8, :8] = 0
    Image.fromarray(pixels).save(folder / "c-corner.png")


def make_odd(folder: Path) -> None:
    """Forty dim images, and among them one of usual brightness for others, one dark, one gray."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    for i in range(40):
        pixels = rng.normal(rng.uniform(70, 80), 25, (64, 64, 3))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{i:02}.png")
    bright = rng.normal(140, 25, (64, 64, 3))
    Image.fromarray(np.clip(bright, 0, 255).astype(np.uint8)).save(folder / "brighter.png")
    dark = rng.normal(8, 4, (64, 64, 3))
    Image.fromarray(np.clip(dark, 0, 255).astype(np.uint8)).save(folder / "dark.png")
    Image.new("RGB", (64, 64), (75, 75, 75)).save(folder / "one-color.png")


def ask_bnstat(folder: Path) -> None:
    for each in bnstat.duplicates(folder, workers=1).sets:
        print("bnstat: duplicates", *each.images)
    for outlier in bnstat.outliers(folder, workers=1).found:
        print(f"bnstat: outlier {outlier.image} ({outlier.reasons[0]})")


def ask_cleanvision(folder: Path, python: str) -> None:
    done = subprocess.run([python, "-c", CLEANVISION, folder], capture_output=True, text=True)
    for line in done.stdout.splitlines() if not done.returncode else [done.stderr[-300:]]:
        print(f"cleanvision: {line}")


def ask_imgeda(folder: Path, imgeda: Path) -> None:
    """imgeda writes a manifest, and then says what it finds in it."""
    manifest = folder.parent / f"{folder.name}.jsonl"
    manifest.unlink(missing_ok=True)
    subprocess.run([imgeda, "scan", folder, "-o", manifest], capture_output=True, check=True)
    for check in ("exposure", "duplicates"):
        command = [imgeda, "check", check, "-m", manifest]
        done = subprocess.run(command, capture_output=True, text=True)
        for line in (done.stdout or done.stderr).splitlines():
            if line.strip():
                print(f"imgeda {check}: {line.strip()}")


if __name__ == "__main__":
    sys.exit(main())
