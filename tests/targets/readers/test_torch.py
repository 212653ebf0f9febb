"""torch reads what `module` and `normalize` write."""

import runpy

import numpy as np
import pytest
import torch
from PIL import Image

from bnstat.errors import ExportError

MODES = pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])


def images(result, scale):
    """Return a batch of one float image in [0, scale]."""
    pixels = torch.from_numpy(result.pixels).permute(2, 0, 1)[None].float()
    return pixels * scale / 255


def layer(file):
    return runpy.run_path(str(file))["InputNorm"]()


class TestModule:
    """A Python file with an `nn.Module`."""

    @MODES
    @pytest.mark.parametrize("scale", [1, 255])
    def test_it_normalizes(self, measured, export, mode, scale):
        """Images of any number of channels, in its unit."""
        result = measured(mode)
        norm = layer(export(result, "module", "--scale", str(scale)))

        assert result.agrees(norm(images(result, scale))[0])

    def test_any_method(self, measured, export):
        """Those figures that were asked for."""
        result = measured()
        norm = layer(export(result, "module", "--method", "batchnorm"))

        assert result.agrees(norm(images(result, 1))[0], "batchnorm")

    def test_it_can_be_exported(self, measured, export):
        """Put first in a model, it becomes part of its graph."""
        result = measured()
        model = torch.nn.Sequential(layer(export(result, "module")), torch.nn.ReLU())
        exported = torch.export.export(model.eval(), (images(result, 1),)).module()

        assert torch.equal(exported(images(result, 1)), model(images(result, 1)))

    @pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated")
    def test_it_can_be_scripted(self, measured, export):
        """By TorchScript, which reads its source."""
        result = measured()
        norm = layer(export(result, "module"))

        assert result.agrees(torch.jit.script(norm)(images(result, 1))[0])

    def test_its_constants_are_saved_with_the_weights(self, measured, export, tmp_path):
        """And loaded with them, into a layer that had others."""
        here, other = measured(), measured("RGB", "Resize(256) | CenterCrop(224)")
        state = layer(export(here, "module")).state_dict()
        torch.save(state, tmp_path / "model.pt")
        norm = layer(export(other, "module", "--method", "welford"))
        norm.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))

        assert list(state) == ["mean", "std"]
        assert here.agrees(norm(images(here, 1))[0])

    def test_nothing_in_it_is_learned(self, measured, export):
        """No optimizer moves the constants, and training mode is as eval mode."""
        result = measured()
        norm = layer(export(result, "module")).train()

        assert list(norm.parameters()) == []
        assert result.agrees(norm(images(result, 1))[0])


class TestNormalize:
    """A snippet of torchvision's v2 transforms."""

    @MODES
    @pytest.mark.parametrize("scale", ["1", "255"])
    def test_it_normalizes(self, measured, export, mode, scale):
        """Images as Pillow opens them."""
        result = measured(mode)
        normalize = runpy.run_path(str(export(result, "normalize", "--scale", scale)))["normalize"]
        with Image.open(result.image) as image:
            assert result.agrees(normalize(image))

    @pytest.mark.parametrize(
        ("mode", "other", "note"),
        [
            ("L", "RGB", "# For images of 1 channel (L): in others, each gets the same figures."),
            ("RGB", "L", "# For images of 3 channels (R, G, B): convert others first."),
        ],
    )
    def test_it_says_which_images_it_is_for(self, measured, export, mode, other, note):
        """As v2.Normalize broadcasts: three channels come out of images of either kind."""
        file = export(measured(mode), "normalize")
        normalize = runpy.run_path(str(file))["normalize"]

        assert file.read_text().splitlines()[4] == note
        assert normalize(Image.new(other, (5, 4))).shape == (3, 4, 5)

    def test_three_digits(self, measured, export):
        """So many as were asked for, of the mean and of the std."""
        result = measured()
        file = export(result, "normalize", "--precision", "3")
        found = runpy.run_path(str(file))["normalize"].transforms[-1]

        assert found.mean == [float(f"{mean:.3g}") for mean in result.stats.mean]
        assert found.std == [float(f"{std:.3g}") for std in result.stats.std]

    def test_an_order_of_channels_is_refused(self, measured, export):
        """It has none of its own."""
        with pytest.raises(ExportError) as refused:
            export(measured(), "normalize", "--channel-order", "bgr")

        assert str(refused.value) == (
            "normalize cannot have channel order bgr: it has none of its own"
        )


class TestStateDict:
    """What torch.save wrote of a BatchNorm2d."""

    @MODES
    @pytest.mark.parametrize("scale", [1, 255])
    def test_it_normalizes(self, measured, export, mode, scale):
        """With its eps taken off the variance, as exactly as Normalize."""
        result = measured(mode)
        file = export(result, "state_dict", "--scale", str(scale), "--absorb-eps", "1e-5")
        norm = torch.nn.BatchNorm2d(len(result.stats.channels), eps=1e-5).eval()
        norm.load_state_dict(torch.load(file, weights_only=True))
        with torch.no_grad():
            found = norm(images(result, scale))[0]

        assert np.abs(found.numpy() - result.normalized()).max() < 1e-5
