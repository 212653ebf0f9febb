"""Weights from files, and what they fit."""

import pickle
import sys

import pytest
import torch
from torch import nn

from bnstat.errors import ModelError
from bnstat.models import weights


def net():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def wrapped(state):
    return {f"module.{name}": tensor for name, tensor in state.items()}


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
@pytest.mark.parametrize(
    "around",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state, "optimizer": {"lr": 0.1}},
        lambda state: {"model": {"state_dict": wrapped(state)}},
        wrapped,
    ],
    ids=["plain", "state_dict", "model", "both", "module."],
)
def test_of_torch(tmp_path, around, suffix):
    """Plain, or as training scripts save them."""
    state = net().state_dict()
    torch.save(around(state), tmp_path / f"w{suffix}")

    assert equal(weights.read(tmp_path / f"w{suffix}"), state)


def test_of_safetensors(tmp_path):
    """The same, by name."""
    saving = pytest.importorskip("safetensors.torch", reason="safetensors is missing")
    state = net().state_dict()
    saving.save_file(wrapped(state), tmp_path / "w.safetensors")

    assert equal(weights.read(tmp_path / "w.safetensors"), state)


def test_they_are_put_into_the_model(tmp_path):
    """All of them, strictly."""
    one, other = net(), net()
    weights.assign(other, one.state_dict(), tmp_path / "w.pt")

    assert equal(one.state_dict(), other.state_dict())


def test_what_does_not_match_is_named(tmp_path):
    """Missing, unexpected, and of another shape."""
    state = net().state_dict()
    state["0.weight"] = torch.zeros(4, 1, 1, 1)
    state["head.weight"] = state.pop("1.bias")
    with pytest.raises(ModelError) as refused:
        weights.assign(net(), state, tmp_path / "w.pt")

    assert str(refused.value) == (
        f"{tmp_path / 'w.pt'} does not fit the model. missing: 1.bias; unexpected: head.weight; "
        "of another shape: 0.weight 4×1×1×1 for 4×3×1×1"
    )


def test_many_names_are_counted(tmp_path):
    """Five are enough to see what is wrong."""
    state = {f"layer{i}": torch.zeros(1) for i in range(9)}
    with pytest.raises(ModelError, match=r"layer3, layer4 and 4 more$"):
        weights.assign(nn.Identity(), state, tmp_path / "w.pt")


class Code:
    """What unpickling would run."""

    def __reduce__(self):
        return exec, ("open('ran', 'w')",)


@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps(Code())], ids=repr)
def test_other_files_are_refused(tmp_path, monkeypatch, content):
    """And no code in them is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(ModelError, match=r"^cannot read .*w\.pt with weights_only=True; save the"):
        weights.read(tmp_path / "w.pt")

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{}, [1], {"epoch": 3}, {"state_dict": {}}, {1: torch.ones(1)}])
def test_files_without_tensors(tmp_path, content):
    """Hold no state_dict."""
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"holds no tensors by name; save the model's state_dict"):
        weights.read(tmp_path / "w.pt")


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_missing_files(tmp_path, name):
    """Are named."""
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors", reason="safetensors is missing")
    with pytest.raises(ModelError, match=rf"^cannot read .*{name}: No such file"):
        weights.read(tmp_path / name)


def test_without_safetensors(tmp_path, monkeypatch):
    """One line says what adds it."""
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ModelError, match=r"needs safetensors: pip install safetensors$"):
        weights.read(tmp_path / "w.safetensors")
