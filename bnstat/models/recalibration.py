"""Recalibrating a model: its layers' statistics are searched for, and put into it or its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.models.fixed_point import PassDone, search
from bnstat.models.layers import (
    Activations,
    Running,
    batch_norm_layers,
    invalid_layers,
    set_statistics,
    statistics,
)
from bnstat.models.model_input import Drawing, Normalization
from bnstat.models.model_spec import ModelSpec, weights_as_bytes, weights_with
from bnstat.models.passes import open_passes
from bnstat.models.probe import Pass, Probe
from bnstat.result import Failure
from bnstat.result.running_statistics import Recalibration
from bnstat.settings import RecalibrateSettings
from bnstat.sources.sources import Sources
from bnstat.text import key_text

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class ModelImages:
    """Images as a model is given them; `described` says what they are normalized with."""

    sources: Sources
    settings: RecalibrateSettings
    drawing: Drawing
    normalization: Normalization
    described: str


def recalibrate_object(
    model: nn.Module, images: ModelImages, check: bool, on_pass: Callable[[PassDone], None] | None
) -> Recalibration:
    """Recalibrate a model in place, unless it is to be checked; its modes stay."""
    modes = {module: module.training for module in model.modules()}
    activations = Activations(model.eval(), batch_norm_layers(model))
    final = statistics(activations.layers)
    spec = ModelSpec(type(model).__name__, None)
    try:
        found, running = _measure(spec, activations, images, on_pass, check=check, here=True)
        if not check:
            final |= running
            for name in running:
                activations.layers[name].num_batches_tracked.fill_(found.images * found.epochs)
    finally:
        set_statistics(activations.layers, final)
        activations.close()
        for module, mode in modes.items():
            module.training = mode
    return found


def recalibrate_files(
    spec: ModelSpec,
    images: ModelImages,
    output: Path | None,
    on_pass: Callable[[PassDone], None] | None,
) -> Recalibration:
    """Recalibrate a model, and write its weights; without an output it is only checked."""
    device = images.settings["device"]
    activations = spec.activations(device or "cpu")
    check, here = output is None, device is not None
    found, running = _measure(spec, activations, images, on_pass, check=check, here=here)
    if output is None:
        return found
    values = _values(activations, running, found.images * found.epochs)
    if spec.weights is not None:
        data = weights_with(spec.weights, values)
    else:
        state = activations.model.state_dict()
        fitting = {name: value.to(state[name].dtype) for name, value in values.items()}
        data = weights_as_bytes(state | fitting, output.suffix)
    files.write(output, data)
    return replace(found, output=str(output))


def _measure(
    spec: ModelSpec,
    activations: Activations,
    images: ModelImages,
    on_pass: Callable[[PassDone], None] | None,
    *,
    check: bool,
    here: bool,
) -> tuple[Recalibration, dict[str, Running]]:
    """Return what is found, and the running statistics of the layers that the model calls.

    With `check`, in one pass; with `here`, the model is run in this process.
    """
    settings = images.settings
    stored, invalid = statistics(activations.layers), invalid_layers(activations.model)
    probe = Probe(spec, images.drawing, images.normalization, settings["batch_size"], Pass({}))
    most = 1 if check else settings["max_passes"]
    with open_passes(images.sources, probe, settings, activations if here else None) as passes:
        fixed = search(activations, passes, settings["tolerance"], most, on_pass)
    first = passes.first
    assert first is not None
    found = Recalibration(
        model=spec.model,
        weights=None if spec.weights is None else str(spec.weights),
        output=None,
        normalization=images.described,
        images=first.measured,
        epochs=images.drawing.times,
        layers=fixed.shifts(stored),
        unused=tuple(name for name in activations.layers if name not in fixed.order),
        passes=len(fixed.moves),
        moved=fixed.moves[-1],
        settled=fixed.settled,
        failures=tuple(Failure(key_text(key), reason) for key, reason in first.failures),
        invalid=invalid,
    )
    return found, {name: fixed.running[name] for name in fixed.order}


def _values(
    activations: Activations, running: dict[str, Running], batches: int
) -> dict[str, Tensor]:
    """Return the tensors of the model's state_dict that change; each drawn image is a batch."""
    import torch

    new = {layer: running[name] for name, layer in activations.layers.items() if name in running}
    values: dict[str, Tensor] = {}
    for name, module in activations.model.named_modules(remove_duplicate=False):
        if module in new:  # one layer may have several names
            values[f"{name}.running_mean"] = torch.from_numpy(new[module].mean)
            values[f"{name}.running_var"] = torch.from_numpy(new[module].var)
            values[f"{name}.num_batches_tracked"] = torch.tensor(batches)
    return values
