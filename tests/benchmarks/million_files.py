"""`--until` on a million files, beside a plain run over the images that it sampled.

    python tests/benchmarks/million_files.py PHOTOS FOLDER [--files 1000000] [--tolerance 0.005]

makes FOLDER/million of hard links to real photographs, a thousand in each folder; each link is an
image of its own. Times are of whole processes, the files in the page cache.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from bnstat.sources.folder import Folder
from bnstat.sources.source import hash_rank

SPEC = "Resize(64) | CenterCrop(64)"
PER_FOLDER = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description="Time --until on very many files.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--tolerance", type=float, default=0.005)
    parser.add_argument("--plain", action="store_true", help="also without a pipeline")
    asked = parser.parse_args()
    million = asked.folder / "million"
    if not million.is_dir():
        link(asked.photos, million, asked.files)
    listing = timed(lambda: list_names(million))
    print(f"listing {asked.files:,} names: {listing:.1f} s")
    document = asked.folder / "until.json"
    until, peak = run("compute", million, "--until", asked.tolerance, *augmented(), "-o", document)
    sample = json.loads(document.read_text())["sample"]
    print(f"--until {asked.tolerance:g}: {until:.1f} s, {sample['images']:,} of {sample['of']:,}")
    print(f"largest process {peak:.0f} MB")
    names = asked.folder / "names"
    names.write_bytes(b"\n".join(chosen(million, sample["images"])))
    listed, _ = run(
        "compute", "--files-from", names, *augmented(), "-o", asked.folder / "listed.json"
    )
    start, _ = run("compute", next(asked.photos.rglob("*.jpg")), *augmented(), "-o", os.devnull)
    allowed = listing + 3 + start + 1.15 * listed
    print(f"a plain run over these images: {listed:.1f} s; start-up {start:.1f} s")
    print(f"until / (listing + 3 s + start-up + 1.15 x plain) = {until / allowed:.2f}")
    some = asked.folder / "some"
    some.write_bytes(b"\n".join(chosen(million, 20_000)))
    part, _ = run("compute", "--files-from", some, *augmented(), "-o", asked.folder / "part.json")
    whole = start + (part - start) * asked.files / 20_000
    print(f"the full run, from 20,000 images: {whole:.0f} s = {whole / until:.0f} x until")
    if asked.plain:
        seconds, _ = run("compute", million, "--until", asked.tolerance, "-o", document)
        sample = json.loads(document.read_text())["sample"]
        print(f"without a pipeline: {seconds:.1f} s, {sample['images']:,} images")


def link(photos: Path, folder: Path, files: int) -> None:
    """Make hard links to the photographs in turn."""
    originals = sorted(path for path in photos.rglob("*") if path.suffix.lower() == ".jpg")
    for i in range(files):
        if i % PER_FOLDER == 0:
            below = folder / f"{i // PER_FOLDER:04}"
            below.mkdir(parents=True)
        os.link(originals[i % len(originals)], below / f"{i % PER_FOLDER:03}.jpg")


def augmented() -> list[str]:
    return ["--augment", SPEC, "--workers", "2", "-q"]


def list_names(folder: Path) -> None:
    """List, hash and sort all names."""
    sorted(hash_rank(0, key) for key in Folder(os.fsencode(folder)).index().keys)


def chosen(folder: Path, number: int) -> list[bytes]:
    """Return the paths of the images of a sample."""
    keys = Folder(os.fsencode(folder)).index().keys
    ordered = sorted(keys, key=lambda key: hash_rank(0, key))[:number]
    return [os.fsencode(folder) + b"/" + key for key in ordered]


def timed(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


def run(*arguments: object) -> tuple[float, float]:
    """Run bnstat; return seconds, and MB of the largest process of all runs so far."""
    command = [sys.executable, "-m", "bnstat", *map(str, arguments)]
    started = time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return time.perf_counter() - started, peak


if __name__ == "__main__":
    main()
