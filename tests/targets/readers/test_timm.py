"""timm reads what `timm` writes."""

import argparse
import json

import numpy as np
import pytest
from PIL import Image

from bnstat.errors import ExportError

timm = pytest.importorskip("timm", reason="timm is missing: pip install timm")
data = pytest.importorskip("timm.data")

CROPPED = "Resize(256) | CenterCrop(224)"
CHANNELS = {"RGB": 3, "L": 1, "RGBA": 4}

# As timm writes it for its models on the Hub; of a small one.
CONFIG = """\
{
  "architecture": "test_resnet",
  "num_classes": 1000,
  "num_features": 192,
  "pretrained_cfg": {
    "tag": "r160_in1k",
    "custom_load": false,
    "input_size": [
      3,
      160,
      160
    ],
    "fixed_input_size": false,
    "interpolation": "bicubic",
    "crop_pct": 0.95,
    "crop_mode": "center",
    "mean": [
      0.485,
      0.456,
      0.406
    ],
    "std": [
      0.229,
      0.224,
      0.225
    ],
    "num_classes": 1000,
    "pool_size": [
      5,
      5
    ],
    "first_conv": "conv1",
    "classifier": "fc"
  }
}
"""


def of_its_size(result, config):
    """Return timm's transform that normalizes, and leaves the size of the result's image."""
    height, width = result.pixels.shape[:2]
    same = {"input_size": (result.pixels.shape[2], height, width), "crop_pct": 1.0}
    return data.create_transform(**(config | same))


def config_of(file):
    return json.loads(file.read_text())["pretrained_cfg"]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_it_normalizes(measured, export, mode):
    """Through timm's own config and transform factory."""
    result = measured(mode)
    pretrained = config_of(export(result, "timm"))
    config = data.resolve_data_config({"in_chans": CHANNELS[mode]}, pretrained_cfg=pretrained)
    with Image.open(result.image) as image:
        assert result.agrees(of_its_size(result, config)(image))


@pytest.mark.parametrize(
    ("augment", "steps"),
    [
        (CROPPED, ["Resize(size=256, interpolation=bilinear", "CenterCrop(size=[224, 224])"]),
        (
            "Resize((96, 64), interpolation=BICUBIC)",
            ["Resize(size=(96, 64), interpolation=bicubic"],
        ),
        ("RandomResizedCrop(160)", ["CenterCrop(size=[160, 160])"]),
        ("Resize(64, interpolation=NEAREST_EXACT) | CenterCrop(64)", ["Resize(size=64, "]),
    ],
)
def test_sizes_are_those_of_the_pipeline(measured, export, augment, steps):
    """Resized and cropped as it was measured."""
    pretrained = config_of(export(measured("RGB", augment), "timm"))
    transform = data.create_transform(**data.resolve_data_config(pretrained_cfg=pretrained))

    assert [step for step in steps if step not in str(transform)] == []
    assert transform(Image.new("RGB", (500, 300))).shape == tuple(pretrained["input_size"])


def scripts():
    """Return the part of timm's train.py and validate.py that says how images are normalized."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?")
    parser.add_argument("--in-chans", type=int, default=None)
    parser.add_argument("--input-img-mode", default=None, type=str)
    parser.add_argument("--mean", type=float, nargs="+", default=None)
    parser.add_argument("--std", type=float, nargs="+", default=None)
    return parser


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_flags_are_what_its_scripts_parse(measured, export, mode):
    """To a config that normalizes; images are loaded with as many channels."""
    result = measured(mode)
    words = export(result, "timm", "--flags").read_text().split()
    args = scripts().parse_args(["./data", *words])
    config = data.resolve_data_config(vars(args))
    with Image.open(result.image) as image:
        loaded = image.convert(args.input_img_mode or "RGB")
        assert result.agrees(of_its_size(result, config)(loaded))


def test_flags_of_three_channels_are_mean_and_std(measured, export):
    """And nothing besides."""
    words = export(measured(), "timm", "--flags").read_text().split()

    assert [word for word in words if word.startswith("--")] == ["--mean", "--std"]


def test_three_digits(measured, export):
    """So many as were asked for."""
    result = measured()
    found = config_of(export(result, "timm", "--precision", "3"))

    assert found["std"] == [float(f"{std:.3g}") for std in result.stats.std]


def test_the_pipeline_stands_beside(measured, export):
    """Where the figures come from, in a name of its own."""
    document = json.loads(export(measured("RGB", CROPPED), "timm").read_text())

    assert document["bnstat"]["pipeline"] == CROPPED


class TestUpdate:
    """A model's own config.json."""

    def test_only_the_normalization_changes(self, measured, update, tmp_path):
        """And `timm.create_model` of that folder has it."""
        result = measured()
        changed = update(result, "timm", tmp_path / "config.json", CONFIG)
        model = timm.create_model(f"local-dir:{tmp_path}", pretrained=False)
        config = data.resolve_model_data_config(model)

        assert len(changed) == 6
        assert (config["input_size"], config["crop_pct"]) == ([3, 160, 160], 0.95)
        assert np.allclose(config["mean"], result.stats.mean, rtol=1e-7)
        with Image.open(result.image) as image:
            assert result.agrees(of_its_size(result, config)(image))

    def test_an_exported_file_can_be_a_model_s(self, measured, export, tmp_path):
        """A name that timm does not know does not disturb it."""
        result = measured()
        document = json.loads(export(result, "timm").read_text()) | {"architecture": "test_resnet"}
        (tmp_path / "config.json").write_text(json.dumps(document))
        model = timm.create_model(f"local-dir:{tmp_path}", pretrained=False)

        assert np.allclose(model.pretrained_cfg["std"], result.stats.std, rtol=1e-7)

    @pytest.mark.parametrize(
        ("mode", "config", "error"),
        [
            (
                "RGB",
                '{"architecture": "resnet18", "mean": [0.5, 0.5, 0.5]}',
                ": it has no pretrained_cfg, in which timm keeps mean and "
                "std; save the model again",
            ),
            (
                "L",
                '{"pretrained_cfg": {"input_size": [3, 160, 160]}}',
                ": its input_size is [3, 160, 160], not of 1 channels",
            ),
            ("L", CONFIG, ": its input_size is [3, 160, 160], not of 1 channels"),
            ("RGB", "[1]", ": it has no pretrained_cfg, in which timm "
             "keeps mean and std; save the model again"),
        ],
        ids=["old", "size", "channels", "list"],
    )  # fmt: skip
    def test_a_config_that_timm_would_not_read_is_refused(
        self, measured, update, tmp_path, mode, config, error
    ):
        """timm would not read it from there, or for other images; the file stays."""
        file = tmp_path / "config.json"
        with pytest.raises(ExportError) as refused:
            update(measured(mode), "timm", file, config)

        assert str(refused.value) == f"cannot update {file}{error}"
        assert file.read_text() == config
