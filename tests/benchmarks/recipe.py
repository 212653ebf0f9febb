"""The recipe that circulates in forums, with its std pooled over all samples, as is right.

    python tests/benchmarks/recipe.py FOLDER WORKERS BATCH_SIZE MODE

prints a JSON object: n, mean and std per channel.
"""

from __future__ import annotations

import json
import sys
from functools import partial

from PIL import Image


def main() -> None:
    import torch
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import ToTensor

    folder, workers, batch_size, mode = sys.argv[1:]
    how = {} if mode == "RGB" else {"loader": partial(read, mode=mode)}
    dataset = ImageFolder(folder, ToTensor(), **how)
    n, s, q = 0, torch.zeros(len(mode)).double(), torch.zeros(len(mode)).double()
    for x, _ in DataLoader(dataset, batch_size=int(batch_size), num_workers=int(workers)):
        x = x.double()  # noqa: PLW2901
        n += x.numel() // len(mode)
        s += x.sum((0, 2, 3))
        q += (x * x).sum((0, 2, 3))
    mean = s / n
    print(json.dumps({"n": n, "mean": mean.tolist(), "std": (q / n - mean**2).sqrt().tolist()}))


def read(path: str, mode: str) -> Image.Image:
    """Read an image as ImageFolder does, which knows RGB only."""
    with open(path, "rb") as file:
        return Image.open(file).convert(mode)


if __name__ == "__main__":
    main()
