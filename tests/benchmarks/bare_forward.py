"""A bare loop of decode, pipeline and eval forward, in so many processes; it measures nothing.

    python tests/benchmarks/bare_forward.py MODEL WEIGHTS LIST PROCESSES SIZE

Each process takes batches of 8 of its share of the images: about what bnstat's are of photographs.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

BATCH = 8


def main() -> None:
    name, weights, listed, processes, size = sys.argv[1:]
    paths = Path(listed).read_text().splitlines()
    shares = [paths[i :: int(processes)] for i in range(int(processes))]
    if len(shares) == 1:
        run(name, weights, shares[0], int(size))
        return
    context = multiprocessing.get_context("fork")
    running = [
        context.Process(target=run, args=(name, weights, share, int(size))) for share in shares
    ]
    for process in running:
        process.start()
    for process in running:
        process.join()


def run(name: str, weights: str, paths: list[str], size: int) -> None:
    torch.set_num_threads(1)
    model = torchvision.models.get_model(name, weights=None).eval()
    model.load_state_dict(torch.load(weights, weights_only=True))
    draw = v2.Compose([v2.Resize(size), v2.CenterCrop(size), v2.ToImage()])
    normalize = v2.Compose(
        [
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    with torch.inference_mode():
        for start in range(0, len(paths), BATCH):
            images = [Image.open(path).convert("RGB") for path in paths[start : start + BATCH]]
            model(normalize(torch.stack([draw(image) for image in images])))


if __name__ == "__main__":
    main()
