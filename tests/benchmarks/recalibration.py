"""Recalibration of real models on photographs: is it the fixed point, and what does a pass take?

    python tests/benchmarks/recalibration.py FOLDER [MODEL:IMAGES]... [--size 96] [--speed]

Models of torchvision with random weights (seed 0). For each: how many passes and seconds, and what
an independent look finds: each image decoded, drawn and normalized by torchvision, the model in
eval mode, each BatchNorm layer's input reduced by torch in float64, in two passes over it. Beside
it what others put there: torch.optim.swa_utils.update_bn, and fvcore's update_bn_stats, by its
formula.

With --speed, the first pass beside a bare loop of decode, draw and eval forward in as many
processes, whole processes in turn; start-up, measured on a single image, is taken out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch
import torchvision
from PIL import Image
from torch import nn
from torchvision.transforms import v2

import bnstat

IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
MODELS = ["resnet18:300", "mobilenet_v3_small:300", "densenet121:40"]


def main() -> None:
    arguments = parsed()
    paths = photographs(arguments.folder)
    for asked in arguments.models or MODELS:
        name, _, number = asked.partition(":")
        chosen = paths[:: max(1, len(paths) // int(number))][: int(number)]
        with tempfile.TemporaryDirectory() as folder:
            if arguments.speed:
                print(speed(name, chosen, arguments, Path(folder)), flush=True)
            else:
                for line in figures(name, chosen, arguments, Path(folder)):
                    print(line, flush=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Recalibrate models on photographs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", help=f"default: {' '.join(MODELS)}")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--loop", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def photographs(folder: Path) -> list[Path]:
    endings = (".jpg", ".jpeg", ".png")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings)


def model_of(name: str) -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None).eval()


def spec(size: int) -> str:
    return f"Resize({size}) | CenterCrop({size})"


def figures(
    name: str, paths: list[Path], arguments: argparse.Namespace, folder: Path
) -> Iterator[str]:
    weights, listed = folder / "w.pt", folder / "list"
    torch.save(model_of(name).state_dict(), weights)
    listed.write_text("\n".join(map(str, paths)))
    start = time.perf_counter()
    done = bnstat.recalibrate(
        f"torchvision:{name}",
        files_from=listed,
        weights=weights,
        output=folder / "new.pt",
        augment=spec(arguments.size),
        stats="imagenet",
        tolerance=1e-6,
        workers=arguments.workers,
    )
    seconds = time.perf_counter() - start
    yield (
        f"{name}: {len(done.layers)} layers, {done.images} images, {done.passes} passes, "
        f"{seconds:.1f} s"
    )
    images = list(drawn(paths, arguments.size))
    for label, model in (
        ("stored (0 and 1)", loaded(name, weights)),
        ("bnstat", loaded(name, folder / "new.pt")),
        ("update_bn, batches of 32", updated(model_of(name), images)),
        ("fvcore's formula, batches of 32", precise(model_of(name), images)),
    ):
        mean, var = apart(model, images)
        yield f"  {label:34} |Δmean|/std {mean:.1e}  |variance ratio - 1| {var:.1e}"


def loaded(name: str, weights: Path) -> nn.Module:
    model = model_of(name)
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model


def drawn(paths: list[Path], size: int) -> Iterator[torch.Tensor]:
    """Yield images as torchvision draws and normalizes them, not with bnstat."""
    transform = v2.Compose(
        [
            *(v2.Resize(size), v2.CenterCrop(size), v2.ToImage()),
            *(v2.ToDtype(torch.float32, scale=True), v2.Normalize(*IMAGENET)),
        ]
    )
    for path in paths:
        with Image.open(path) as image:
            yield transform(image.convert("RGB"))


def norms(model: nn.Module) -> dict[str, nn.Module]:
    kinds = nn.modules.batchnorm._BatchNorm
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, kinds)}


def apart(model: nn.Module, images: list[torch.Tensor]) -> tuple[float, float]:
    """Return how far running statistics are from what layers are given, in two passes."""
    sums, squares, counts, means = {}, {}, {}, {}

    def add(name: str, layer: nn.Module, given: tuple[torch.Tensor]) -> None:
        samples = given[0].double()
        if name not in means:
            counts[name] = counts.get(name, 0) + samples.numel() // samples.shape[1]
            sums[name] = sums.get(name, 0) + samples.sum((0, 2, 3))
        else:
            away = samples - means[name][:, None, None]
            squares[name] = squares.get(name, 0) + away.square().sum((0, 2, 3))

    layers, hooks = norms(model), []
    for name, layer in layers.items():
        hooks.append(
            layer.register_forward_pre_hook(lambda m, given, name=name: add(name, m, given))
        )
    for _ in range(2):
        with torch.inference_mode():
            for image in images:
                model.eval()(image[None])
        means = {name: total / counts[name] for name, total in sums.items()}
    for hook in hooks:
        hook.remove()
    off = []
    for name, layer in layers.items():
        variance = squares[name] / counts[name]
        unbiased = squares[name] / (counts[name] - 1)
        large = variance >= 1e-3 * layer.eps
        mean = (layer.running_mean - means[name]).abs() / (variance + layer.eps).sqrt()
        ratio = (layer.running_var.double()[large] / unbiased[large] - 1).abs()
        off.append((float(mean.max()), float(ratio.max()) if len(ratio) else 0.0))
    return max(each[0] for each in off), max(each[1] for each in off)


def updated(model: nn.Module, images: list[torch.Tensor]) -> nn.Module:
    """Return the model after torch.optim.swa_utils.update_bn."""
    torch.optim.swa_utils.update_bn(batches(images), model)
    return model


def precise(model: nn.Module, images: list[torch.Tensor]) -> nn.Module:
    """Return the model after fvcore.nn.precise_bn.update_bn_stats, by its formula.

    https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/precise_bn.py: all layers in
    training mode with momentum 1, so that the buffers hold each batch's mean and variance;
    E[x²] − E[x]² of these, weighted by the samples of the batch, in the buffers' dtype.
    """
    totals: dict[nn.Module, tuple[int, torch.Tensor, torch.Tensor]] = {}

    def add(layer: nn.Module, given: tuple[torch.Tensor], _: torch.Tensor) -> None:
        n = given[0].numel() // given[0].shape[1]
        seen, mean, square = totals.get(layer, (0, torch.zeros(()), torch.zeros(())))
        weight = n / (seen + n)
        now = layer.running_mean.square() + layer.running_var * ((n - 1) / n)
        mean = mean + (layer.running_mean - mean) * weight
        totals[layer] = seen + n, mean, square + (now - square) * weight

    layers = norms(model).values()
    hooks = [layer.register_forward_hook(add) for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
    model.train()
    with torch.no_grad():
        for batch in batches(images):
            model(batch)
    for layer, (_, mean, square) in totals.items():
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(square - mean.square())
    for hook in hooks:
        hook.remove()
    return model.eval()


def batches(images: list[torch.Tensor], size: int = 32) -> list[torch.Tensor]:
    return [torch.stack(images[i : i + size]) for i in range(0, len(images), size)]


def speed(name: str, paths: list[Path], arguments: argparse.Namespace, folder: Path) -> str:
    """Return a line: a pass of one and two workers, and a bare loop in as many processes."""
    weights = folder / "w.pt"
    torch.save(model_of(name).state_dict(), weights)
    for label, chosen in (("all", paths), ("one", paths[:1])):
        (folder / label).write_text("\n".join(map(str, chosen)))
    runs: dict[tuple[str, int, str], list[float]] = {}
    for _ in range(arguments.rounds):
        for who in ("bnstat", "loop"):
            for workers in (1, 2):
                for label in ("all", "one"):
                    command = command_of(who, name, weights, folder / label, workers, arguments)
                    start = time.perf_counter()
                    subprocess.run(command, check=True, capture_output=True)
                    runs.setdefault((who, workers, label), []).append(time.perf_counter() - start)
    times = {
        (who, workers): median(runs[who, workers, "all"]) - median(runs[who, workers, "one"])
        for who, workers, _ in runs
    }
    one, two = (times["bnstat", n] / times["loop", n] for n in (1, 2))
    return (
        f"{name}, {len(paths)} images: bnstat / loop {one:.2f} with one process, {two:.2f} with "
        f"two; two workers {times['bnstat', 1] / times['bnstat', 2]:.2f} x one "
        f"(loop {times['loop', 1] / times['loop', 2]:.2f}); {times}"
    )


def command_of(
    who: str, name: str, weights: Path, listed: Path, workers: int, arguments: argparse.Namespace
) -> list[str]:
    if who == "bnstat":
        binary = Path(sys.executable).with_name("bnstat")
        return [
            *(str(binary), "recalibrate", f"torchvision:{name}", "--weights", str(weights)),
            *("--files-from", str(listed), "--augment", spec(arguments.size)),
            *("--stats", "imagenet", "--check", "--workers", str(workers), "--quiet"),
        ]
    loop = str(Path(__file__).with_name("bare_forward.py"))
    return [
        sys.executable,
        loop,
        name,
        str(weights),
        str(listed),
        str(workers),
        str(arguments.size),
    ]


if __name__ == "__main__":
    main()
