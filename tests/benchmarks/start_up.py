"""How long bnstat takes to start, in units of an empty Python.

python tests/benchmarks/start_up.py [--rounds R]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import sysconfig
from pathlib import Path
from time import perf_counter

BNSTAT = str(Path(sysconfig.get_path("scripts")) / "bnstat")
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "bnstat --version": [BNSTAT, "--version"],
    "bnstat --help": [BNSTAT, "--help"],
    "bnstat compute --help": [BNSTAT, "compute", "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time how bnstat starts.")
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            seconds[name].append(timed(command))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"medians, rounds: {rounds}")
    for name, median in medians.items():
        ratio = median / medians["python -c pass"]
        print(f"{ratio:5.2f} x  {1000 * median:6.1f} ms  {name}")


def timed(command: list[str]) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


if __name__ == "__main__":
    main()
