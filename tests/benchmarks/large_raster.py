"""Memory and seconds of a raster larger than memory would be: four bands of 30,000 x 30,000.

    python tests/benchmarks/large_raster.py FOLDER [--side 30000]

writes a tiled, compressed GeoTIFF of uint16 into FOLDER and measures it with one worker.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

BANDS, TILE = 4, 512


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a large raster.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=30_000)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    path = asked.folder / f"large-{asked.side}.tif"
    if not path.exists():
        write(path, asked.side)
    command = [sys.executable, "-m", "bnstat", "compute", path, "--mode", "bands", "--workers", "1"]
    started = time.perf_counter()
    subprocess.run([*command, "-q", "-o", asked.folder / "large.json"], check=True)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    samples = BANDS * asked.side**2
    print(
        f"{BANDS} bands of {asked.side:,} x {asked.side:,} uint16, {2 * samples / 1e9:.1f} GB of "
        f"samples: {seconds:.0f} s, {peak:.0f} MB at most"
    )


def write(path: Path, side: int) -> None:
    """Write tiles of a few values, so that the file is small."""
    import rasterio
    from rasterio.windows import Window

    warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
    tile = np.random.default_rng(0).integers(0, 65536, (BANDS, 64, 64), dtype=np.uint16)
    tile = np.repeat(np.repeat(tile, TILE // 64, axis=1), TILE // 64, axis=2)
    profile = {"driver": "GTiff", "dtype": "uint16", "count": BANDS, "width": side, "height": side}
    tiled = {"tiled": True, "blockxsize": TILE, "blockysize": TILE, "compress": "deflate"}
    with rasterio.open(path, "w", **profile, **tiled, zlevel=1, BIGTIFF="YES") as file:
        for top in range(0, side, TILE):
            for left in range(0, side, TILE):
                size = (min(TILE, side - left), min(TILE, side - top))
                file.write(tile[:, : size[1], : size[0]], window=Window(left, top, *size))


if __name__ == "__main__":
    main()
