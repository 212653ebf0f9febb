"""The reading wing: a result in the form that a framework reads.

One file a target: a module with a `TARGET`. A new one is that file and its name here.

    figures       the numbers: unit, order of channels, digits
    literals      values as text
    provenance    where figures come from, as text
    geometry      what a pipeline does to the size of images
    named_values  what the plain data formats hold
    config        a config of the user's, and the kind that a framework reads
    editing       a file's text, of which only some values change
    updating      `--update`: the figures into a config of the user's
"""

from importlib import import_module

from bnstat.targets.target import Target

# In the order that they are listed in.
_MODULES = (
    "normalize",
    "state_dict",
    "safetensors",
    "torch_module",
    "hf",
    "timm",
    "open_clip",
    "albumentations",
    "mmengine",
    "detectron2",
    "keras",
    "dali",
    "openvino",
    "onnx",
    "coreml",
    "ncnn",
    "opencv",
    "flax",
    "json",
    "yaml",
    "toml",
    "csv",
    "env",
)


def _load(module: str) -> Target:
    target: Target = import_module(f"{__name__}.{module}").TARGET
    return target


TARGETS: dict[str, Target] = {target.name: target for target in map(_load, _MODULES)}

__all__ = ["TARGETS", "Target"]
