"""Datasets, loaders, arrays and accumulators beside a bare loop, a folder and a sum.

`python tests/benchmarks/datasets.py [FOLDER OF PHOTOS]` prints ratios of user + system time, the
median of alternating pairs, each in a process of its own; and memory where that is the point.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

PAIRS = int(os.environ.get("PAIRS", "5"))

LOADER = """
import torch, sys
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

torch.set_num_threads(1)
steps = [v2.ToImage(), v2.Resize(({size}, {size}))]
if {floats}:
    steps.append(v2.ToDtype(torch.float32, scale=True))
data = ImageFolder({folder!r}, v2.Compose(steps))
loader = DataLoader(data, batch_size=64, num_workers=2)
"""
BARE = "for images, labels in loader: pass"
MEASURED = "import bnstat; bnstat.compute(loader)"
OBJECT = """
from torchvision.datasets import ImageFolder
import bnstat
bnstat.compute(ImageFolder({folder!r}), workers=2)
"""
FOLDER = "import bnstat, torch, torchvision; bnstat.compute({folder!r}, workers=2)"
CIFAR = """
import numpy as np, bnstat, time, resource
images = np.random.default_rng(0).integers(0, 256, (50_000, 32, 32, 3), dtype=np.uint8)
bnstat.compute(images[:600])
before = resource.getrusage(resource.RUSAGE_SELF)
bnstat.compute(images)
after = resource.getrusage(resource.RUSAGE_SELF)
seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(seconds, (after.ru_maxrss - before.ru_maxrss) * 1024 / images.nbytes)
"""
MAPPED = """
import numpy as np, bnstat, resource
bnstat.compute(np.load({path!r}, mmap_mode="r"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
UPDATE = """
import torch, bnstat, time
torch.set_num_threads(1)
batch = torch.rand(64, 3, 224, 224)
accumulator = bnstat.Accumulator().update(batch)
def seconds(call):
    start = time.process_time(); call(); return time.process_time() - start
pairs = [(seconds(lambda: accumulator.update(batch)), seconds(lambda: batch.double().sum()))
         for _ in range(9)]
print(sorted(own / bare for own, bare in pairs)[4])
"""


def run(code):
    """Return user + system seconds of a process and its children, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, printed.decode()


def ratio(measured, bare):
    """Return the median ratio of alternating pairs."""
    return statistics.median(run(measured)[0] / run(bare)[0] for _ in range(PAIRS))


def photos(folder, number, size):
    """Make photo-like JPEGs in one class."""
    rng = np.random.default_rng(0)
    (folder / "all").mkdir(parents=True)
    for i in range(number):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        coarse.resize((size, size)).save(folder / "all" / f"{i:05}.jpg", quality=90)
    return str(folder)


def main():
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        large = sys.argv[1] if len(sys.argv) > 1 else photos(Path(temporary, "l"), 1500, 500)
        small = photos(Path(temporary, "s"), 10_000, 32)
        for name, folder, size, floats in (
            ("DataLoader, 224 px, uint8", large, 224, False),
            ("DataLoader, 224 px, float32", large, 224, True),
            ("DataLoader, 32 px, uint8", small, 32, False),
        ):
            loader = LOADER.format(folder=folder, size=size, floats=floats)
            print(f"{name}: {ratio(loader + MEASURED, loader + BARE):.2f} × the bare loop")
        objects, plain = OBJECT.format(folder=large), FOLDER.format(folder=large)
        print(f"ImageFolder as an object: {ratio(objects, plain):.2f} × the folder + import torch")
        seconds, memory = run(CIFAR)[1].split()
        print(f"50,000 CIFAR images: {float(seconds):.2f} s, {float(memory):.2f} × its memory more")
        mapped = Path(temporary, "x.npy")
        np.lib.format.open_memmap(mapped, "w+", np.uint8, (10_000, 256, 256, 3))
        print(f"2 GB, memory-mapped: {float(run(MAPPED.format(path=str(mapped)))[1]):.0f} MB")
        print(f"Accumulator.update: {float(run(UPDATE)[1]):.2f} × batch.double().sum()")


if __name__ == "__main__":
    main()
