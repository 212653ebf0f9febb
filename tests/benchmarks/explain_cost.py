"""What `explain` costs beside `compute`, and what percentiles are of a `compute`.

    python tests/benchmarks/explain_cost.py

Generated photo-like images, 8- and 16-bit. The first is the median ratio of user + system time of
alternating pairs of processes; of percentiles, the share of the time of one process.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import bnstat
from bnstat.measure import figures
from bnstat.moments.chunk_counts import _Pending

PAIRS, IMAGES = int(os.environ.get("PAIRS", "5")), 300
EXPLAIN = "import bnstat; bnstat.explain('0.41,0.42,0.43/0.21,0.22,0.23', {0!r}, workers=1)"
COMPUTE = "import bnstat; bnstat.compute({0!r}, workers=1)"


def make(folder: Path, dtype: type) -> str:
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        light = rng.normal(0.4, 0.1, (16, 16, 3)).clip(0, 1)
        image = Image.fromarray((light * 255).astype(np.uint8)).resize((256, 256))
        if dtype is np.uint16:
            deep = np.asarray(image.convert("L"), np.uint16) * 257 + rng.integers(
                0, 257, (256, 256)
            )
            image = Image.fromarray(deep.astype(np.uint16))
        folder.mkdir(exist_ok=True)
        image.save(folder / f"{number}.png")
    return str(folder)


def seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def timed(owner: Any, name: str, spent: list[float]) -> Iterator[None]:
    """Add the time that a function takes, as long as it is replaced."""
    original: Callable[..., Any] = getattr(owner, name)

    def measured(*arguments: Any, **keywords: Any) -> Any:
        start = time.process_time()
        try:
            return original(*arguments, **keywords)
        finally:
            spent.append(time.process_time() - start)

    setattr(owner, name, measured)
    yield
    setattr(owner, name, original)


def share_of_percentiles(folder: str) -> float:
    spent: list[float] = []
    with (
        timed(figures, "_occurring", spent),
        timed(figures, "distribution_figures", spent),
        timed(_Pending, "add_deep", spent),
    ):
        start = time.process_time()
        bnstat.compute(folder, workers=1)
        return sum(spent) / (time.process_time() - start)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        for dtype in (np.uint8, np.uint16):
            folder = make(Path(temporary, dtype.__name__), dtype)
            pairs = [
                seconds(EXPLAIN.format(folder)) / seconds(COMPUTE.format(folder))
                for _ in range(PAIRS)
            ]
            bnstat.compute(folder, workers=1)
            share = statistics.median(share_of_percentiles(folder) for _ in range(PAIRS))
            print(
                f"{dtype.__name__}: explain {statistics.median(pairs):.3f} × compute; "
                f"percentiles {share:.2%} of compute"
            )


if __name__ == "__main__":
    main()
