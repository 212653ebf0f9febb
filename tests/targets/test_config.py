"""Configs of the user's: what they say, and which target each is for."""

import json
from pathlib import Path

import pytest

from bnstat.errors import ExportError
from bnstat.targets import TARGETS
from bnstat.targets.config import Config, check_kind, update

UPDATED = {name: target for name, target in TARGETS.items() if target.config is not None}


class TestGet:
    """What a config says under nested names."""

    def test_what_is_there(self):
        """However deep."""
        assert Config(Path("x"), {"a": {"b": [1]}}).get("a", "b") == [1]
        assert Config(Path("x"), {"a": 1}).get() == {"a": 1}

    @pytest.mark.parametrize("content", [{}, {"a": None}, {"a": [1]}, {"a": {}}, [1], 3, None])
    def test_what_is_not_there(self, content):
        """Is None, whatever stands in its place."""
        assert Config(Path("x"), content).get("a", "b") is None


def test_a_kind_is_known_by_its_names():
    """One of them is enough; without any, all are named."""
    check_kind(Config(Path("x"), {"b": {"c": 1}}), ("a", "b.c"), "a config")
    with pytest.raises(ExportError) as refused:
        check_kind(Config(Path("x"), {"c": 1, "b": 2}), ("a", "b.c"), "a config")

    assert str(refused.value) == "it is not a config: it has none of a, b.c"


LOOKED_FOR = {
    "hf": "it is not the config of an image processor: it has none of image_processor, image_mean, "
    "image_processor_type, do_rescale, do_resize, rescale_factor",
    "timm": "it has no pretrained_cfg, in which timm keeps mean and std; save the model again",
    "open_clip": "it is not an open_clip_config.json: it has none of model_cfg, preprocess_cfg",
    "detectron2": "it is not a config of Detectron2: it has none of _BASE_, VERSION, "
    "MODEL.META_ARCHITECTURE, MODEL.PIXEL_MEAN, MODEL.WEIGHTS, INPUT.FORMAT",
}
OTHERS = {
    "a package.json": {"name": "x", "version": "1.0.0", "dependencies": {}},
    "a result": {"format": "bnstat.stats", "version": 1, "mode": "RGB"},
    "a tokenizer's": {"tokenizer_class": "CLIPTokenizer", "do_lower_case": True},
    "an audio model's": {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "do_normalize": True,
    },
    "empty": {},
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", UPDATED)
def test_a_file_of_another_kind_is_refused(stats, tmp_path, name, kind):
    """What was looked for is named, and the file stays as it was."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(OTHERS[kind]))
    target = TARGETS[name]
    with pytest.raises(ExportError) as refused:
        update(target.config, path, target.figures(stats))

    assert str(refused.value) == f"cannot update {path}: {LOOKED_FOR[name]}"
    assert json.loads(path.read_text()) == OTHERS[kind]


KINDS = {
    "hf": {"image_mean": [0.5] * 3},
    "timm": {"pretrained_cfg": {}},
    "open_clip": {"model_cfg": {}},
    "detectron2": {"MODEL": {"PIXEL_MEAN": [1.0] * 3}, "INPUT": {"FORMAT": "BGR"}},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", UPDATED)
def test_each_takes_its_own_kind_alone(stats, tmp_path, name, kind):
    """The files of the others are refused."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(KINDS[kind]))
    target = TARGETS[name]
    try:
        taken = bool(update(target.config, path, target.figures(stats)))
    except ExportError:
        taken = False

    assert taken == (name == kind)
