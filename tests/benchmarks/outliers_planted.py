"""Which planted images outliers finds, beside cleanvision and imgeda; docs/outliers.md.

    python tests/benchmarks/outliers_planted.py FOLDER PHOTOS [--also SET]... [--tools PYTHON]

makes sets in FOLDER of the photographs of PHOTOS with at least 256 pixels a side, and of 16-bit
images of these; plants images in them that are none; and counts what is found. `--also` asks how
many images of another set are flagged. cleanvision and imgeda are those of the environment whose
Python is named; without it bnstat alone is asked.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from equal_images import CLEANVISION
from PIL import Image, ImageDraw

import bnstat
from bnstat.estimators.outliers import find_outliers
from bnstat.result import record_files

LEAST_SIDE = 256
OF_EACH = 12
# Photographs whose longer side is above are resized to it before they become a planted image.
SIDE = 640


def main() -> None:
    parser = argparse.ArgumentParser(description="Plant images and count what is found.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--also", type=Path, action="append", default=[])
    parser.add_argument("--tools", help="the Python of an environment with cleanvision and imgeda")
    asked = parser.parse_args()
    make_sets(asked.folder, asked.photos)
    for name in ("targets", "deep", "others"):
        measure(asked.folder, name)
    score_at_default(asked.folder)
    for name in ("targets", "deep", "others"):
        report(f"{name}: bnstat --expect 100", asked.folder / name, by_bnstat(asked.folder, name))
    if asked.tools:
        for name in ("targets", "others"):
            folder = asked.folder / name
            report(f"{name}: cleanvision", folder, by_cleanvision(folder, asked.tools))
            report(f"{name}: imgeda", folder, by_imgeda(folder, asked.tools))
    for folder in (asked.photos, *asked.also):
        flagged = bnstat.outliers(folder, limit=None)
        print(f"{folder.name}: {len(flagged.found):,} of {flagged.images:,} flagged at the default")


def make_sets(folder: Path, photos: Path) -> None:
    """Make sets: with plants that have a target, with others, and of 16-bit images."""
    usual = [path for path in sorted(photos.rglob("*")) if path.is_file() and is_large(path)]
    rng = np.random.default_rng(29)
    for name, plants in (("targets", TARGETS), ("others", OTHERS)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(usual):
            link(path, folder / name / f"{number:04}{path.suffix.lower()}")
        for kind, plant in plants.items():
            for i in range(OF_EACH):
                photo = small(usual[int(rng.integers(len(usual)))])
                file = f"{kind}-{i:02}.{FORMATS.get(kind, 'jpg')}"
                plant(photo, rng).save(folder / name / file, quality=90)
    deep = folder / "deep"
    deep.mkdir(exist_ok=True)
    for number, path in enumerate(usual):
        gray = np.asarray(small(path).convert("L").resize((160, 120)), np.uint16) * 257
        fine = gray ^ rng.integers(0, 256, gray.shape, dtype=np.uint16)
        Image.fromarray(fine).save(deep / f"{number:04}.png")
    for i in range(OF_EACH):
        photo = small(usual[int(rng.integers(len(usual)))])
        photo.convert("L").resize((160, 120)).save(deep / f"eight-{i:02}.png")


def is_large(path: Path) -> bool:
    with Image.open(path) as image:
        return min(image.size) >= LEAST_SIDE


def link(path: Path, name: Path) -> None:
    name.unlink(missing_ok=True)
    os.symlink(path.resolve(), name)


def small(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.draft("RGB", (SIDE, SIDE))
        photo = image.convert("RGB")
    photo.thumbnail((SIDE, SIDE))
    return photo


Plant = Callable[[Image.Image, np.random.Generator], Image.Image]


def one_color(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    return Image.new("RGB", photo.size, tuple(rng.integers(30, 226, 3).tolist()))


def noise(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    shape = (photo.height, photo.width, 3)
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def thumbnail(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    photo.thumbnail((32, 32))
    return photo


def chart(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    page = Image.new("RGB", photo.size, "white")
    draw, (width, height) = ImageDraw.Draw(page), photo.size
    draw.line([(30, 10), (30, height - 30), (width - 10, height - 30)], fill="black", width=2)
    for color in ("red", "blue", "green"):
        xs = np.linspace(30, width - 10, 60)
        ys = height / 2 + np.cumsum(rng.normal(0, height / 40, 60))
        draw.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=color, width=2)
    return page


def scaled(factor: float) -> Plant:
    return lambda photo, rng: photo.point([min(255, int(v * factor)) for v in range(256)] * 3)


TARGETS: dict[str, Plant] = {
    "black": lambda photo, rng: Image.new("RGB", photo.size, "black"),
    "white": lambda photo, rng: Image.new("RGB", photo.size, "white"),
    "color": one_color,
    "noise": noise,
    "thumbnail": thumbnail,
}
OTHERS: dict[str, Plant] = {
    "compressed": noise,
    "overexposed": scaled(4.0),
    "dark": scaled(0.05),
    "channels": lambda photo, rng: Image.merge("RGB", photo.split()[::-1]),
    "inverted": lambda photo, rng: photo.point([255 - v for v in range(256)] * 3),
    "chart": chart,
}
# The others are JPEG files, as the photographs are.
FORMATS = {"noise": "png"}


def measure(folder: Path, name: str) -> None:
    bnstat.compute(folder / name, records=folder / f"{name}.parquet")


def kind_of(key: str) -> str:
    """Return which kind of plant an image is; "" of none."""
    name = re.fullmatch(r"(?:.*/)?([a-z]+)-\d\d\.\w+", key)
    return name[1] if name else ""


def score_at_default(folder: Path) -> None:
    """Count what is found of one plant of each kind at a time, at the default."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for name in ("targets", "deep"):
        table = record_files.read(str(folder / f"{name}.parquet"))
        kinds = np.array([kind_of(key) for key in table.key])
        for i in range(OF_EACH):
            chosen = (kinds == "") | np.array([f"-{i:02}." in key for key in table.key])
            planted += Counter(kinds[chosen].tolist())
            flagged = find_outliers(table.take(chosen))
            found += Counter(kind_of(each.image) for each in flagged.found)
    tell("one plant of each kind at a time: bnstat", planted, found)


