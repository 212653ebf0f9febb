"""bnstat beside its bound and the forum recipe: wall time and peak memory, in one run.

    python tests/benchmarks/side_by_side.py FOLDER [--workers N] [--rounds R] [--mode RGB|L]

(a) bnstat compute FOLDER, (b) bound.py: the same pool with the same chunks, decoding alone, and
(c) recipe.py: ImageFolder and DataLoader. Whole processes, in turn, a b c, b c a, c a b, so that
whatever else the machine does meets all three, and each comes after each other. Memory is read from
outside, the same way for all: the largest VmHWM (proc(5)) of the main process, and of the processes
below it.

FOLDER has class folders of good images, as photos.py and mnist.py make them. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
BNSTAT = Path(sysconfig.get_path("scripts")) / "bnstat"
PACKAGES = ("bnstat", "pillow", "numpy", "torch", "torchvision")
MB = 1e6
# Seconds between looks at memory. A VmHWM only rises: what is missed is what a process adds in its
# last moments.
INTERVAL = 0.02


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory() as temporary:
        corpus = Corpus.read(arguments.folder)
        if arguments.batch_size is None:
            arguments.batch_size = 256 if len(corpus.sizes) == 1 else 1
        contestants = prepared(arguments, corpus, Path(temporary))
        print(heading(arguments, corpus), flush=True)
        warm(corpus)
        for _ in range(arguments.rounds):
            for contestant in contestants:
                contestant.runs.append(watched(contestant.command))
            contestants = [*contestants[1:], contestants[0]]
        contestants.sort(key=lambda contestant: contestant.name)
        check_same_samples(contestants, Path(temporary))
    print(table(contestants, corpus))
    print(ratios(contestants, corpus))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time bnstat beside decoding and the recipe.")
    parser.add_argument("folder", type=Path, help="class folders of images")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mode", choices=["RGB", "L"], default="RGB")
    parser.add_argument(
        "--batch-size", type=int, help="of the recipe; default: 256 if images have one size, else 1"
    )
    parser.add_argument("--skip-recipe", action="store_true")
    return parser.parse_args()


@dataclass(frozen=True)
class Corpus:
    """The images of a folder: paths in bnstat's own chunks, and the pixels of each."""

    chunks: list[list[str]]
    pixels: dict[str, int]
    sizes: set[tuple[int, int]]
    bytes: int

    @classmethod
    def read(cls, folder: Path) -> Corpus:
        from PIL import Image

        from bnstat.measure.dispatch import chunks
        from bnstat.sources.sources import Sources

        found = [*chunks(Sources.open([os.fspath(folder)]))]
        paths = [[os.fsdecode(reference.path) for reference in chunk] for chunk in found]
        sizes = {}
        for path in (path for chunk in paths for path in chunk):
            with Image.open(path) as image:
                sizes[path] = image.size
        pixels = {path: width * height for path, (width, height) in sizes.items()}
        size = sum(reference.size for chunk in found for reference in chunk)
        return cls(paths, pixels, set(sizes.values()), size)


@dataclass(frozen=True)
class Run:
    """What a command took: seconds, and bytes of its main process and of its largest worker."""

    seconds: float
    main: int
    worker: int
    output: str


@dataclass
class Contestant:
    name: str
    command: Sequence[str | Path]
    runs: list[Run] = field(default_factory=list)

    def median(self, figure: str) -> float:
        return statistics.median(getattr(run, figure) for run in self.runs)

    def range(self) -> str:
        seconds = [run.seconds for run in self.runs]
        return f"({min(seconds):.2f}-{max(seconds):.2f})"


def prepared(arguments: argparse.Namespace, corpus: Corpus, folder: Path) -> list[Contestant]:
    (folder / "chunks.json").write_text(json.dumps(corpus.chunks))
    workers, mode, batch_size = str(arguments.workers), arguments.mode, str(arguments.batch_size)
    compute = [BNSTAT, "compute", arguments.folder, "--mode", mode, "--workers", workers]
    bound = [sys.executable, HERE / "bound.py", folder / "chunks.json", workers]
    recipe = [sys.executable, HERE / "recipe.py", arguments.folder, workers, batch_size, mode]
    contestants = [
        Contestant("(a) bnstat compute", [*compute, "-q", "-o", folder / "bnstat.json"]),
        Contestant("(b) bound: decoding alone", bound),
        Contestant(f"(c) recipe, batches of {batch_size}", recipe),
    ]
    return contestants[:2] if arguments.skip_recipe else contestants


