"""What files of other tools say, in which units: all come out in [0, 1], or are refused."""

import json

import pytest
import yaml

from bnstat.errors import SourceError
from bnstat.result import Stats
from bnstat.show.constants import read
from bnstat.targets import TARGETS

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WIDE_MEAN, WIDE_STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
HF = {"image_mean": list(MEAN), "image_std": list(STD)}
HF_255 = {"image_mean": WIDE_MEAN, "image_std": WIDE_STD}
CFG = {"mean": list(MEAN), "std": list(STD)}
CFG_255 = {"mean": WIDE_MEAN, "std": WIDE_STD}
BGR = {"PIXEL_MEAN": WIDE_MEAN[::-1], "PIXEL_STD": WIDE_STD[::-1]}
RGB = {"PIXEL_MEAN": WIDE_MEAN, "PIXEL_STD": WIDE_STD}
NORMALIZE = {"__class_fullname__": "Normalize", "normalization": "standard"}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into the current folder; return its name."""
    monkeypatch.chdir(tmp_path)

    def put(content, name="config.json"):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text)
        return name

    return put


@pytest.mark.parametrize(
    "content",
    [
        HF,
        {**HF, "do_rescale": True, "rescale_factor": 1 / 255},
        {**HF_255, "do_rescale": False},
        {**HF_255, "do_rescale": False, "rescale_factor": 1 / 255},
        {**HF_255, "rescale_factor": 1},
        {"image_mean": [2 * m for m in MEAN], "image_std": [2 * s for s in STD]}
        | {"rescale_factor": 1 / 127.5},
        {"processor_class": "CLIPProcessor", "image_processor": {**HF_255, "do_rescale": False}},
        {"pretrained_cfg": CFG},
        {"model_cfg": {}, "preprocess_cfg": CFG},
        {"transform": {**NORMALIZE, **CFG, "max_pixel_value": 255.0}},
        {"transform": {**NORMALIZE, **CFG_255, "max_pixel_value": 1.0}},
        CFG,
        {**CFG, "scale": 1},
        {**CFG_255, "scale": 255},
    ],
    ids=str,
)
def test_units_are_recognized(write, content):
    """Whatever the file declares, the constants are for images in [0, 1]."""
    found = read(write(content))

    assert found.mean == pytest.approx(MEAN, rel=1e-12)
    assert found.std == pytest.approx(STD, rel=1e-12)


@pytest.mark.parametrize(
    "content",
    [
        {"MODEL": BGR},
        {"MODEL": BGR, "INPUT": {"FORMAT": "BGR"}},
        {"MODEL": RGB, "INPUT": {"FORMAT": "RGB"}},
    ],
    ids=["default", "BGR", "RGB"],
)
def test_detectron2(write, content):
    """Its YAML is in 0-255 and in its own order of channels."""
    found = read(write(yaml.safe_dump(content), "config.yaml"))

    assert found.mean == pytest.approx(MEAN, rel=1e-12)
    assert found.std == pytest.approx(STD, rel=1e-12)


DIVIDED = "0.485,0.456,0.406/0.229,0.224,0.225"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            {**HF, "do_normalize": False},
            "cannot read constants of config.json: its do_normalize is false, so that nothing is "
            "normalized with them",
        ),
        (
            {**HF, "do_rescale": False},
            "cannot read constants of config.json: its do_rescale is false, but they are not for "
            "0-255; type them for [0, 1] as MEAN/STD",
        ),
        (
            {**HF, "rescale_offset": True},
            "cannot read constants of config.json: its rescale_offset is true, so that images are "
            "not in [0, 1]",
        ),
        (
            {**HF, "rescale_factor": 10**400},
            f"cannot read constants of config.json: its rescale_factor is 1{'0' * 39}, not a "
            "number above 0",
        ),
        (
            {**HF, "rescale_factor": 0},
            "cannot read constants of config.json: its rescale_factor is 0, not a number above 0",
        ),
        (
            HF_255,
            "config.json is not for images in [0, 1]; divided by 255, if it is for 0-255: "
            + DIVIDED,
        ),
        (
            {"pretrained_cfg": CFG_255},
            "config.json is not for images in [0, 1]; divided by 255, if it is for 0-255: "
            + DIVIDED,
        ),
        ({**CFG, "scale": 7}, "cannot read constants of config.json: its scale is 7, not 1 or 255"),
        (
            {"transform": {**NORMALIZE, **CFG, "normalization": "image"}},
            "cannot read constants of config.json: its normalization is not standard, but by the "
            "image",
        ),
        (
            {"format": "bnstat.stats", "version": 1},
            "cannot read constants of config.json: it is a result; name it as a SOURCE",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_not_for_known_units_is_refused(write, content, says):
    """With the reason; nothing is guessed."""
    with pytest.raises(SourceError) as refused:
        read(write(content))

    assert str(refused.value) == says


def test_typed_constants_for_0_255_are_refused():
    """With what they would be for [0, 1], to paste."""
    text = "123.675,116.28,103.53/58.395,57.12,57.375"
    with pytest.raises(SourceError) as refused:
        read(text)

    assert str(refused.value) == (
        f"{text} is not for images in [0, 1]; divided by 255, if it is for 0-255: {DIVIDED}"
    )
    assert read(DIVIDED).mean == MEAN


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("config.yaml", "mean: [", "cannot read constants of config.yaml: while parsing"),
        ("config.yaml", "- 1", "cannot read constants of config.yaml: it has no lists image_mean"),
        ("config.toml", "mean = [", "cannot read constants of config.toml: "),
        (
            "config.json",
            '{"mean": [1e-9999999999999999999999]}',
            "cannot read constants of config.json: 1e-99999999999999999... has too large",
        ),
        ("none.yml", None, "cannot read constants of none.yml: No such file or directory"),
    ],
)
def test_broken_files_of_other_syntaxes(write, name, text, says):
    """YAML and TOML are read by what their names end in."""
    write(text or "", name if text else "other")
    with pytest.raises(SourceError) as refused:
        read(name)

    assert str(refused.value).startswith(says)


WRITTEN = [
    ("hf", 1, {}),
    ("hf", 255, {}),
    ("timm", 1, {}),
    ("open_clip", 1, {}),
    ("albumentations", 1, {"serialized": True}),
    ("albumentations", 255, {"serialized": True}),
    ("detectron2", 255, {}),
    ("json", 1, {}),
    ("json", 255, {}),
    ("yaml", 1, {}),
    ("yaml", 255, {}),
    ("toml", 1, {}),
    ("toml", 255, {}),
]


@pytest.mark.parametrize(("name", "scale", "options"), WRITTEN, ids=str)
def test_what_export_writes_is_read_back(pytestconfig, write, name, scale, options):
    """To float32, in any unit."""
    stats = Stats.load(pytestconfig.rootpath / "tests/golden/stats-v1.json")
    target = TARGETS[name]
    data = target.render(target.figures(stats, scale=scale), **options)
    found = read(write(data.decode(), target.file_with(options)))

    assert found.mean == pytest.approx(stats.mean, rel=1e-7)
    assert found.std == pytest.approx(stats.std, rel=1e-7)
