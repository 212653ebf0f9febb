"""Rows of tables of simulations, which take their time: as many at once as there are jobs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any


def arguments(doc: str, runs: int, **more: Any) -> argparse.Namespace:
    """Return what was typed: --runs, --jobs, and other options with their defaults."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    for name, default in more.items():
        parser.add_argument(f"--{name}", default=default)
    return parser.parse_args()


def rows_of(
    row: Callable[[Any, int], str], cases: Iterable[Any], asked: argparse.Namespace
) -> Iterator[str]:
    """Yield the row of each case, in order."""
    of_case = partial(row, runs=asked.runs)
    if asked.jobs == 1:
        yield from map(of_case, cases)
        return
    with ProcessPoolExecutor(asked.jobs) as jobs:
        yield from jobs.map(of_case, cases)
