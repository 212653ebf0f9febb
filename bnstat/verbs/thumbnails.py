"""Small copies of the images that shape the figures most."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO

import numpy as np

from bnstat.decode.modes import expanded
from bnstat.decode.references import Decoded, decode_each
from bnstat.estimators.outliers import Images
from bnstat.result import Stats
from bnstat.result.tables import RecordTable
from bnstat.show.page import Thumbnail
from bnstat.sources.opening import limits_of, sources_of
from bnstat.text import key_text, printable
from bnstat.verbs.resolve import settings_for

# Pixels of the longer side.
_SIDE = 160


def thumbnails(stats: Stats, records: RecordTable, number: int) -> list[Thumbnail]:
    """Return small copies of the images with the most influence on mean or std, in that order."""
    wanted = dict(_most_influential(records, number))
    copies: dict[str, Thumbnail] = {}
    settings = settings_for(stats, {"sample": None})
    chosen = [r for r in sources_of(stats, settings) if key_text(r.key) in wanted]

    def copy(decoded: Decoded) -> None:
        name = key_text(decoded.reference.key)
        image = expanded(decoded.image).convert("RGB")
        image.thumbnail((_SIDE, _SIDE))
        file = BytesIO()
        image.save(file, "JPEG", quality=80)
        source = "data:image/jpeg;base64," + b64encode(file.getvalue()).decode()
        copies[name] = Thumbnail(source, printable(name), wanted[name])

    decode_each(chosen, limits_of(settings), copy)
    return [copies[name] for name in wanted if name in copies]


def _most_influential(records: RecordTable, number: int) -> Iterator[tuple[str, str]]:
    """Yield the keys of the images whose leaving moves a mean or std most, and by how much."""
    images = Images.of(records)
    on_mean, on_std = (np.nan_to_num(values) for values in images.influences())
    both = np.concatenate([on_mean, on_std], axis=1)
    largest = np.abs(both).max(axis=1, initial=0.0)
    for image in np.argsort(-largest, kind="stable")[:number].tolist():
        mean, std = (values[image][np.abs(values[image]).argmax()] for values in (on_mean, on_std))
        key = images.table.key[int(images.first[image])]
        yield key, f"on mean {mean:+.2g}, on std {std:+.2g}"
