"""Models by name, and from the user's code."""

import sys

import pytest
from torch import nn

from bnstat.errors import ModelError, SpecError
from bnstat.models import model_spec

CODE = """\
import torch
print("loading")
model = torch.nn.Conv2d(3, 4, 1)
def make(width=4):
    return torch.nn.Conv2d(3, width, 1)
class Net(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Conv2d(3, 5, 1))
number = 3
def fail():
    raise RuntimeError("no weights")
"""


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A module of the user's own in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "own_models.py").write_text(CODE)
    yield
    sys.modules.pop("own_models", None)


@pytest.mark.parametrize(("name", "channels"), [("model", 4), ("make", 4), ("Net", None)])
def test_the_user_s_own(code, capsys, name, channels):
    """A module, a function or a class; in eval mode, and what it prints is not data."""
    found = model_spec.load(f"own_models:{name}")

    assert isinstance(found, nn.Module) and not found.training
    assert getattr(found, "out_channels", None) == channels
    assert capsys.readouterr().out == ""


def test_torchvision():
    """By its name there, without weights."""
    found = model_spec.load("torchvision:squeezenet1_1")

    assert type(found).__name__ == "SqueezeNet" and not found.training


def test_timm():
    """By its name there; tags of weights are no part of the architecture."""
    timm = pytest.importorskip("timm", reason="timm is missing: pip install 'bnstat[timm]'")

    assert timm.is_model("resnet18")
    assert not model_spec.load("timm:resnet18").training
    with pytest.raises(ModelError, match=r"^timm has no model 'resnet81'; did you mean resnet"):
        model_spec.load("timm:resnet81")


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        (
            "resnet50",
            ModelError,
            "'resnet50' is no model; write torchvision:NAME, timm:NAME or package.module:attribute",
        ),
        (
            "torchvision:",
            ModelError,
            "'torchvision:' is no model; write torchvision:NAME, timm:NAME or "
            "package.module:attribute",
        ),
        (
            "torchvision:resnet51",
            ModelError,
            "torchvision has no model 'resnet51'; did you mean resnet50?",
        ),
        ("torchvision:zzz", ModelError, "torchvision has no model 'zzz'"),
        ("own_models:number", SpecError, "own_models:number() failed: TypeError: "),
        ("own_models:fail", SpecError, "own_models:fail() failed: RuntimeError: no weights"),
        ("own_models:none", SpecError, "cannot load own_models:none: AttributeError: "),
        ("no_such_module:x", SpecError, "cannot load no_such_module:x: ModuleNotFoundError: "),
        ("builtins:list", ModelError, "builtins:list makes a list, which is no nn.Module"),
    ],
)
def test_what_is_no_model(code, name, error, says):
    """Says why."""
    with pytest.raises(error) as refused:
        model_spec.load(name)

    assert str(refused.value).startswith(says)


def test_without_timm(monkeypatch):
    """One line says what adds it."""
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ModelError) as refused:
        model_spec.load("timm:resnet18")

    assert str(refused.value) == (
        "to load models of timm, bnstat needs timm: pip install 'bnstat[timm]'"
    )
