"""A model folded for deployment, written, and checked on real images."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.errors import BnstatError
from bnstat.result import Stats
from bnstat.show import constants
from bnstat.sources.opening import limits_of
from bnstat.targets.figures import IN_UNIT, check_unit
from bnstat.text import pluralize
from bnstat.verbs.resolve import DOCUMENT, figures_of, plain_images_of

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
    from bnstat.models import folding, program_files
    from bnstat.models.model_spec import ModelSpec

    output = Path(output)
    program_files.check_suffix(output.suffix)
    files.check_writable(output)
    figures = figures_of(stats)
    if input == "uint8" and isinstance(figures, Stats):
        check_unit(figures, IN_UNIT, "--input uint8")
    exact = figures.exact if isinstance(figures, Stats) else figures
    wanted = folding.InputFormat(exact.mean, exact.std, input == "uint8", layout == "nhwc")
    loaded = ModelSpec(model, None if weights is None else Path(weights)).load()
    folded = folding.fold(loaded, wanted, input_size)
    images, which = _images(figures, len(figures.mean), input_size or _SIZE)
    data = program_files.to_bytes(folded.program, output.suffix)
    draft = output.with_name(f".{output.stem[:40]}.{os.getpid()}{output.suffix}")
    try:
        files.write(draft, data)
        agreement = program_files.compare(loaded, draft, folded.border, images, wanted)
        agreement.check()
        files.write(output, data)
    finally:
        draft.unlink(missing_ok=True)
    return Folding(
        output,
        folded.folded,
        folded.kept,
        folded.normalization,
        agreement.outputs,
        agreement.border,
        which,
    )


def _images(
    stats: Stats | constants.Constants, channels: int, size: tuple[int, int]
) -> tuple[Tensor, str]:
    """Return a few of a result's images, uint8 of shape (N, C, H, W), or noise; and which."""
    import torch

    mode = _MODES.get(channels)
    found = _decoded(stats, mode, size) if isinstance(stats, Stats) and mode else []
    if found:
        return torch.stack(found), pluralize(len(found), "image")
    noise = torch.Generator().manual_seed(0)
    shape = (_IMAGES, channels, *size)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=noise), "noise"


def _decoded(stats: Stats, mode: str, size: tuple[int, int]) -> list[Tensor]:
    """Return images of a result, resized to one size, as far as they are still there."""
    from torchvision.transforms.v2 import functional

    from bnstat.decode.modes import UnmeasurableError, in_8_bits, with_max_value
    from bnstat.decode.references import Decoded, decode_each, with_frames

    found: list[Tensor] = []

    def keep(decoded: Decoded) -> None:
        with suppress(UnmeasurableError):
            scaled = with_max_value(decoded.image, stats.max_value, deep=decoded.deep)
            image = in_8_bits(scaled, mode).resize(size[::-1])
            found.append(functional.pil_to_tensor(image))

    try:
        images = plain_images_of(stats)
        limits, frames = limits_of(images.settings), images.settings["frames"]
        chunk = list(islice(with_frames(images.open(), frames, limits), _IMAGES))
    except (BnstatError, OSError):  # they are elsewhere by now
        return []
    decode_each(chunk, limits, keep)
    return found
