"""The generators of random numbers of torch, numpy and Python: seeded, and given back."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import numpy as np

from bnstat.imports import stdout_on_stderr


def draw_number(what: bytes, seed: int, epoch: int, key: bytes) -> int:
    """Return the seed of one draw: of run seed, epoch and image key, and of nothing else."""
    text = b"%s/%d/%d/%s" % (what, seed, epoch, key)
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1


def seed_generators(number: int) -> None:
    """Seed Python's and numpy's generators, and torch's where torch is loaded."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(number)
    random.seed(number)
    np.random.seed(number % 2**32)


def generator_states() -> tuple[Any, ...]:
    """Return where all generators stand, as values that can be compared."""
    torch = sys.modules.get("torch")
    name, numbers, *rest = np.random.get_state()
    theirs = None if torch is None else torch.get_rng_state().numpy().tobytes()
    return random.getstate(), name, np.asarray(numbers).tobytes(), *rest, theirs


@contextmanager
def generators_kept() -> Iterator[None]:
    """Give all generators their state back; torch's is left alone where it is not loaded."""
    torch: Any = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch and torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch is not None:
            torch.set_rng_state(states[2])


@contextmanager
def caller_undisturbed() -> Iterator[None]:
    """Run torch with one thread, keep stdout clean, and give generators their state back.

    One thread, as there is a process for each core, and as the number could change float results.
    """
    torch: Any = sys.modules.get("torch")
    threads = torch and torch.get_num_threads()
    if torch is not None:
        torch.set_num_threads(1)
    try:
        with generators_kept(), stdout_on_stderr():
            yield
    finally:
        if torch is not None:
            torch.set_num_threads(threads)
