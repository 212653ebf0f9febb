"""Files of weights: what they fit, and what stays of them when tensors are replaced."""

import io
import pickle
import sys

import pytest
import torch
from torch import nn

from bnstat.errors import ModelError
from bnstat.models.model_spec import assign_weights, read_weights, weights_with


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
        lambda state: {"state_dict": {"model": state}},
        lambda state: {"model_state_dict": state, "model": "resnet"},
        wrapped,
    ],
    ids=["plain", "state_dict", "model", "both", "both turned", "model_state_dict", "module."],
)
def test_of_torch(tmp_path, around, suffix):
    """Plain, or as training scripts save them."""
    state = net().state_dict()
    torch.save(around(state), tmp_path / f"w{suffix}")

    assert equal(read_weights(tmp_path / f"w{suffix}"), state)


def test_a_prefix_that_not_all_names_have(tmp_path):
    """It belongs to the names: a model may have a layer called module."""
    state = {"module.weight": torch.ones(2), "head.weight": torch.zeros(2)}
    torch.save(state, tmp_path / "w.pt")

    assert read_weights(tmp_path / "w.pt").keys() == state.keys()


def test_of_safetensors(tmp_path):
    """The same, by name."""
    saving = pytest.importorskip("safetensors.torch", reason="safetensors is missing")
    state = net().state_dict()
    saving.save_file(wrapped(state), tmp_path / "w.safetensors")

    assert equal(read_weights(tmp_path / "w.safetensors"), state)


def test_they_are_put_into_the_model(tmp_path):
    """All of them, strictly."""
    one, other = net(), net()
    assign_weights(other, one.state_dict(), tmp_path / "w.pt")

    assert equal(one.state_dict(), other.state_dict())


def test_what_does_not_match_is_named(tmp_path):
    """Missing, unexpected, and of another shape."""
    state = net().state_dict()
    state["0.weight"] = torch.zeros(4, 1, 1, 1)
    state["head.weight"] = state.pop("1.bias")
    with pytest.raises(ModelError) as refused:
        assign_weights(net(), state, tmp_path / "w.pt")

    assert str(refused.value) == (
        f"{tmp_path / 'w.pt'} does not fit the model. missing: 1.bias; unexpected: head.weight; "
        "of another shape: 0.weight 4×1×1×1 for 4×3×1×1"
    )


def test_imaginary_parts_are_not_dropped(tmp_path):
    """torch would drop them with a warning."""
    state = net().state_dict()
    state["0.weight"] = state["0.weight"] + 1j
    with pytest.raises(
        ModelError, match=r"w\.pt does not fit the model\. complex for real numbers: 0"
    ):
        assign_weights(net(), state, tmp_path / "w.pt")


def test_many_names_are_counted(tmp_path):
    """Five are enough to see what is wrong."""
    state = {f"layer{i}": torch.zeros(1) for i in range(9)}
    with pytest.raises(ModelError, match=r"layer3, layer4 and 4 more$"):
        assign_weights(nn.Identity(), state, tmp_path / "w.pt")


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
        read_weights(tmp_path / "w.pt")

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{}, [1], {"epoch": 3}, {"state_dict": {}}, {1: torch.ones(1)}])
def test_files_without_tensors(tmp_path, content):
    """Hold no state_dict."""
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"holds no tensors by name; save the model's state_dict"):
        read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_missing_files(tmp_path, name):
    """Are named."""
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors", reason="safetensors is missing")
    with pytest.raises(ModelError, match=rf"^cannot read .*{name}: No such file"):
        read_weights(tmp_path / name)


def test_without_safetensors(tmp_path, monkeypatch):
    """One line says what adds it."""
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ModelError, match=r"needs safetensors: pip install safetensors$"):
        read_weights(tmp_path / "w.safetensors")


NEW = {"1.running_mean": torch.arange(4.0), "1.num_batches_tracked": torch.tensor(9)}


def state(dtype=torch.float32):
    return net().to(dtype).state_dict()


def views():
    """Statistics that are views of one storage, one of them with steps."""
    storage = torch.arange(20.0)
    return state() | {"1.running_mean": storage[1:9:2], "1.running_var": storage[10:14]}


def parameters():
    """As `dict(model.named_parameters())` and the buffers of old training scripts."""
    return {name: nn.Parameter(t, t.is_floating_point()) for name, t in state().items()}


SAVED = {
    "plain": state,
    "below state_dict": lambda: {"state_dict": state(), "optimizer": {"m": torch.ones(5)}},
    "module.": lambda: wrapped(state()),
    "float16": lambda: state(torch.float16),
    "bfloat16": lambda: state(torch.bfloat16),
    "views": views,
    "parameters": lambda: {n: p for n, p in parameters().items() if p.is_floating_point()},
}


def saved(tmp_path, kind, **options):
    path = tmp_path / "w.pt"
    torch.save(SAVED[kind](), path, **options)
    return path


def loaded(data):
    return torch.load(io.BytesIO(data), weights_only=True)


def same(one, other):
    """Whether two files hold the same, but for the tensors of NEW."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(
            name.removeprefix("module.") in NEW or same(one[name], other[name]) for name in one
        )
    if not isinstance(one, torch.Tensor):
        return type(one) is type(other) and one == other
    return type(one) is type(other) and one.dtype == other.dtype and torch.equal(one, other)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before torch 1.6"])
@pytest.mark.parametrize("kind", SAVED)
def test_all_else_of_a_torch_file_stays(tmp_path, kind, legacy):
    """Names in their order, dtypes, views, and what lies beside the state_dict."""
    path = saved(tmp_path, kind, _use_new_zipfile_serialization=not legacy)
    before = loaded(path.read_bytes())
    after = loaded(weights_with(path, NEW))

    assert same(before, after)
    tensors = after.get("state_dict", after)
    for name, tensor in tensors.items():
        plain = name.removeprefix("module.")
        if plain in NEW:
            assert torch.equal(tensor, NEW[plain].to(tensor.dtype))
    assert getattr(before, "_metadata", None) == getattr(after, "_metadata", None)


def test_tensors_that_share_memory_still_do(tmp_path):
    """A layer under two names stays one, and the file does not grow."""
    tensors = state()
    torch.save(tensors | {"twin.running_mean": tensors["1.running_mean"]}, tmp_path / "w.pt")
    after = loaded(weights_with(tmp_path / "w.pt", NEW))

    assert after["twin.running_mean"].data_ptr() == after["1.running_mean"].data_ptr()
    assert torch.equal(after["twin.running_mean"], NEW["1.running_mean"])


def test_safetensors_keeps_its_metadata(tmp_path):
    """And all other tensors."""
    saving = pytest.importorskip("safetensors.torch", reason="safetensors is missing")
    from safetensors import safe_open

    saving.save_file(state(), path := tmp_path / "w.safetensors", metadata={"note": "mine"})
    before = saving.load_file(path)
    path.write_bytes(weights_with(path, NEW))

    with safe_open(path, "pt") as file:
        assert file.metadata() == {"note": "mine"}
    assert same(before, saving.load_file(path))
    assert all(saving.load_file(path)[name].equal(value) for name, value in NEW.items())


def test_values_that_do_not_fit(tmp_path):
    """A mean that float16 cannot hold would become infinite."""
    path = saved(tmp_path, "float16")

    with pytest.raises(ModelError, match=r"^1.running_mean does not fit float16$"):
        weights_with(path, {"1.running_mean": torch.full((4,), 1e6)})
