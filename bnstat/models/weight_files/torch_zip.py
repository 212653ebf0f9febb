"""Tensors of a torch.save archive, which stores each storage uncompressed.

The format of zip archives: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from bnstat.errors import ModelError
from bnstat.models.weight_files.storages import StoredTensor, stored_tensors
from bnstat.models.weight_files.values import as_bytes
from bnstat.models.weights import plain_names, state_of

if TYPE_CHECKING:
    from torch import Tensor

_CENTRAL = b"PK\x01\x02"
_DESCRIPTOR = b"PK\x07\x08"
_CRC_IN_LOCAL, _CRC_IN_CENTRAL = 14, 16
_HAS_DESCRIPTOR = 8  # a flag: sizes and CRC stand behind the data


def replace(data: bytearray, tensors: Mapping[str, Tensor]) -> None:
    """Put other values of tensors into an archive's bytes."""
    try:
        archive = ZipFile(BytesIO(data))
    except BadZipFile as error:
        raise ModelError(f"the file of weights is a broken archive: {error}") from error
    entries = {info.filename: info for info in archive.infolist()}
    [pickled] = [name for name in entries if name.endswith("/data.pkl")]
    root = pickled.removesuffix("data.pkl")
    if entries.get(f"{root}byteorder") and archive.read(f"{root}byteorder") != b"little":
        raise ModelError("the file of weights is big-endian; save it on a little-endian machine")
    state = state_of(stored_tensors(archive.read(pickled)))
    for name, own in plain_names(state).items():
        if name in tensors:
            stored = state[own]
            _replace(data, entries[f"{root}data/{stored.storage}"], name, stored, tensors[name])


def _replace(
    data: bytearray, entry: ZipInfo, name: str, stored: StoredTensor, values: Tensor
) -> None:
    if entry.compress_type != ZIP_STORED:
        raise ModelError("the file of weights is compressed; save it with torch.save")
    start = _data_start(data, entry)
    before = bytes(data[start : start + entry.file_size])
    new = np.frombuffer(as_bytes(name, values, stored.dtype), f"V{stored.dtype.itemsize}")
    items = np.frombuffer(data, new.dtype, entry.file_size // new.itemsize, start)
    place = np.lib.stride_tricks.as_strided(
        items[stored.offset :],
        stored.shape,
        [step * new.itemsize for step in stored.stride],
    )
    place[...] = new.reshape(stored.shape)
    del items, place
    after = bytes(data[start : start + entry.file_size])
    if zlib.crc32(before) == entry.CRC:  # torch can be told to write none
        _set_crc(data, entry, start, zlib.crc32(after))
        entry.CRC = zlib.crc32(after)


def _data_start(data: bytearray, entry: ZipInfo) -> int:
    name, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
    return int(entry.header_offset + 30 + name + extra)


def _set_crc(data: bytearray, entry: ZipInfo, start: int, crc: int) -> None:
    """Write the CRC of an entry wherever the archive has it."""
    packed = struct.pack("<I", crc)
    local = entry.header_offset + _CRC_IN_LOCAL
    if any(data[local : local + 4]):
        data[local : local + 4] = packed
    behind = start + entry.file_size
    if entry.flag_bits & _HAS_DESCRIPTOR and data[behind : behind + 4] == _DESCRIPTOR:
        data[behind + 4 : behind + 8] = packed
    central = _central_header(data, entry)
    data[central + _CRC_IN_CENTRAL : central + _CRC_IN_CENTRAL + 4] = packed


def _central_header(data: bytearray, entry: ZipInfo) -> int:
    """Return where the archive's directory has an entry: there its name follows 46 bytes."""
    name = entry.orig_filename.encode()
    place = len(data)
    while (place := data.rfind(_CENTRAL, 0, place)) >= 0:
        length = struct.unpack_from("<H", data, place + 28)[0]
        if length == len(name) and data[place + 46 : place + 46 + length] == name:
            return place
    raise ModelError("the file of weights is a broken archive: its directory cannot be found")
