"""Recalibrating a model: its layers' statistics are searched for, and put into it or its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.models.fixed_point import PassDone, SearchResult, search
from bnstat.models.layers import (
    Activations,
    batch_norm_layers,
    invalid_layers,
    names_of,
    set_statistics,
    statistics,
)
from bnstat.models.model_input import Drawing, Normalization
from bnstat.models.model_spec import ModelSpec, weights_as_bytes, weights_with
from bnstat.models.passes import ScannedImages, open_passes
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

    @property
    def epochs(self) -> int:
        """How often each image is drawn: once, unless that is at random."""
        return self.drawing.draws.epochs if self.drawing.draws else self.drawing.epochs


def recalibrate_object(
    model: nn.Module,
    images: ModelImages,
    check: bool,
    on_pass: Callable[[PassDone], None] | None,
) -> Recalibration:
    """Recalibrate a model in place, unless it is to be checked; its modes stay."""
    modes = {module: module.training for module in model.modules()}
    activations = Activations(model.eval(), batch_norm_layers(model))
    stored = statistics(activations.layers)
    spec = ModelSpec(type(model).__name__, None)
    invalid = invalid_layers(model)
    try:
        found, searched = _search(spec, activations, images, check, on_pass, here=True)
        if not check:
            stored |= searched.running
            for name in searched.running:
                activations.layers[name].num_batches_tracked.fill_(_batches(found, images))
    finally:
        set_statistics(activations.layers, stored)
        activations.close()
        for module, mode in modes.items():
            module.training = mode
    return _result(spec, None, images, found, searched, invalid)


def recalibrate_files(
    spec: ModelSpec,
    images: ModelImages,
    output: Path | None,
    on_pass: Callable[[PassDone], None] | None,
) -> Recalibration:
    """Recalibrate a model, and write its weights; without an output it is only checked."""
    device = images.settings["device"]
    activations = spec.activations(device or "cpu")
    invalid = invalid_layers(activations.model)
    here, check = device is not None, output is None
    found, searched = _search(spec, activations, images, check, on_pass, here=here)
    if output is not None:
        values = _values(activations, searched, _batches(found, images))
        files.write(output, _weights(spec, activations, output, values))
    return _result(spec, output, images, found, searched, invalid)


def _search(
    spec: ModelSpec,
    activations: Activations,
    images: ModelImages,
    check: bool,
    on_pass: Callable[[PassDone], None] | None,
    *,
    here: bool,
) -> tuple[ScannedImages, SearchResult]:
    settings = images.settings
    probe = Probe(spec, images.drawing, images.normalization, settings["batch_size"], Pass({}))
    most = 1 if check else settings["max_passes"]
    with open_passes(images.sources, probe, settings, activations if here else None) as passes:
        searched = search(activations, passes, settings["tolerance"], most, on_pass)
    assert passes.scanned is not None
    return passes.scanned, searched


def _result(
    spec: ModelSpec,
    output: Path | None,
    images: ModelImages,
    found: ScannedImages,
    searched: SearchResult,
    invalid: tuple[str, ...],
) -> Recalibration:
    return Recalibration(
        model=spec.model,
        weights=None if spec.weights is None else str(spec.weights),
        output=None if output is None else str(output),
        normalization=images.described,
        images=found.measured,
        epochs=images.epochs,
        layers=searched.shifts,
        unused=searched.unused,
        passes=searched.passes,
        moved=searched.moved,
        settled=searched.settled,
        failures=tuple(Failure(key_text(key), reason) for key, reason in found.failures),
        invalid=invalid,
    )


def _batches(found: ScannedImages, images: ModelImages) -> int:
    """Return what `num_batches_tracked` becomes: each drawn image counts as a batch."""
    return found.measured * images.epochs


def _values(activations: Activations, searched: SearchResult, batches: int) -> dict[str, Tensor]:
    """Return the tensors of the model's state_dict that change."""
    import torch

    values: dict[str, Tensor] = {}
    for own, names in names_of(activations.model, activations.layers).items():
        if own in searched.running:
            running = searched.running[own]
            for name in names:
                values[f"{name}.running_mean"] = torch.from_numpy(running.mean)
                values[f"{name}.running_var"] = torch.from_numpy(running.var)
                values[f"{name}.num_batches_tracked"] = torch.tensor(batches)
    return values


def _weights(
    spec: ModelSpec, activations: Activations, output: Path, values: dict[str, Tensor]
) -> bytes:
    """Return the file to write: that of the weights, or a new one where there was none."""
    if spec.weights is not None:
        return weights_with(spec.weights, values)
    state = activations.model.state_dict()
    fitting = {name: value.to(state[name].dtype) for name, value in values.items()}
    return weights_as_bytes(state | fitting, output.suffix)
