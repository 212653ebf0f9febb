"""All that `bnstat export` can write, in the order that it is listed in.

A new form of text is a template in `templates`, and a row here. Also update `docs/export.md`.
"""

from __future__ import annotations

from bnstat.targets import (
    detectron2,
    hf,
    onnx,
    open_clip,
    snippets,
    templates,
    timm,
    torch_layers,
    values,
)
from bnstat.targets.config import ConfigFormat
from bnstat.targets.figures import ANY, AS_THEY_ARE, DIVIDED
from bnstat.targets.snippets import snippet
from bnstat.targets.target import Target

UNIT_FIRST, BYTES_FIRST, BYTES = (1, 255), (255, 1), (255,)
RGB_FIRST, BGR_FIRST = ("rgb", "bgr"), ("bgr", "rgb")
GRAY_OR_COLOR = (1, 3)

_ALL = (
    Target(
        "normalize",
        "torchvision.transforms.v2 snippet with Normalize",
        snippet(templates.NORMALIZE),
        "normalize.py",
        scales=UNIT_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "state_dict",
        "torch.save of a primed BatchNorm2d's state_dict",
        torch_layers.state_dict,
        "bnstat.pt",
        scales=UNIT_FIRST,
        precise=False,
        binary=True,
        check=torch_layers.check,
        units=AS_THEY_ARE,
    ),
    Target(
        "safetensors",
        "the same tensors as safetensors, with their origin as metadata",
        torch_layers.safetensors,
        "bnstat.safetensors",
        scales=UNIT_FIRST,
        precise=False,
        binary=True,
        units=AS_THEY_ARE,
    ),
    Target(
        "module",
        "Python file with an nn.Module to put first in a model",
        snippet(templates.MODULE),
        "input_norm.py",
        scales=UNIT_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "hf",
        "preprocessor_config.json of a Hugging Face image processor",
        hf.render,
        "preprocessor_config.json",
        scales=UNIT_FIRST,
        channels=GRAY_OR_COLOR,
        config=ConfigFormat("json", hf.changes),
        units=DIVIDED,
    ),
    Target(
        "timm",
        "config.json of a timm model; with --flags, flags for timm's train.py",
        timm.render,
        "config.json",
        variants={"flags": "timm_flags.txt"},
        config=ConfigFormat("json", timm.changes),
    ),
    Target(
        "open_clip",
        "preprocess_cfg of an open_clip_config.json",
        open_clip.render,
        "open_clip_config.json",
        channels=(3,),
        config=ConfigFormat("json", open_clip.changes),
    ),
    Target(
        "albumentations",
        "A.Normalize as Python; with --serialized, as albumentations' own JSON",
        snippets.albumentations,
        "albumentations_normalize.py",
        variants={"serialized": "albumentations_normalize.json"},
        scales=UNIT_FIRST,
        units=DIVIDED,
    ),
    Target(
        "mmengine",
        "data_preprocessor of an OpenMMLab config",
        snippet(templates.MMENGINE),
        "data_preprocessor.py",
        scales=BYTES,
        orders=RGB_FIRST,
        channels=GRAY_OR_COLOR,
    ),
    Target(
        "detectron2",
        "MODEL.PIXEL_MEAN and PIXEL_STD of a YAML config",
        snippet(templates.DETECTRON2),
        "detectron2.yaml",
        scales=BYTES,
        orders=BGR_FIRST,
        channels=GRAY_OR_COLOR,
        config=ConfigFormat("yaml", detectron2.changes),
    ),
    Target(
        "keras",
        "keras.layers.Normalization, with the variance",
        snippet(templates.KERAS),
        "normalization.py",
        scales=BYTES_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "dali",
        "crop_mirror_normalize of a DALI pipeline",
        snippet(templates.DALI),
        "dali_normalize.py",
        scales=BYTES_FIRST,
        orders=RGB_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "openvino",
        "PrePostProcessor lines, and --mean_values, --scale_values",
        snippet(templates.OPENVINO),
        "openvino_normalize.py",
        scales=BYTES_FIRST,
        orders=RGB_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "onnx",
        "ONNX model that normalizes; with --update, in front of yours",
        onnx.render,
        "normalize.onnx",
        orders=RGB_FIRST,
        precise=False,
        binary=True,
        bake=onnx.bake,
        units=AS_THEY_ARE,
    ),
    Target(
        "coreml",
        "coremltools conversion of a torch model with its normalization",
        snippet(templates.COREML),
        "coreml_convert.py",
        scales=BYTES,
        orders=RGB_FIRST,
        channels=GRAY_OR_COLOR,
    ),
    Target(
        "ncnn",
        "mean_vals and norm_vals of ncnn, as Python and C++",
        snippet(templates.NCNN),
        "ncnn_normalize.py",
        scales=BYTES_FIRST,
        orders=RGB_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "opencv",
        "OpenCV's blobFromImageWithParams, scaled by channel",
        snippet(templates.OPENCV),
        "opencv_blob.py",
        scales=BYTES,
        orders=RGB_FIRST,
        channels=GRAY_OR_COLOR,
    ),
    Target(
        "flax",
        "batch_stats of a Flax BatchNorm",
        snippets.flax,
        "flax_batch_stats.py",
        scales=UNIT_FIRST,
        units=AS_THEY_ARE,
    ),
    Target(
        "json", "the figures as JSON", values.as_json, "figures.json", scales=UNIT_FIRST, units=ANY
    ),
    Target(
        "yaml", "the figures as YAML", values.as_yaml, "figures.yaml", scales=UNIT_FIRST, units=ANY
    ),
    Target(
        "toml", "the figures as TOML", values.as_toml, "figures.toml", scales=UNIT_FIRST, units=ANY
    ),
    Target(
        "csv",
        "the figures as CSV, a line a channel",
        values.as_csv,
        "figures.csv",
        scales=UNIT_FIRST,
        units=ANY,
    ),
    Target(
        "env",
        "the figures as shell variables",
        values.as_env,
        "figures.env",
        scales=UNIT_FIRST,
        units=ANY,
    ),
)

TARGETS: dict[str, Target] = {target.name: target for target in _ALL}