def report(title: str, folder: Path, flagged: Iterable[str]) -> None:
    planted = Counter(kind_of(path.name) for path in folder.iterdir())
    tell(title, planted, Counter(map(kind_of, set(flagged))))


def tell(title: str, planted: Counter[str], found: Counter[str]) -> None:
    right, of = found.total() - found[""], planted.total() - planted[""]
    print(f"{title}: recall {right / of:.0%}, precision {right / max(1, found.total()):.0%}")
    kinds = [f"{kind} {found[kind]}/{n}" for kind, n in sorted(planted.items()) if kind]
    print(f"  {', '.join(kinds)}; of the rest {found['']}/{planted['']}")


def by_bnstat(folder: Path, name: str) -> Iterator[str]:
    start = time.process_time()
    found = bnstat.outliers(folder / f"{name}.parquet", expect=100, limit=None).found
    print(f"({time.process_time() - start:.2f} s from the records)")
    return (outlier.image for outlier in found)


def by_cleanvision(folder: Path, python: str) -> Iterator[str]:
    """Yield what cleanvision says of single images: all but blur and duplicates."""
    done = subprocess.run([python, "-c", CLEANVISION, folder], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("is_") and not line.startswith("is_blurry"):
            yield from line.split()[1:]


def by_imgeda(folder: Path, python: str) -> Iterator[str]:
    """Yield the names of the images that its manifest flags; blurry ones are not meant here."""
    imgeda, manifest = Path(python).with_name("imgeda"), folder.with_suffix(".jsonl")
    manifest.unlink(missing_ok=True)
    subprocess.run([imgeda, "scan", folder, "-o", manifest], capture_output=True, check=True)
    flags = ("is_corrupt", "is_dark", "is_overexposed", "has_border_artifact")
    for line in manifest.read_text().splitlines():
        row = json.loads(line)
        if any(map(row.get, flags)):
            yield row["filename"]


if __name__ == "__main__":
    sys.exit(main())
