"""Results that are not of images in [0, 1]: each form refuses them, or says what they are."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

import bnstat
from bnstat.errors import ExportError, SourceError
from bnstat.targets import TARGETS

FLOATS = "Resize(size=[9, 9]) | ToImage() | ToDtype(dtype=float32, scale=True)"
NORMALIZE = "Normalize(mean=[0.5, 0.4, 0.3], std=[0.2, 0.3, 0.4])"
PLAIN = {"json", "yaml", "toml", "csv", "env"}
AS_THEY_ARE = {"normalize", "state_dict", "safetensors", "module", "keras", "dali", "openvino"}
AS_THEY_ARE |= {"onnx", "ncnn", "flax"}


@pytest.fixture(scope="module")
def rasters(tmp_path_factory):
    """Float samples in 0-300."""
    folder = tmp_path_factory.mktemp("rasters")
    pixels = np.random.default_rng(0).random((7, 11)).astype(np.float32) * 300
    Image.fromarray(pixels).save(folder / "a.tif")
    return folder


@pytest.fixture(scope="module")
def results(folder, rasters):
    """A result of each unit."""
    measure = {
        "[0, 1]": (folder, {"augment": FLOATS}),
        "normalized": (folder, {"augment": f"{FLOATS} | {NORMALIZE}", "keep_normalize": True}),
        "normalized in between": (folder, {"augment": f"{FLOATS} | {NORMALIZE} | Resize(5)"}),
        "normalized twice": (
            folder,
            {"augment": f"{FLOATS} | {NORMALIZE} | {NORMALIZE}", "keep_normalize": True},
        ),
        "stored": (rasters, {"mode": "native"}),
        "unknown": (folder, {"augment": "Resize(5) | ToImage() | ToDtype(dtype=float32)"}),
    }
    return {
        unit: bnstat.compute(source, workers=1, **settings)
        for unit, (source, settings) in measure.items()
    }


def test_results_know_their_unit(results, stats):
    """Integers are in [0, 1]; floats are where their figures can be of no others."""
    assert stats.unit == "[0, 1]"
    for name, result in results.items():
        unit = "normalized" if name.startswith("normalized") else name
        assert unit == result.unit


def test_bounds_of_the_unit(stats):
    """A std of a half is that of zeros and ones; rounding is no step beyond."""
    from dataclasses import replace

    from bnstat.result import Estimate

    def unit(mean, std):
        estimate = Estimate((0.5, mean), (0.1, std**2))
        return replace(stats, methods={"two-pass": estimate}).unit

    assert unit(1.0, 0.0) == unit(0.0, 0.0) == unit(0.5, 0.5) == "[0, 1]"
    assert unit(1.0 + 1e-9, 0.5 + 1e-9) == "[0, 1]"
    assert unit(1.001, 0.1) == unit(-0.001, 0.1) == unit(0.5, 0.501) == "stored"


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - PLAIN))
def test_a_normalize_at_the_end_is_composed(results, name):
    """Its figures are then those of images before it; the plain values are as measured."""
    before, stats, target = results["[0, 1]"], results["normalized"], TARGETS[name]
    figures = target.figures(stats)
    expected = target.figures(before)
    for method in ("mean", "var", "std"):
        assert getattr(figures, method) == pytest.approx(getattr(expected, method), rel=1e-6)
    assert TARGETS["json"].figures(stats).mean == tuple(stats.mean)


def test_composing_is_the_closed_form(results):
    """Normalize after Normalize: one with other constants does the same."""
    images = torch.rand(2, 3, 9, 9)
    kept = v2.Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])
    stats = results["normalized"]
    second = v2.Normalize(list(stats.mean), list(stats.std))
    assert torch.allclose(bnstat.normalize(stats)(images), second(kept(images)), atol=1e-5)
    assert bnstat.batch_norm(stats).running_mean.tolist() == pytest.approx(
        bnstat.batch_norm(results["[0, 1]"]).running_mean.tolist()
    )


def test_composing_is_said(results, tmp_path, in_process):
    """On stderr, in a sentence."""
    results["normalized"].save(tmp_path / "n.json")
    done = in_process("export", str(tmp_path / "n.json"))
    assert done.err == "composed with the pipeline's Normalize: for images before it\n"
    assert not in_process("export", str(tmp_path / "n.json"), "--format", "json").err


@pytest.mark.parametrize("unit", ["normalized in between", "normalized twice"])
@pytest.mark.parametrize("name", sorted(TARGETS.keys() - PLAIN))
def test_normalized_images_are_refused(results, name, unit):
    """Their constants would be taken for those of images in [0, 1]."""
    with pytest.raises(ExportError) as refused:
        TARGETS[name].figures(results[unit])
    channels = "hf", "mmengine", "detectron2", "coreml", "opencv", "open_clip"
    assert name in channels or str(refused.value) == (
        f"the figures are of images that its pipeline has normalized, which {name} does not take; "
        "measure without the Normalize"
    )


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - PLAIN - AS_THEY_ARE))
@pytest.mark.parametrize(
    ("unit", "remedy"),
    [
        ("stored", "as they are stored, which {} does not take; --format normalize takes samples"),
        ("unknown", "goes beyond [0, 1], which {} does not take; end the pipeline with ToDtype("),
    ],
)
def test_forms_of_images_in_the_unit_refuse_others(results, name, unit, remedy):
    """They would multiply by 255, or divide."""
    target = TARGETS[name]
    if target.channels == (3,) and unit == "stored":
        return
    with pytest.raises(ExportError) as refused:
        target.figures(results[unit])
    assert remedy.format(name) in str(refused.value)


@pytest.mark.parametrize("unit", ["stored", "unknown"])
@pytest.mark.parametrize("name", sorted(AS_THEY_ARE))
def test_forms_of_samples_as_they_are(results, name, unit):
    """Their figures are not scaled, and 0-255 is refused."""
    target, stats = TARGETS[name], results[unit]
    figures = target.figures(stats)
    assert (figures.scale, figures.mean) == (1, stats.exact.mean)
    text = target.render(figures) if not target.binary else b""
    assert b"in [0, " not in text and b"in 0-1" not in text
    if 255 in target.scales:
        with pytest.raises(
            ExportError, match=r"^figures that are not in \[0, 1\] have no scale 255$"
        ):
            target.figures(stats, scale=255)


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain_values_say_the_unit(results, name):
    """And nothing of it where it is [0, 1], as before."""
    for unit, stats in results.items():
        text = TARGETS[name].render(TARGETS[name].figures(stats)).decode()
        assert ("normalized" in text) == unit.startswith("normalized")
    stored = json.loads(bnstat.export(results["stored"], "json"))
    assert (stored["unit"], stored["mean"][0] > 1) == ("stored", True)


def test_a_comment_says_the_unit(results):
    """In the line that says which images the figures are for."""
    text = bnstat.export(results["stored"], "normalize").decode()
    assert " Of samples that go beyond [0, 1], as they are stored.\n" in text


def test_transforms_and_layers(results):
    """Refuse what is normalized; samples as they are come out with mean 0 and std 1."""
    for make in (bnstat.normalize, bnstat.batch_norm):
        with pytest.raises(ExportError, match=r"^the figures are of images that its pipeline has"):
            make(results["normalized twice"])
    stats = results["stored"]
    image = torch.tensor(np.array(Image.open(f"{stats.source.locations[0]}/a.tif")))[None]
    normalized = bnstat.normalize(stats)(image)
    assert abs(float(normalized.mean())) < 1e-5
    assert abs(float(normalized.std(unbiased=False)) - 1) < 1e-5


def test_fold_refuses_them(results, tmp_path):
    """Normalized images always, others as 8-bit ones."""
    with pytest.raises(SourceError, match=r"^the result is of images that its pipeline has normal"):
        bnstat.fold("no:model", tmp_path / "x.pt2", stats=results["normalized twice"])
    with pytest.raises(ExportError, match=r"which --input uint8 does not take"):
        bnstat.fold("no:model", tmp_path / "x.pt2", stats=results["stored"], input="uint8")


def test_a_shard_is_said_to_be_one(folder, tmp_path, in_process):
    """In the text, and on stderr."""
    stats = bnstat.compute(folder, shard="1/2", workers=1)
    stats.save(tmp_path / "bnstat.json")
    done = in_process("export", str(tmp_path / "bnstat.json"))
    assert done.err == f"{tmp_path}/bnstat.json is shard 1/2 alone; bnstat merge adds the others\n"
    assert f"{stats.source.images} images of shard 1/2, mode RGB" in done.out
