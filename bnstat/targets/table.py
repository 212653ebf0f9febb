"""All that `bnstat export` can write: what every target has, and a row for each.

A new form of text is a template in `templates`, and a row here. Also update `docs/export.md`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bnstat.errors import ExportError
from bnstat.result import EXACT, Stats
from bnstat.targets import frameworks, onnx, templates, torch_layers, values
from bnstat.targets.config import ConfigFormat
from bnstat.targets.figures import ANY, AS_THEY_ARE, DIVIDED, IN_UNIT, RGB, Figures, check_unit
from bnstat.targets.pipeline import before_normalize
from bnstat.targets.templates import snippet


@dataclass(frozen=True)
class Target:
    """A form that a result can be written in.

    name, writes: its name for `--format`, and in a few words what is written.
    render: from figures to the file's bytes; its keyword-only parameters are the target's options.
    file: the name of the file, where only a folder is given.
    scales: 1 for images in [0, 1] and 255 for 0-255; the first is the default.
    orders: of channels, likewise; empty where it has none of its own.
    channels: how many it can hold, three of which are R, G and B; None for any.
    precise: whether digits can be asked for; numbers that are not text have all of theirs.
    binary: not fit for a terminal, and so written to `file` by default.
    check: reads the written bytes as the framework does and says, in a few words, what held; raises
    ExportError if it did not. None if there is nothing to check.
    config: the kind of config that `--update` changes; None if there is no such file.
    bake: writes a model of the user's again with the figures in it, for `--update` with `--output`:
    from its path, the path to write, figures and the options of `render`; says what was checked.
    None if there is no such model.
    units: of results that it can have, as `Stats.unit` names them.
    variants: the name of the file where an option makes it another kind of file, by option.
    """

    name: str
    writes: str
    render: Callable[..., bytes]
    file: str
    scales: tuple[int, ...] = (1,)
    orders: tuple[str, ...] = ()
    channels: tuple[int, ...] | None = None
    precise: bool = True
    binary: bool = False
    check: Callable[[bytes], str] | None = None
    config: ConfigFormat | None = None
    bake: Callable[..., str] | None = None
    units: tuple[str, ...] = IN_UNIT
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> frozenset[str]:
        parameters = inspect.signature(self.render).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)

    def file_with(self, options: Mapping[str, Any]) -> str:
        """Return the name of the file that `render` makes with such options."""
        names = (name for option, name in self.variants.items() if options.get(option))
        return next(names, self.file)

    def figures(
        self,
        stats: Stats,
        method: str = EXACT,
        *,
        scale: int | None = None,
        order: str | None = None,
        precision: int | None = None,
    ) -> Figures:
        """Return a result's figures as this target has them; None is its default.

        Raises ExportError if the target cannot have or hold them so.
        """
        self._check("scale", scale, self.scales)
        self._check("channel order", order, self.orders)
        if precision is not None and not self.precise:
            raise ExportError(f"{self.name} has no digits to choose: its numbers are not text")
        if stats.unit not in self.units:
            stats = before_normalize(stats)
        self._check_channels(stats.channels)
        check_unit(stats, self.units, self.name)
        if stats.unit not in IN_UNIT:
            if scale not in (None, 1):
                raise ExportError(f"figures that are not in [0, 1] have no scale {scale}")
            # Integers that were divided are, for what takes samples as they are, those of files.
            as_stored = scale is None and self.units == AS_THEY_ARE and stats.unit == "divided"
            scale = stats.scale if as_stored else 1
        order = order or next(iter(self.orders), "rgb")
        return Figures(stats, method, scale or self.scales[0], order, precision)

    def _check(self, what: str, asked: object, possible: tuple[object, ...]) -> None:
        if asked is not None and asked not in possible:
            has = f"only {', '.join(map(str, possible))}" if possible else "none of its own"
            raise ExportError(f"{self.name} cannot have {what} {asked}: it has {has}")

    def _check_channels(self, channels: tuple[str, ...]) -> None:
        held, names = self.channels, ", ".join(channels)
        if held is None:
            return
        if len(channels) not in held:
            raise ExportError(
                f"{self.name} holds {' or '.join(map(str, held))} channels, not {len(channels)} "
                f"({names}); --format json holds any"
            )
        if len(channels) == 3 and channels != RGB:
            raise ExportError(f"{self.name} holds R, G, B, not {names}; --format json holds any")


_UNIT_FIRST, _BYTES_FIRST, _BYTES = (1, 255), (255, 1), (255,)
_RGB_FIRST, _BGR_FIRST = ("rgb", "bgr"), ("bgr", "rgb")
_GRAY_OR_COLOR = (1, 3)

# What several rows have in common: layers of a model take samples of any range; libraries that
# load images take 8 bits of gray or colour, or bytes and any range; plain values are any numbers.
_layer = partial(Target, scales=_UNIT_FIRST, units=AS_THEY_ARE)
_tensors = partial(_layer, precise=False, binary=True)
_pixels = partial(Target, scales=_BYTES, orders=_RGB_FIRST, channels=_GRAY_OR_COLOR)
_samples = partial(Target, scales=_BYTES_FIRST, orders=_RGB_FIRST, units=AS_THEY_ARE)
_plain = partial(Target, scales=_UNIT_FIRST, orders=_RGB_FIRST, units=ANY)

# In the order that they are listed in.
_ALL = (
    _layer(
        "normalize",
        "torchvision.transforms.v2 snippet with Normalize",
        snippet(templates.NORMALIZE),
        "normalize.py",
    ),
    _tensors(
        "state_dict",
        "torch.save of a primed BatchNorm2d's state_dict",
        torch_layers.state_dict,
        "bnstat.pt",
        check=torch_layers.check,
    ),
    _tensors(
        "safetensors",
        "the same tensors as safetensors, with their origin as metadata",
        torch_layers.safetensors,
        "bnstat.safetensors",
    ),
    _layer(
        "module",
        "Python file with an nn.Module to put first in a model",
        snippet(templates.MODULE),
        "input_norm.py",
    ),
    Target(
        "hf",
        "preprocessor_config.json of a Hugging Face image processor",
        frameworks.hf_render,
        "preprocessor_config.json",
        scales=_UNIT_FIRST,
        channels=_GRAY_OR_COLOR,
        config=ConfigFormat("json", frameworks.hf_changes),
        units=DIVIDED,
    ),
    Target(
        "timm",
        "config.json of a timm model; with --flags, flags for timm's train.py",
        frameworks.timm_render,
        "config.json",
        variants={"flags": "timm_flags.txt"},
        config=ConfigFormat("json", frameworks.timm_changes),
    ),
    Target(
        "open_clip",
        "preprocess_cfg of an open_clip_config.json",
        frameworks.open_clip_render,
        "open_clip_config.json",
        channels=(3,),
        config=ConfigFormat("json", frameworks.open_clip_changes),
    ),
    Target(
        "albumentations",
        "A.Normalize as Python; with --serialized, as albumentations' own JSON",
        templates.albumentations,
        "albumentations_normalize.py",
        variants={"serialized": "albumentations_normalize.json"},
        scales=_UNIT_FIRST,
        units=DIVIDED,
    ),
    _pixels(
        "mmengine",
        "data_preprocessor of an OpenMMLab config",
        snippet(templates.MMENGINE),
        "data_preprocessor.py",
    ),
    _pixels(
        "detectron2",
        "MODEL.PIXEL_MEAN and PIXEL_STD of a YAML config",
        snippet(templates.DETECTRON2),
        "detectron2.yaml",
        orders=_BGR_FIRST,
        config=ConfigFormat("yaml", frameworks.detectron2_changes),
    ),
    _samples(
        "keras",
        "keras.layers.Normalization, with the variance",
        snippet(templates.KERAS),
        "normalization.py",
        orders=(),
    ),
    _samples(
        "dali",
        "crop_mirror_normalize of a DALI pipeline",
        snippet(templates.DALI),
        "dali_normalize.py",
    ),
    _samples(
        "openvino",
        "PrePostProcessor lines, and --mean_values, --scale_values",
        snippet(templates.OPENVINO),
        "openvino_normalize.py",
    ),
    Target(
        "onnx",
        "ONNX model that normalizes; with --update, in front of yours",
        onnx.render,
        "normalize.onnx",
        orders=_RGB_FIRST,
        precise=False,
        binary=True,
        bake=onnx.bake,
        units=AS_THEY_ARE,
    ),
    _pixels(
        "coreml",
        "coremltools conversion of a torch model with its normalization",
        snippet(templates.COREML),
        "coreml_convert.py",
    ),
    _samples(
        "ncnn",
        "mean_vals and norm_vals of ncnn, as Python and C++",
        snippet(templates.NCNN),
        "ncnn_normalize.py",
    ),
    _pixels(
        "opencv",
        "OpenCV's blobFromImageWithParams, scaled by channel",
        snippet(templates.OPENCV),
        "opencv_blob.py",
    ),
    _layer("flax", "batch_stats of a Flax BatchNorm", templates.flax, "flax_batch_stats.py"),
    _plain("json", "the figures as JSON", values.as_json, "figures.json"),
    _plain("yaml", "the figures as YAML", values.as_yaml, "figures.yaml"),
    _plain("toml", "the figures as TOML", values.as_toml, "figures.toml"),
    _plain("csv", "the figures as CSV, a line a channel", values.as_csv, "figures.csv"),
    _plain("env", "the figures as shell variables", values.as_env, "figures.env"),
)

TARGETS: dict[str, Target] = {target.name: target for target in _ALL}
