"""ONNX: a model of the user's with the normalization in front of it, or one that only normalizes.

https://onnx.ai/onnx/repo-docs/IR.html. Tensors may lie in files of their own beside a model
(https://onnx.ai/onnx/repo-docs/ExternalData.html): a location is relative to the model's folder.
onnxruntime refuses symbolic links out of that folder, and `..`; onnx.checker hard links too.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from bnstat import files
from bnstat.errors import ExportError, OutputError
from bnstat.targets.figures import Figures

# What every runtime of the last years reads.
_OPSET, _IR = 17, 8


def render(figures: Figures, *, input: str = "float", layout: str | None = None) -> bytes:
    """Return a model that does nothing but normalize; images come out as float32 (N, C, H, W)."""
    helper = _onnx().helper
    from bnstat.targets import onnx_graph

    shape = ["N", len(figures.channels), "H", "W"]
    images, normalized = (
        helper.make_tensor_value_info(name, onnx_graph.FLOAT, shape)
        for name in ("images", "normalized")
    )
    node = helper.make_node("Identity", ["images"], ["normalized"])
    model = helper.make_model(
        helper.make_graph([node], "normalization", [images], [normalized]),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="bnstat",
    )
    onnx_graph.bake(model, figures, input, layout)
    data: bytes = model.SerializeToString()
    return data


def bake(
    path: Path, output: Path, figures: Figures, *, input: str = "float", layout: str | None = None
) -> str:
    """Write a model again with the normalization in front of it; say what was checked.

    Tensors in files of their own are copied, to lie beside the output, which is another file.
    Raises ExportError if the model cannot be read or baked, or what comes out is not the same, and
    OutputError if it cannot be written; what is there stays as it was.

    Parameters
    ----------
    input
        "float" for images in [0, 1] of the model's own type, "uint8" for 0-255.
    layout
        "nchw" or "nhwc" of the images; None is the model's own.
    """
    onnx = _onnx()
    from bnstat.targets import onnx_check, onnx_graph

    if output.exists() and output.samefile(path):
        raise ExportError(f"{output} is the model itself; write to another file")
    model = _load(onnx, path)
    try:
        placed = onnx_graph.bake(model, figures, input, layout)
        with _beside(path, output, model) as draft:
            return onnx_check.check(path, draft, figures, placed)
    except ExportError as error:
        raise ExportError(f"cannot bake {path}: {error}") from error


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ExportError("to write ONNX, bnstat needs onnx: pip install 'bnstat[onnx]'") from error
    return onnx


def _load(onnx: Any, path: Path) -> Any:
    """Read a model, and not its tensors in files of their own; raise ExportError if it is none."""
    try:
        return onnx.load_model(path, load_external_data=False)
    except OSError as error:
        raise ExportError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # protobuf's DecodeError, of another class in each version
        raise ExportError(f"{path} is not an ONNX model") from error


@contextmanager
def _beside(path: Path, output: Path, model: Any) -> Iterator[Path]:
    """Write a model and the files of its tensors, once the body has found a draft of it good.

    The draft stands where the model will. If the body raises, nothing of all stays.
    """
    copied: list[Path] = []
    draft = output.with_name(f".{output.name[:40]}.{os.getpid()}.onnx")
    try:
        for name in sorted(set(_locations(model))):
            copied += _copy(path.parent / name, output.parent / name)
        draft.write_bytes(model.SerializeToString())
        yield draft
        files.write(output, model.SerializeToString())
    except BaseException as error:
        for item in copied:
            item.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(f"cannot write {output}: {error.strerror or error}") from error
        raise
    finally:
        draft.unlink(missing_ok=True)


def _locations(message: Any) -> Iterator[str]:
    """Yield where tensors of a message lie, however deep in its graphs they are."""
    for field, value in message.ListFields():
        if field.name == "external_data":
            yield from (_checked(entry.value) for entry in value if entry.key == "location")
        elif field.message_type is not None:
            for item in value if hasattr(value, "add") else [value]:
                yield from _locations(item)


def _checked(name: str) -> str:
    """Return a location that stays below the model's folder, as onnxruntime demands."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts:
        raise ExportError(f"its tensors lie in {name!r}, outside of its folder")
    return name


def _copy(old: Path, new: Path) -> list[Path]:
    """Copy a file, unless it lies there already; return what is new.

    Not as a link: onnxruntime refuses symbolic links that lead out of the folder, and onnx.checker
    hard links too.
    """
    if not old.is_file():
        raise ExportError(f"its tensors lie in {old}, which is missing")
    if new.exists():
        if new.samefile(old):
            return []
        raise ExportError(f"its tensors go to {new}, which is another file; write elsewhere")
    new.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=new.parent, prefix=".bnstat-", delete=False) as part:
        pass
    try:
        shutil.copyfile(old, part.name)
        Path(part.name).replace(new)
    finally:
        Path(part.name).unlink(missing_ok=True)
    return [new]
