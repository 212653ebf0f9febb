"""A model folded for deployment, written, and checked on real images."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnstat import constants, files, reports
from bnstat.api.documents import DOCUMENT
from bnstat.api.sources import limits_of, sources_of
from bnstat.errors import BnstatError, DocumentError, ModelError, SourceError
from bnstat.settings import MeasureSettings, complete
from bnstat.stats import Stats

if TYPE_CHECKING:
    from torch import Tensor

_IMAGES = 4  # that a written model is run on
_SIZE = (224, 224)  # of these, where the model takes any
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Folding:
    """What was done to a model, and how far what was written is from it.

    Attributes
    ----------
    output
        The file.
    folded, kept
        Names of the BatchNorm layers that were folded, and of those that stay with the reason.
    normalization
        Where the normalization of the input is, in a sentence.
    difference, border
        The largest |difference| of the outputs, and of the outermost ring of the first layer's,
        in units of their largest |value|; `border` is None where there is no single first layer.
    images
        On which images, in a few words.
    """

    output: Path
    folded: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    normalization: str
    difference: float
    border: float | None
    images: str


def fold(
    model: str,
    output: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    stats: Stats | str | os.PathLike[str] = DOCUMENT,
    input: str = "float",
    layout: str = "nchw",
    input_size: tuple[int, int] | None = None,
) -> Folding:
    """Write a model with BatchNorm folded and the normalization of its input built in.

    Parameters
    ----------
    model
        torchvision:NAME, timm:NAME or package.module:attribute, of images (N, C, H, W).
    output
        A file of torch.export, .pt2, or .onnx.
    weights
        A .pt, .pth or .safetensors file with the model's state_dict. Only a model of the user's own
        code needs none.
    stats
        A result, its document, or constants: what the model's images are normalized with.
    input
        "float" for images in [0, 1], "uint8" for 0-255.
    layout
        "nchw" or "nhwc".
    input_size
        (height, width) of all images; None for any.

    Raises
    ------
    ModelError
        If the model cannot be loaded or folded, or what was written is not the same.
    SourceError, DocumentError
        If there are no such constants.
    OutputError
        If it cannot be written; what is there stays as it was.
    """
    from bnstat.models import checking, folding, normalization, writing

    output = Path(output)
    writing.check_suffix(output.suffix)
    files.check_writable(output)
    figures, mean, std = _figures(stats)
    wanted = normalization.Input(mean, std, input == "uint8", layout == "nhwc")
    loaded = _loaded(model, weights)
    folded = folding.fold(loaded, wanted, input_size)
    images, which = _images(figures, len(mean), input_size or _SIZE)
    data = writing.to_bytes(folded.program, output.suffix)
    draft = output.with_name(f".{output.stem[:40]}.{os.getpid()}{output.suffix}")
    try:
        files.write(draft, data)
        agreement = checking.compare(loaded, draft, folded.border, images, wanted)
        agreement.check()
        files.write(output, data)
    finally:
        draft.unlink(missing_ok=True)
    layers = folded.layers
    return Folding(
        output,
        layers.folded,
        layers.kept,
        folded.normalization,
        agreement.outputs,
        agreement.border,
        which,
    )


def _loaded(model: str, weights: str | os.PathLike[str] | None) -> Any:
    from bnstat.models import loading
    from bnstat.models import weights as of_models

    module = loading.load(model)
    if weights is not None:
        of_models.assign(module, of_models.read(Path(weights)), Path(weights))
    elif model.partition(":")[0] in loading.LIBRARIES:
        raise ModelError(f"{model} has random weights; name a file of yours with --weights")
    return module


def _figures(
    stats: Stats | str | os.PathLike[str],
) -> tuple[Stats | None, tuple[float, ...], tuple[float, ...]]:
    """Return the result, if it is one, and the mean and std; none of the stds is 0."""
    found = stats if isinstance(stats, Stats) else _read(os.fspath(stats))
    if isinstance(found, Stats) and 0.0 in found.std:
        channel = found.channels[found.std.index(0.0)]
        raise SourceError(f"channel {channel} has std 0; nothing can be divided by it")
    return found if isinstance(found, Stats) else None, found.mean, found.std


def _read(text: str) -> Stats | constants.Constants:
    if text in constants.CONSTANTS:
        return constants.CONSTANTS[text]
    try:
        return Stats.load(text)
    except DocumentError as error:
        try:
            return constants.read(text)
        except SourceError:
            raise error from None


def _images(stats: Stats | None, channels: int, size: tuple[int, int]) -> tuple[Tensor, str]:
    """Return a few of a result's images, uint8 of shape (N, C, H, W), or noise; and which."""
    import torch

    found = _decoded(stats, _MODES[channels], size) if stats and channels in _MODES else []
    if found:
        return torch.stack(found), reports.counted(len(found), "image")
    noise = torch.Generator().manual_seed(0)
    shape = (_IMAGES, channels, *size)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=noise), "noise"


def _decoded(stats: Stats, mode: str, size: tuple[int, int]) -> list[Tensor]:
    """Return images of a result, resized to one size, as far as they are still there."""
    from torchvision.transforms.v2 import functional

    from bnstat.images.modes import UnmeasurableError, in_8_bits
    from bnstat.scan.decode import Decoded, decode_each

    found: list[Tensor] = []

    def keep(decoded: Decoded) -> None:
        with suppress(UnmeasurableError):
            image = in_8_bits(decoded.image, mode).resize(size[::-1])
            found.append(functional.pil_to_tensor(image))

    settings = complete(MeasureSettings, {})
    try:
        chunk = list(islice(sources_of(stats, settings), _IMAGES))
    except (BnstatError, OSError):  # they are elsewhere by now
        return []
    decode_each(chunk, limits_of(settings), keep)
    return found
