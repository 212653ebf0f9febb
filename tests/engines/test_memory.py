"""Memory: what a run may hold at its peak, as the kernel counts it."""

import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MB = 1_000_000


def peak(pid):
    """Return the most memory that a process has held so far, in bytes; 0 if it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(lines[0].split()[1]) if lines else 0


@pytest.fixture
def peaks(start, processes, tmp_path):
    """Run `bnstat compute` with two workers; return the peaks of main process and workers."""

    def run(*arguments):
        output = tmp_path / "peaks.json"  # a pipe that nobody reads may be full
        main = start("-m", "bnstat", "compute", "-q", "-o", output, "--workers", "2", *arguments)
        mains, workers = 0, {}
        while main.poll() is None:
            mains = max(mains, peak(main.pid))
            for worker in processes.workers(main.pid):
                workers[worker] = max(workers.get(worker, 0), peak(worker))
        document = json.loads(output.read_bytes())
        assert len(workers) == 2
        return document["source"]["images"], mains, max(workers.values())

    return run


def needed(python, path):
    """Return what Pillow alone needs to decode an image, in bytes."""
    program = """
import sys
from PIL import Image
def peak():
    lines = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    return 1024 * int(lines[0].split()[1])
file = open(sys.argv[1], "rb")
image = Image.open(file)
before = peak()
image.load()
print(peak() - before)
"""
    return int(python("-c", program, path).stdout)


@pytest.mark.long
def test_peak_with_large_images(tmp_path, python, peaks):
    """A worker holds one image at a time: 60 MB, and what Pillow needs for the largest."""
    pixels = np.random.default_rng(1).integers(0, 256, (50, 75, 3), dtype=np.uint8)
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(pixels).resize((6000, 4000)).save(folder / "000.jpg", quality=90)
    for i in range(1, 40):
        os.link(folder / "000.jpg", folder / f"{i:03}.jpg")
    images, main, worker = peaks(folder)
    assert images == 40
    assert worker <= 60 * MB + needed(python, folder / "000.jpg")
    assert main <= 80 * MB + 200 * images


@pytest.mark.long
def test_peak_with_deep_images(tmp_path, python, peaks):
    """16-bit images are counted in strips, so that they take no more."""
    deep = np.random.default_rng(1).integers(0, 65536, (4000, 6000), dtype=np.uint16)
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(deep).save(folder / "000.tif")
    for i in range(1, 20):
        os.link(folder / "000.tif", folder / f"{i:03}.tif")
    images, _, worker = peaks(folder, "--mode", "L")
    assert images == 20
    assert worker <= 60 * MB + needed(python, folder / "000.tif")


@pytest.mark.long
def test_peak_with_many_images(tmp_path, peaks):
    """The main process holds 200 bytes an image, beside its 80 MB."""
    Image.new("RGB", (4, 4)).save(tmp_path / "seed.png")
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(60_000):
        os.link(tmp_path / "seed.png", folder / f"{i:05}.png")
    images, main, worker = peaks(folder)
    assert images == 60_000
    assert main <= 80 * MB + 200 * images
    assert worker <= 60 * MB


@pytest.mark.long
@pytest.mark.parametrize(
    ("workers", "members", "size", "least", "most"),
    [
        # What is in flight counts its true size: 128 MiB, and the next.
        ("2", 12, 100 * MB, 150 * MB, 600 * MB),
        # An inflated image is held once: when the next one is read, it has gone.
        ("1", 4, 200 * MB, 200 * MB, 280 * MB),
    ],
)
def test_peak_with_large_members_of_a_stream(tmp_path, start, workers, members, size, least, most):
    """No more is held than what is in flight."""
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz", compresslevel=1) as tar:
        for i in range(members):
            info = tarfile.TarInfo(f"{i:02}.png")
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(size)))
    main = start("-m", "bnstat", "compute", "-q", "--workers", workers, tmp_path / "x.tar.gz")
    highest = 0
    while main.poll() is None:
        highest = max(highest, peak(main.pid))
    assert f"none of the {members} images".encode() in main.communicate()[1]
    assert least < highest < most
