"""Tensors of a file of weights, replaced: what is read again, and every other byte."""

import io
import json
import struct
import zipfile
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
import pytest
import torch
from torch import nn

from bnstat.errors import ModelError
from bnstat.models import weight_files as replacing
from bnstat.models import weights
from bnstat.models.weight_files import torch_zip

NEW = {"1.running_mean": torch.arange(4.0), "1.num_batches_tracked": torch.tensor(9)}
CRC = 3 * 4  # of the local header, behind the data, and in the directory


def state(dtype=torch.float32):
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).to(dtype).state_dict()


def shared():
    """Statistics that are views of one storage, one of them with steps."""
    storage = torch.arange(20.0)
    views = {"1.running_mean": storage[1:9:2], "1.running_var": storage[10:14]}
    return state() | views


SAVED = {
    "plain": state,
    "below state_dict": lambda: {"state_dict": state(), "optimizer": {"m": torch.ones(5)}},
    "module.": lambda: {f"module.{name}": tensor for name, tensor in state().items()},
    "float16": lambda: state(torch.float16),
    "bfloat16": lambda: state(torch.bfloat16),
    "views": shared,
}


def saved(tmp_path, kind, **options):
    path = tmp_path / "w.pt"
    torch.save(SAVED[kind](), path, **options)
    return path


def read(data):
    return weights.state_of(torch.load(io.BytesIO(data), weights_only=True))


def changed(before, after):
    """Return how many bytes differ, of files of equal length."""
    one, other = (np.frombuffer(each, np.uint8) for each in (before, after))
    assert len(one) == len(other)
    return int((one != other).sum())


@pytest.mark.parametrize("kind", SAVED)
def test_no_other_byte_of_a_torch_file_changes(tmp_path, kind):
    """Only those of the tensors, and their checksums."""
    path = saved(tmp_path, kind)
    data = replacing.replaced(path, NEW)
    old, new = read(path.read_bytes()), read(data)

    for own in old:
        name = own.removeprefix("module.")
        wanted = NEW[name].to(old[own].dtype) if name in NEW else old[own]
        assert torch.equal(new[own], wanted), name
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    size = sum(each.numel() * each.element_size() for each in NEW.values())
    assert 0 < changed(path.read_bytes(), data) <= size + len(NEW) * CRC


@pytest.mark.parametrize("kind", SAVED)
def test_the_same_values_give_the_same_file(tmp_path, kind):
    """Byte for byte."""
    path = saved(tmp_path, kind)
    old = read(path.read_bytes())
    names = weights.plain_names(old)

    assert path.read_bytes() == replacing.replaced(path, {n: old[own] for n, own in names.items()})


def test_safetensors_keeps_its_header(tmp_path):
    """With its metadata, and the bytes of all other tensors."""
    saving = pytest.importorskip("safetensors.torch", reason="safetensors is missing")
    path = tmp_path / "w.safetensors"
    saving.save_file(state(), path, metadata={"format": "pt", "note": "mine"})
    data = replacing.replaced(path, NEW)
    behind = 8 + struct.unpack("<Q", data[:8])[0]

    assert data[:behind] == path.read_bytes()[:behind]
    assert json.loads(data[8:behind])["__metadata__"]["note"] == "mine"
    new = saving.load(data)
    assert {n for n, each in state().items() if not each.equal(new[n])} >= set(NEW)
    assert all(new[name].equal(value) for name, value in NEW.items())
    assert changed(path.read_bytes(), data) <= 4 * 4 + 8


def test_old_files_of_torch_are_refused(tmp_path):
    """They are no archives, and their storages lie one behind another."""
    path = saved(tmp_path, "plain", _use_new_zipfile_serialization=False)

    with pytest.raises(ModelError, match=r"w.pt is of torch before 1.6; write it anew: "):
        replacing.replaced(path, NEW)


def archived(path, compression, order):
    """Return a file of torch as another tool would write it."""
    with ZipFile(path) as before, ZipFile(data := io.BytesIO(), "w", compression) as after:
        for name in before.namelist():
            after.writestr(name, order if name.endswith("byteorder") else before.read(name))
    return data.getvalue()


@pytest.mark.parametrize(
    ("compression", "order", "end", "says"),
    [
        (ZIP_STORED, b"little", -30, "is a broken archive: "),
        (ZIP_STORED, b"big", None, "is big-endian; save it on a little-endian machine$"),
        (ZIP_DEFLATED, b"little", None, "is compressed; save it with torch.save$"),
    ],
    ids=["cut off", "big-endian", "compressed"],
)
def test_archives_that_cannot_be_changed(tmp_path, compression, order, end, says):
    """Tensors do not lie in them as they are in memory."""
    data = archived(saved(tmp_path, "plain"), compression, order)[:end]

    with pytest.raises(ModelError, match=f"^the file of weights {says}"):
        torch_zip.replace(bytearray(data), NEW)


def test_values_that_do_not_fit(tmp_path):
    """A mean that float16 cannot hold would become infinite."""
    path = saved(tmp_path, "float16")

    with pytest.raises(ModelError, match=r"^1.running_mean does not fit float16$"):
        replacing.replaced(path, {"1.running_mean": torch.full((4,), 1e6)})
