"""bnstat under a pipeline beside a bare loop of the same decode and the same pipeline.

    python tests/benchmarks/under_pipeline.py FOLDER [--workers N] [--rounds R] [SPEC]...

(a) bnstat compute --augment SPEC, (b) bare_loop.py, which keeps nothing, and (c) bnstat with one
worker. Whole processes, in turn. Start-up, which is mostly importing torch, is measured on a single
image, in turn with the rest, and taken out. Memory is read as in side_by_side.py.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from side_by_side import BNSTAT, HERE, MB, Contestant, Corpus, heading, warm, watched

SPECS = ["colorjitter", "imagenet-train"]


def main() -> None:
    arguments = parsed()
    corpus = Corpus.read(arguments.folder)
    print(heading(arguments, corpus), flush=True)
    warm(corpus)
    with tempfile.TemporaryDirectory() as temporary:
        for spec in arguments.specs or SPECS:
            pairs = list(prepared(arguments, corpus, spec, Path(temporary)))
            for _ in range(arguments.rounds):
                for contestant in (each for pair in pairs for each in pair):
                    contestant.runs.append(watched(contestant.command))
            print(table(spec, pairs), flush=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time bnstat under a pipeline beside a bare loop.")
    parser.add_argument("folder", type=Path, help="a folder of images")
    parser.add_argument("specs", nargs="*", help=f"pipelines; default: {' '.join(SPECS)}")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.set_defaults(mode="RGB")
    return parser.parse_args()


def prepared(
    arguments: argparse.Namespace, corpus: Corpus, spec: str, folder: Path
) -> Iterator[tuple[Contestant, Contestant]]:
    """Yield each contestant, and itself with a single image: its start-up."""
    first = min(corpus.pixels, key=corpus.pixels.__getitem__)
    (folder / "all.json").write_text(json.dumps(corpus.chunks))
    (folder / "one.json").write_text(json.dumps([[first]]))

    def bnstat(source: object, workers: int) -> list[object]:
        command = [BNSTAT, "compute", source, "--augment", spec, "--workers", str(workers)]
        return [*command, "-q", "-o", folder / "bnstat.json"]

    def bare(chunks: str) -> list[object]:
        return [
            *(sys.executable, HERE / "bare_loop.py", folder / chunks),
            *(str(arguments.workers), spec),
        ]

    many = arguments.workers
    yield (
        Contestant(f"(a) bnstat, {many} workers", bnstat(arguments.folder, many)),
        Contestant("", bnstat(first, many)),
    )
    yield (
        Contestant(f"(b) bare loop, {many} workers", bare("all.json")),
        Contestant("", bare("one.json")),
    )
    yield (
        Contestant("(c) bnstat, 1 worker", bnstat(arguments.folder, 1)),
        Contestant("", bnstat(first, 1)),
    )


def table(spec: str, pairs: list[tuple[Contestant, Contestant]]) -> str:
    lines = [f"{spec:30}{'wall: median (min-max)':>24}{'start-up':>10}{'main':>9}{'worker':>9}"]
    net = []
    for whole, start in pairs:
        seconds, start_up = whole.median("seconds"), start.median("seconds")
        net.append(seconds - start_up)
        lines.append(
            f"{whole.name:30}{seconds:8.2f} s {whole.range():>14}{start_up:>8.2f} s"
            f"{whole.median('main') / MB:>6.0f} MB{whole.median('worker') / MB:>6.0f} MB"
        )
    a, b, c = net
    lines.append(f"less start-up: a / b = {a / b:.2f}, c / a = {c / a:.2f}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
