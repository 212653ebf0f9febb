"""A model that was trained on one class of the demo, looked at with the other.

    python tests/benchmarks/stale_statistics.py [--seconds 60]

resnet18 of torchvision learns for a minute by how much an image of the class "day" is turned (0,
90, 180, 270 degrees). Then `bnstat recalibrate --check` runs on the images of "day" and of "night".
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

DRAW = "Resize(64) | CenterCrop(64)"
SHOWN = 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Check a model on a shifted domain.")
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        bnstat("demo", "demo", cwd=folder)
        weights = Path(folder, "w.pt")
        steps, right = train(Path(folder, "demo/images/day"), weights, seconds)
        print(f"trained for {seconds:.0f} s: {steps} batches of 32, {right:.0%} right at the end")
        for name in ("day", "night"):
            done = bnstat(
                *("recalibrate", "torchvision:resnet18", f"demo/images/{name}", "--check"),
                *("--weights", str(weights), "--augment", DRAW, "--stats", "imagenet"),
                *("--max-failures", "1"),
                cwd=folder,
            )
            print(f"\n$ bnstat recalibrate ... demo/images/{name} --check")
            print("\n".join(done.splitlines()[:SHOWN]))


def bnstat(*arguments: str, cwd: str) -> str:
    command = [sys.executable, "-m", "bnstat", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def train(folder: Path, weights: Path, seconds: float) -> tuple[int, float]:
    """Train a model on turned images, and save its weights; return batches and share of hits."""
    torch.manual_seed(0)
    images = torch.stack(list(drawn(folder)))
    model = torchvision.models.resnet18(weights=None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    hits: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        chosen = images[torch.randint(len(images), (32,))]
        turns = torch.randint(4, (32,))
        batch = torch.stack([x.rot90(int(k), (1, 2)) for x, k in zip(chosen, turns, strict=True)])
        scores = model(batch)
        loss = torch.nn.functional.cross_entropy(scores, turns)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        hits.append(float((scores.argmax(1) == turns).float().mean()))
    torch.save(model.state_dict(), weights)
    return len(hits), sum(hits[-10:]) / 10


def drawn(folder: Path):
    small = v2.Resize(64), v2.CenterCrop(64), v2.ToImage()
    floats = v2.ToDtype(torch.float32, scale=True)
    draw = v2.Compose([*small, floats, v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    for path in sorted(folder.iterdir()):
        if "broken" not in path.name:
            with Image.open(path) as image:
                yield draw(image.convert("RGB"))


if __name__ == "__main__":
    main()
