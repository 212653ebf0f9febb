"""The reading wing: a result in the form that a framework reads.

One file a target; a new one is a module with a `TARGET`, and its line here.

    figures       the numbers: unit, order of channels, digits
    literals      values as text
    provenance    where figures come from, as text
    geometry      what a pipeline does to the size of images
    named_values  what the plain data formats hold
    config        a config of the user's, and the kind that a framework reads
    editing       a file's text, of which only some values change
    updating      `--update`: the figures into a config of the user's
"""

from bnstat.targets import (
    albumentations,
    coreml,
    csv,
    dali,
    detectron2,
    env,
    flax,
    hf,
    json,
    keras,
    mmengine,
    ncnn,
    normalize,
    onnx,
    open_clip,
    opencv,
    openvino,
    safetensors,
    state_dict,
    timm,
    toml,
    torch_module,
    yaml,
)
from bnstat.targets.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        normalize.TARGET,
        state_dict.TARGET,
        safetensors.TARGET,
        torch_module.TARGET,
        hf.TARGET,
        timm.TARGET,
        open_clip.TARGET,
        albumentations.TARGET,
        mmengine.TARGET,
        detectron2.TARGET,
        keras.TARGET,
        dali.TARGET,
        openvino.TARGET,
        onnx.TARGET,
        coreml.TARGET,
        ncnn.TARGET,
        opencv.TARGET,
        flax.TARGET,
        json.TARGET,
        yaml.TARGET,
        toml.TARGET,
        csv.TARGET,
        env.TARGET,
    )
}

__all__ = ["TARGETS", "Target"]