def warm(corpus: Corpus) -> None:
    """Have all files in the page cache, for all three alike."""
    for path in corpus.pixels:
        Path(path).read_bytes()


def watched(command: Sequence[str | Path]) -> Run:
    """Run a command to its end, watching its memory."""
    started = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peaks: dict[int, int] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=watch, args=(process.pid, peaks, ended))
    watcher.start()
    output, _ = process.communicate()
    seconds = perf_counter() - started
    ended.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{Path(command[1]).name} ended with status {process.returncode}")
    main = peaks.pop(process.pid)
    return Run(seconds, main, max(peaks.values(), default=0), output)


def watch(pid: int, peaks: dict[int, int], ended: threading.Event) -> None:
    """Keep in `peaks` the most bytes that each process from `pid` down has held."""
    while not ended.wait(INTERVAL):
        for process in descent(pid):
            with suppress(OSError, IndexError):  # it has just ended
                status = Path(f"/proc/{process}/status").read_text()
                peaks[process] = 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0])


def descent(pid: int) -> Iterator[int]:
    """Yield a process, its children and theirs, whichever thread started them."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from descent(int(child))


def check_same_samples(contestants: Sequence[Contestant], folder: Path) -> None:
    """Make sure that bnstat and the recipe have measured the same, to the recipe's accuracy."""
    if len(contestants) < 3:
        return
    exact = json.loads((folder / "bnstat.json").read_text())
    recipe = json.loads(contestants[2].runs[-1].output)
    pairs = [
        *zip(exact["methods"]["two-pass"]["mean"], recipe["mean"], strict=True),
        *zip(exact["methods"]["two-pass"]["std"], recipe["std"], strict=True),
    ]
    counts = set(exact["count"])
    if counts != {recipe["n"]} or any(abs(a - b) > 1e-6 for a, b in pairs):
        sys.exit(f"bnstat and the recipe disagree: {counts} {recipe['n']} {pairs}")


def heading(arguments: argparse.Namespace, corpus: Corpus) -> str:
    images, megapixels = len(corpus.pixels), sum(corpus.pixels.values()) / 1e6
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{images:,} images, {megapixels:,.1f} megapixels, {corpus.bytes / MB:,.1f} MB, mode "
        f"{arguments.mode}; {arguments.workers} workers, rounds: {arguments.rounds}, files cached\n"
        f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}); "
        f"python {platform.python_version()}, {versions}\n"
    )


def table(contestants: Sequence[Contestant], corpus: Corpus) -> str:
    lines = [f"{'':30}{'wall: median (min-max)':>24}{'images/s':>10}{'main':>9}{'worker':>9}"]
    for contestant in contestants:
        seconds = contestant.median("seconds")
        lines.append(
            f"{contestant.name:30}{seconds:8.2f} s {contestant.range():>14}"
            f"{len(corpus.pixels) / seconds:>10,.0f}"
            f"{contestant.median('main') / MB:>6.0f} MB{contestant.median('worker') / MB:>6.0f} MB"
        )
    return "\n".join(lines) + "\n"


def ratios(contestants: Sequence[Contestant], corpus: Corpus) -> str:
    """Return the figures that bnstat has promised something of."""
    a, b, *c = (contestant.median("seconds") for contestant in contestants)
    main = contestants[0].median("main") - 200 * len(corpus.pixels)
    need = largest_need(corpus)
    worker = contestants[0].median("worker") - need
    lines = [f"a / b = {a / b:.2f}", *(f"c / a = {recipe / a:.2f}" for recipe in c)]
    lines += [
        f"bnstat's main process, less 200 bytes an image: {main / MB:.0f} MB",
        f"its largest worker, less the {need / MB:.0f} MB that Pillow needs to decode the largest "
        f"image: {worker / MB:.0f} MB",
    ]
    return "\n".join(lines)


def largest_need(corpus: Corpus) -> int:
    """Return the most bytes that Pillow needs for an image, tried on the largest ones.

    A progressive JPEG takes up to three times as much a pixel as another, for its coefficients.
    """
    most = max(corpus.pixels.values())
    large = [path for path, pixels in corpus.pixels.items() if 3 * pixels >= most]
    large.sort(key=corpus.pixels.__getitem__, reverse=True)
    script = HERE / "largest_image.py"
    return max(int(subprocess.check_output([sys.executable, script, path])) for path in large[:40])


if __name__ == "__main__":
    main()
