"""Print the figures of docs/methods.md: `python tests/docs/methods.py`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import bnstat
from bnstat.measure.demo import write_demo_images


def blocks() -> dict[str, str]:
    """Return each block of figures by its name."""
    with tempfile.TemporaryDirectory() as folder:
        write_demo_images(Path(folder))
        return {
            "recipes": "\n".join(_recipes(Path(folder))),
            "schedules": "\n".join(_schedules(Path(folder))),
            "article": "\n".join(_article()),
        }


def _recipes(folder: Path) -> Iterator[str]:
    stats = bnstat.compute(folder, workers=1)
    pixels = [_pixels(folder / name) for name in _measured(folder)]
    batches = [np.concatenate(pixels[i : i + 8]) for i in range(0, len(pixels), 8)]
    yield "std of the demo's images, by recipe               R       G       B"
    yield _row("all samples pooled (two-pass)", stats.std)
    yield _row("mean of the stds of single images", stats.conventions["mean_of_image_stds"])
    yield _row(
        "mean of the stds of batches of 8", np.mean([b.std(axis=0) for b in batches], axis=0)
    )
    yield _row("E[x²] - E[x]² in a float32 running sum", _float32_std(np.concatenate(pixels)))


def _measured(folder: Path) -> list[str]:
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    return [path for path in paths if "broken" not in path]


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        if image.mode == "I;16":
            return np.repeat(np.asarray(image).reshape(-1, 1) / 65535, 3, axis=1)
        return np.asarray(image.convert("RGB")).reshape(-1, 3) / 255


def _float32_std(pixels: np.ndarray) -> np.ndarray:
    x = pixels.astype(np.float32)
    n = np.float32(len(x))
    mean = np.cumsum(x, axis=0, dtype=np.float32)[-1] / n
    square = np.cumsum(x * x, axis=0, dtype=np.float32)[-1] / n
    return np.sqrt(square - mean * mean)


def _row(name: str, values: object) -> str:
    return f"{name:44}" + "".join(f"  {value:.4f}" for value in np.asarray(values))


def _schedules(folder: Path) -> Iterator[str]:
    yield "batch  momentum    epochs  batches  start weight  |mean off|  |std off|  expected sd"
    yield "                                                     (largest channel)   (of mean)"
    for size, momentum, epochs in (
        (8, 0.1, 1),
        (8, 0.1, 10),
        (8, 0.01, 10),
        (32, 0.1, 10),
        (8, None, 1),
        (8, None, 10),
    ):
        stats = bnstat.compute(folder, workers=1, batch_size=size, momentum=momentum, epochs=epochs)
        batchnorm = stats.methods["batchnorm"]
        mean = max(abs(a - b) for a, b in zip(batchnorm.mean, stats.mean, strict=True))
        std = max(abs(a - b) for a, b in zip(batchnorm.std, stats.std, strict=True))
        yield (
            f"{size:5}  {momentum or 'cumulative':<10}  {epochs:6}  {batchnorm.batches:7}"
            f"  {batchnorm.start_weight:12.4f}  {mean:10.4f}  {std:9.4f}"
            f"  {max(batchnorm.expected_sd['mean']):11.4f}"
        )


def _article() -> Iterator[str]:
    torch.manual_seed(21)
    torch.randn(20, 3, 1, 1)
    layer = torch.nn.BatchNorm2d(3)
    batches = [torch.randn(20, 3, 1, 1) for _ in range(2000)]
    for batch in batches:
        layer(batch)
    samples = torch.cat(batches).double().reshape(-1, 3)
    yield "                    mean                        variance"
    yield f"all samples         {_digits(samples.mean(0))}    {_digits(samples.var(0))}"
    yield f"BatchNorm2d         {_digits(layer.running_mean)}    {_digits(layer.running_var)}"


def _digits(values: torch.Tensor) -> str:
    return "".join(f"{value:8.4f}" for value in values.tolist())


if __name__ == "__main__":
    for name, block in blocks().items():
        print(f"--- {name}\n{block}")  # noqa: T201
