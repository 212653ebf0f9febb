"""What `detectron2` writes, read as YAML and used as Detectron2 does.

Detectron2 is not on PyPI. Its `GeneralizedRCNN.preprocess_image` is `(x - pixel_mean) / pixel_std`,
of an image that `read_image` has loaded in `INPUT.FORMAT`.
"""

import numpy as np
import pytest
import yaml

from bnstat.errors import ExportError

CONFIG = """\
_BASE_: "../Base-RCNN-FPN.yaml"
MODEL:
  # For better, more stable performance initialize from COCO
  WEIGHTS: "detectron2://COCO-Detection/faster_rcnn_R_50_FPN_3x/137849458/model_final_280758.pkl"
  PIXEL_MEAN: [103.530, 116.280, 123.675]  # of ImageNet
  PIXEL_STD: [57.375, 57.120, 58.395]
  MASK_ON: True
INPUT:
  FORMAT: "BGR"  # as OpenCV
  MIN_SIZE_TRAIN: (640, 672, 704, 736, 768, 800)
SOLVER:
  STEPS: (210000, 250000)
  MAX_ITER: 270000
"""


def loaded(result, form):
    """Return the image as Detectron2 loads it, of shape (C, H, W)."""
    channels = result.pixels[..., ::-1] if form == "BGR" else result.pixels
    return channels.transpose(2, 0, 1).astype(np.float64)


def preprocessed(result, config):
    mean, std = (np.array(config["MODEL"][name]) for name in ("PIXEL_MEAN", "PIXEL_STD"))
    image = loaded(result, config["INPUT"]["FORMAT"])
    found = (image - mean[:, None, None]) / std[:, None, None]
    return found[::-1] if config["INPUT"]["FORMAT"] == "BGR" else found


@pytest.mark.parametrize(
    ("mode", "options", "form"),
    [
        ("RGB", (), "BGR"),
        ("RGB", ("--channel-order", "rgb"), "RGB"),
        ("RGB", ("--channel-order", "bgr"), "BGR"),
        ("L", (), "L"),
    ],
)
def test_it_normalizes(measured, export, mode, options, form):
    """Images in the format that stands beside the figures."""
    result = measured(mode)
    config = yaml.safe_load(export(result, "detectron2", *options).read_text())

    assert config["INPUT"]["FORMAT"] == form
    assert result.agrees(preprocessed(result, config))


def test_the_pipeline_is_in_the_comment(measured, export):
    """So that nobody loses how the numbers were made."""
    text = export(measured("RGB", "Resize(256) | CenterCrop(224)"), "detectron2").read_text()

    assert " through Resize(256) | CenterCrop(224): 4 images" in text.splitlines()[0]


class TestUpdate:
    """A config of the user's."""

    def test_only_the_normalization_changes(self, measured, update, tmp_path):
        """Two lines, whose comments stay."""
        result = measured()
        file = tmp_path / "config.yaml"
        mean, std = update(result, "detectron2", file, CONFIG)
        config = yaml.safe_load(file.read_text())

        assert mean.startswith("  PIXEL_MEAN: [") and mean.endswith("]  # of ImageNet")
        assert std.startswith("  PIXEL_STD: [")
        assert result.agrees(preprocessed(result, config))

    @pytest.mark.parametrize(
        ("mode", "options", "config", "error"),
        [
            (
                "RGB",
                ("--channel-order", "rgb"),
                CONFIG,
                ": its INPUT.FORMAT is BGR, not RGB: --channel-order bgr",
            ),
            (
                "RGB",
                (),
                CONFIG.replace('"BGR"', "RGB"),
                ": its INPUT.FORMAT is RGB, not BGR: --channel-order rgb",
            ),
            (
                "RGB",
                ("--channel-order", "rgb"),
                "VERSION: 2\nMODEL: {}\n",
                ": it has no INPUT.FORMAT, which is BGR by default: add FORMAT: RGB",
            ),
            (
                "L",
                (),
                "VERSION: 2\nINPUT:\n",
                ": it has no INPUT.FORMAT, which is BGR by default: add FORMAT: L",
            ),
            (
                "RGB",
                (),
                "INPUT: {FORMAT: HSV}\n",
                ": its INPUT.FORMAT is HSV, not BGR",
            ),
            ("L", (), CONFIG, ": its INPUT.FORMAT is BGR, not L"),
        ],
        ids=["rgb", "bgr", "no format", "gray", "hsv", "channels"],
    )
    def test_another_format_is_refused(
        self, measured, update, tmp_path, mode, options, config, error
    ):
        """The figures would be of other channels; the file stays."""
        file = tmp_path / "config.yaml"
        with pytest.raises(ExportError) as refused:
            update(measured(mode), "detectron2", file, config, *options)

        assert str(refused.value) == f"cannot update {file}{error}"
        assert file.read_text() == config

    def test_bgr_needs_no_format(self, measured, update, tmp_path):
        """It is Detectron2's default."""
        file = tmp_path / "config.yaml"
        update(measured(), "detectron2", file, "VERSION: 2\n")

        assert len(yaml.safe_load(file.read_text())["MODEL"]["PIXEL_MEAN"]) == 3


@pytest.mark.parametrize(
    ("mode", "options", "error"),
    [
        (
            "RGBA",
            (),
            "detectron2 holds 1 or 3 channels, not 4 (R, G, B, A); --format json holds any",
        ),
        ("RGB", ("--scale", "1"), "detectron2 cannot have scale 1: it has only 255"),
    ],
)
def test_what_it_cannot_hold_is_refused(measured, export, mode, options, error):
    """With the reason."""
    with pytest.raises(ExportError) as refused:
        export(measured(mode), "detectron2", *options)

    assert str(refused.value) == error
