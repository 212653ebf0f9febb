"""mmengine reads what `mmengine` writes."""

from importlib.util import find_spec

import pytest
import torch

from bnstat.errors import ExportError

pytestmark = pytest.mark.skipif(
    not find_spec("mmengine"), reason="mmengine is missing: pip install mmengine-lite"
)


def preprocessor(file):
    """Build what a config says, as OpenMMLab's runner does."""
    from mmengine import config, model, registry  # noqa: F401

    return registry.MODELS.build(config.Config.fromfile(file).data_preprocessor)


def loaded(result):
    """Return the image as OpenMMLab loads it: uint8 of shape (C, H, W), in BGR."""
    return torch.from_numpy(result.pixels[..., ::-1].transpose(2, 0, 1).copy())


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_it_normalizes(measured, export, mode):
    """Images come in BGR, and out in the order of the figures."""
    result = measured(mode)
    batch = preprocessor(export(result, "mmengine"))({"inputs": [loaded(result)]})

    assert result.agrees(batch["inputs"][0])


def test_bgr_stays_bgr(measured, export):
    """With figures in that order."""
    result = measured()
    file = export(result, "mmengine", "--channel-order", "bgr")
    [found] = preprocessor(file)({"inputs": [loaded(result)]})["inputs"]

    assert result.agrees(found.flip(0))


def test_the_pipeline_is_in_the_comment(measured, export):
    """So that nobody loses how the numbers were made."""
    text = export(measured("RGB", "Resize(256) | CenterCrop(224)"), "mmengine").read_text()

    assert " through Resize(256) | CenterCrop(224): 4 images" in text


@pytest.mark.parametrize(
    ("mode", "options", "error"),
    [
        (
            "RGBA",
            (),
            "mmengine holds 1 or 3 channels, not 4 (R, G, B, A); --format json holds any",
        ),
        ("RGB", ("--scale", "1"), "mmengine cannot have scale 1: it has only 255"),
        ("L", ("--channel-order", "bgr"), None),
    ],
)
def test_what_it_cannot_hold_is_refused(measured, export, mode, options, error):
    """With the reason; one channel is the same in any order."""
    if error is None:
        assert measured(mode).agrees(
            preprocessor(export(measured(mode), "mmengine", *options))(
                {"inputs": [loaded(measured(mode))]}
            )["inputs"][0]
        )
        return
    with pytest.raises(ExportError) as refused:
        export(measured(mode), "mmengine", *options)

    assert str(refused.value) == error
