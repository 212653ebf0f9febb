"""BatchNorm folded into the layer in front of it, or left where it cannot be."""

import pytest
import torch
from torch import nn

from bnstat.errors import ModelError
from bnstat.models.folding import InputFormat, fold

WANTED = InputFormat((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
IMAGES = torch.rand(2, 3, 12, 11, generator=torch.manual_seed(3))


def ready(model):
    """Return a model in eval mode whose BatchNorms have seen something."""
    torch.manual_seed(0)
    for norm in model.modules():
        if getattr(norm, "running_var", None) is not None:
            norm.running_mean.normal_(0, 0.5)
            norm.running_var.uniform_(0.3, 3)
    return model.eval()


def check(model, size=None):
    """Fold a model; its outputs must be those of the model. Return which layers were folded."""
    folded = fold(model, WANTED, size)
    with torch.no_grad():
        wanted, found = model(IMAGES), folded.program.module()(IMAGES)
    assert float((found - wanted).abs().max() / wanted.abs().max()) < 1e-5
    return folded


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ([nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)], "1"),
        ([nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, affine=False)], "1"),
        ([nn.Conv2d(3, 6, 3, groups=3, padding="same"), nn.BatchNorm2d(6, eps=0.1)], "1"),
        ([nn.ConvTranspose2d(3, 5, 3, stride=2), nn.BatchNorm2d(5)], "1"),
        ([nn.Flatten(2), nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4)], "2"),
        ([nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 5), nn.BatchNorm1d(5)], "3"),
        (
            [nn.Flatten(), nn.Linear(396, 5, bias=False), nn.BatchNorm1d(5, affine=False)],
            "2",
        ),
    ],
)
def test_it_is_folded(layers, name):
    """Into convolutions of one axis and two, transposed ones, and linear layers."""
    found = check(ready(nn.Sequential(*layers)), (12, 11))

    assert (found.folded, found.kept) == ((name,), ())


@pytest.mark.parametrize("value", [-0.1, torch.nan, torch.inf])
def test_statistics_that_no_images_can_give(value):
    """A layer with them puts out NaN or nothing; it is named."""
    model = ready(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.BatchNorm2d(4)))
    model[2].running_var[3] = value
    with pytest.raises(
        ModelError, match=r"^the running statistics of 2 are negative or not finite;"
    ):
        fold(model, WANTED)


class Shared(nn.Module):
    """What the convolution makes is used beside the BatchNorm."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)

    def forward(self, images):
        features = self.conv(images)
        return self.norm(features) + features


class Twice(nn.Module):
    """One convolution with two BatchNorms."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(3), nn.BatchNorm2d(3)])

    def forward(self, images):
        return self.norms[1](self.conv(self.norms[0](self.conv(images))))


class AlongLength(nn.Module):
    """A linear layer over words, whose BatchNorm is over the words, as many as features."""

    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(11, 12), nn.BatchNorm1d(12)

    def forward(self, images):
        return self.norm(self.linear(images[:, 0]))


@pytest.mark.parametrize(
    ("model", "kept"),
    [
        (
            nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 1)),
            [("0", "no convolution or linear layer stands in front of it")],
        ),
        (
            nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.BatchNorm2d(4)),
            [("2", "no convolution or linear layer stands in front of it")],
        ),
        (Shared(), [("norm", "what it normalizes is used elsewhere too")]),
        (
            Twice(),
            [(f"norms.{i}", "the layer in front of it is used more than once") for i in (0, 1)],
        ),
        (
            nn.Sequential(nn.ConvTranspose2d(3, 6, 3, groups=3), nn.BatchNorm2d(6)),
            [("1", "the transposed convolution in front of it has groups")],
        ),
        (
            nn.Sequential(
                nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 1)), nn.BatchNorm2d(4)
            ),
            [("1", "its weights, or those in front of it, are computed")],
        ),
    ],
)
def test_it_stays(model, kept):
    """Where folding would change what else is made, with the reason."""
    found = check(ready(model))

    assert (found.folded, list(found.kept)) == ((), kept)


def test_along_another_axis():
    """BatchNorm1d is over the second axis, the linear layer over the last."""
    found = check(ready(AlongLength()), (12, 11))

    assert list(found.kept) == [("norm", "it normalizes along another axis")]


def test_without_running_statistics():
    """It normalizes by the batch even in eval mode."""
    norm = nn.BatchNorm2d(4, track_running_stats=False)
    found = check(ready(nn.Sequential(nn.Conv2d(3, 4, 1), norm)))

    assert [reason for _, reason in found.kept] == ["it has no running statistics"]


def test_other_norms_are_no_batchnorm():
    """They have nothing to fold."""
    found = check(
        ready(nn.Sequential(nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4)))
    )

    assert (found.folded, found.kept) == ((), ())


@pytest.mark.parametrize(
    ("name", "norms"),
    [
        pytest.param("resnet18", 20, marks=pytest.mark.long),
        pytest.param("mobilenet_v3_small", 34, marks=pytest.mark.long),
    ],
)
def test_models_of_torchvision(name, norms):
    """All of theirs are folded."""
    from bnstat.models import model_spec

    found = check(ready(model_spec.load(f"torchvision:{name}")), (12, 11))

    assert (len(found.folded), found.kept) == (norms, ())
