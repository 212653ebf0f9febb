"""OpenCLIP reads what `open_clip` writes."""

import json
from importlib.util import find_spec

import pytest
from PIL import Image

from bnstat.errors import ExportError

pytestmark = pytest.mark.skipif(
    not find_spec("open_clip"), reason="open_clip is missing: pip install open_clip_torch"
)

CROPPED = "Resize(256) | CenterCrop(224)"

# As on the Hub, of a model that is small enough to be made here.
CONFIG = """\
{
    "model_cfg": {
        "embed_dim": 8,
        "vision_cfg": {
            "image_size": 32,
            "layers": 1,
            "width": 64,
            "patch_size": 16
        },
        "text_cfg": {
            "context_length": 8,
            "vocab_size": 64,
            "width": 64,
            "heads": 1,
            "layers": 1
        }
    },
    "preprocess_cfg": {
        "mean": [
            0.48145466,
            0.4578275,
            0.40821073
        ],
        "std": [
            0.26862954,
            0.26130258,
            0.27577711
        ]
    }
}
"""


def preprocessing(file, **others):
    """Return what OpenCLIP makes of a file's `preprocess_cfg`, with other fields beside."""
    fields = json.loads(file.read_text())["preprocess_cfg"] | others
    from open_clip import transform

    return transform.image_transform_v2(transform.PreprocessCfg(**fields), is_train=False)


def test_it_normalizes(measured, export):
    """Through OpenCLIP's own preprocessing."""
    result = measured()
    preprocess = preprocessing(
        export(result, "open_clip"), size=result.pixels.shape[:2], resize_mode="squash"
    )
    with Image.open(result.image) as image:
        assert result.agrees(preprocess(image))


@pytest.mark.parametrize(
    ("augment", "first"),
    [
        (CROPPED, "Resize(size=224, interpolation=bilinear"),
        ("Resize((64, 64), interpolation=BICUBIC)", "Resize(size=[64, 64], interpolation=bicubic"),
        ("RandomResizedCrop(96)", "Resize(size=96, interpolation=bilinear"),
    ],
)
def test_sizes_are_those_of_the_pipeline(measured, export, augment, first):
    """Resized as it was measured, as far as OpenCLIP can."""
    preprocess = preprocessing(export(measured("RGB", augment), "open_clip"))

    assert first in str(preprocess)


def test_the_pipeline_stands_beside(measured, export):
    """Where the figures come from, in a name of its own."""
    document = json.loads(export(measured("RGB", CROPPED), "open_clip").read_text())

    assert document["bnstat"]["pipeline"] == CROPPED


@pytest.mark.parametrize(
    ("mode", "channels"), [("L", "1 (L)"), ("RGBA", "4 (R, G, B, A)")], ids=["gray", "rgba"]
)
def test_only_three_channels(measured, export, mode, channels):
    """OpenCLIP loads all images as RGB."""
    with pytest.raises(ExportError) as refused:
        export(measured(mode), "open_clip")

    assert str(refused.value) == (
        f"open_clip holds 3 channels, not {channels}; --format json holds any"
    )


@pytest.mark.filterwarnings("ignore")
def test_only_the_normalization_of_a_config_changes(measured, update, tmp_path):
    """And the model's preprocessing, made from that folder, has it."""
    import open_clip

    result = measured()
    changed = update(result, "open_clip", tmp_path / "open_clip_config.json", CONFIG)
    _, _, preprocess = open_clip.create_model_and_transforms(
        f"local-dir:{tmp_path}", load_weights=False
    )
    [normalize] = [step for step in preprocess.transforms if type(step).__name__ == "Normalize"]

    assert len(changed) == 6
    assert normalize.mean == pytest.approx(result.stats.mean, rel=1e-7)
    assert normalize.std == pytest.approx(result.stats.std, rel=1e-7)
