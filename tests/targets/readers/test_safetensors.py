"""safetensors reads what `safetensors` writes."""

import pytest
import torch

safetensors = pytest.importorskip(
    "safetensors", reason="safetensors is missing: pip install safetensors"
)
load_file = pytest.importorskip("safetensors.torch").load_file


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("scale", [1, 255])
def test_it_normalizes(measured, export, mode, scale):
    """Loaded into the layer that it is for."""
    result = measured(mode)
    file = export(result, "safetensors", "--absorb-eps", "1e-5", "--scale", str(scale))
    norm = torch.nn.BatchNorm2d(len(result.stats.channels), eps=1e-5).eval()
    norm.load_state_dict(load_file(file))
    pixels = torch.from_numpy(result.pixels).permute(2, 0, 1)[None].float()

    assert result.agrees(norm(pixels * scale / 255)[0].detach())


@pytest.mark.parametrize("options", [(), ("--no-affine",), ("--prefix", "norm.")])
def test_the_tensors_are_those_of_state_dict(measured, export, options):
    """By name, type, shape and value."""
    found = load_file(export(measured(), "safetensors", *options))
    wanted = torch.load(export(measured(), "state_dict", *options), weights_only=True)

    assert found.keys() == wanted.keys()
    assert all(found[name].dtype == wanted[name].dtype for name in wanted)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_the_metadata_say_where_it_comes_from(measured, export):
    """Source, pipeline and method; and that the tensors are torch's, as other libraries ask."""
    result = measured("RGB", "Resize(256) | CenterCrop(224)")
    with safetensors.safe_open(export(result, "safetensors", "--method", "welford"), "pt") as file:
        metadata = file.metadata()

    assert metadata["format"] == "pt"
    assert metadata["source"] == result.stats.source.locations[0]
    assert metadata["pipeline"] == "Resize(256) | CenterCrop(224)"
    assert metadata["method"] == "welford"
