"""A program as a file, torch's .pt2 or ONNX, run by its own reader beside the model."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError
from bnstat.models.folding import InputFormat

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram
    from torch.fx import GraphModule

SUFFIXES = (".pt2", ".onnx")
TOLERANCE = 1e-4  # of the largest |output|


def check_suffix(suffix: str) -> None:
    """Make sure that files of a kind can be written and read here; raise ModelError if not."""
    if suffix not in SUFFIXES:
        raise ModelError(f"a folded model is written as {' or '.join(SUFFIXES)}, not {suffix!r}")
    if suffix == ".onnx":
        try:
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
            import onnxscript  # noqa: F401
        except ImportError as error:
            raise ModelError(
                "to write ONNX, bnstat needs onnx, onnxruntime and onnxscript: "
                "pip install 'bnstat[onnx]'"
            ) from error


def to_bytes(program: ExportedProgram, suffix: str) -> bytes:
    """Return the file that a program is written as; its input is called `images` in ONNX."""
    import torch

    if suffix != ".onnx":
        file = io.BytesIO()
        torch.export.save(program, file)
        return file.getvalue()
    try:
        written: Any = torch.onnx.export(
            program, dynamo=True, input_names=["images"], verbose=False, external_data=False
        )
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise ModelError(f"torch.onnx cannot write the model: {line}") from error
    data: bytes = written.model_proto.SerializeToString()
    return data


@dataclass(frozen=True)
class Agreement:
    """How far a written model is from the model itself, of the largest |value|.

    outputs: of the model; border: of the outermost ring of what the first layer makes, or None
    where there is no single first layer.
    """

    outputs: float
    border: float | None

    def check(self) -> None:
        """Raise ModelError where it is too far."""
        worst = max(self.outputs, self.border or 0.0)
        if not worst <= TOLERANCE:
            raise ModelError(
                f"the written model is off by {worst:.1e} of the largest value, more than "
                f"{TOLERANCE:.0e}; nothing is written"
            )


def compare(
    model: nn.Module,
    file: Path,
    border: tuple[GraphModule, GraphModule] | None,
    images: Tensor,
    form: InputFormat,
) -> Agreement:
    """Run a file on images, uint8 of shape (N, C, H, W), and the model on them normalized."""
    import torch
    from torchvision.transforms import v2

    as_input = as_given(images, form)
    normalized = v2.Normalize(mean=list(form.mean), std=list(form.std))(images.float() / 255)
    with torch.no_grad():
        outputs = _difference(_floats(model(normalized)), _floats(_run(file, as_input)))
        if border is None:
            return Agreement(outputs, None)
        rings = ([_ring(border[0](normalized))], [_ring(border[1](as_input))])
    return Agreement(outputs, _difference(*rings))


def as_given(images: Tensor, form: InputFormat) -> Tensor:
    """Return uint8 images (N, C, H, W) as a folded model takes them."""
    as_input = images if form.uint8 else images.float() / 255
    return as_input.permute(0, 2, 3, 1).contiguous() if form.channels_last else as_input


def _run(file: Path, images: Tensor) -> Any:
    import torch

    if file.suffix != ".onnx":
        return torch.export.load(str(file)).module()(images)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    return [torch.from_numpy(tensor) for tensor in outputs]


def _difference(expected: list[Tensor], actual: list[Tensor]) -> float:
    """Return the largest |difference| of any tensor, in units of its largest |value|."""
    if not expected or [t.shape for t in expected] != [t.shape for t in actual]:
        return float("inf")
    return max(
        float((a - b).abs().max() / a.abs().max().clamp(min=1e-30))
        for a, b in zip(expected, actual, strict=True)
    )


def _floats(outputs: Any) -> list[Tensor]:
    """Return all floating-point tensors of a model's output, in nested lists and mappings too."""
    import torch
    from torch.utils import _pytree

    leaves, _ = _pytree.tree_flatten(outputs)
    return [t for t in leaves if isinstance(t, torch.Tensor) and t.is_floating_point()]


def _ring(features: Tensor) -> Tensor:
    """Return the outermost pixels of (N, C, H, W)."""
    import torch

    inner = torch.zeros(features.shape[-2:], dtype=torch.bool)
    inner[1:-1, 1:-1] = True
    return features[..., ~inner]
