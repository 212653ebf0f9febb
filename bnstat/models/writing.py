"""A program as the bytes of a file: torch's .pt2, or ONNX."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

SUFFIXES = (".pt2", ".onnx")


def check_suffix(suffix: str) -> None:
    """Make sure that files of a kind can be written and read here; raise ModelError if not."""
    if suffix not in SUFFIXES:
        raise ModelError(f"a folded model is written as {' or '.join(SUFFIXES)}, not {suffix!r}")
    if suffix == ".onnx":
        _import_onnx()


def to_bytes(program: ExportedProgram, suffix: str) -> bytes:
    """Return the file that a program is written as; its input is called `images` in ONNX."""
    import torch

    if suffix == ".onnx":
        return _onnx(program)
    file = io.BytesIO()
    torch.export.save(program, file)
    return file.getvalue()


def _onnx(program: ExportedProgram) -> bytes:
    import torch

    _import_onnx()
    try:
        written: Any = torch.onnx.export(
            program, dynamo=True, input_names=["images"], verbose=False, external_data=False
        )
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise ModelError(f"torch.onnx cannot write the model: {line}") from error
    data: bytes = written.model_proto.SerializeToString()
    return data


def _import_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "to write ONNX, bnstat needs onnx, onnxruntime and onnxscript: "
            "pip install 'bnstat[onnx]'"
        ) from error
