"""Mean and std under RandomRotation(30), with and without --exclude-fill; docs/selection.md.

python tests/benchmarks/rotation.py FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

import bnstat

SPEC = "Resize((96, 96)) | RandomRotation(30)"


def main() -> None:
    parser = argparse.ArgumentParser(description="What filled corners do to mean and std.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    plain = bnstat.compute(folder, augment="Resize((96, 96))")
    filled = bnstat.compute(folder, augment=SPEC)
    excluded = bnstat.compute(folder, augment=SPEC, exclude_fill=True)
    print(f"{'':<28}{'mean R':>8}{'G':>8}{'B':>8}{'std R':>9}{'G':>8}{'B':>8}")
    rows = {"not rotated": plain, "rotated": filled, "rotated, --exclude-fill": excluded}
    for name, stats in rows.items():
        figures = [f"{value:8.4f}" for value in (*stats.mean, *stats.std)]
        print(f"{name:<28}{''.join(figures[:3])} {''.join(figures[3:])}")


if __name__ == "__main__":
    main()
