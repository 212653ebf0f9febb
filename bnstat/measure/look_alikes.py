"""Images that look like the frames of videos: what is said of chance is then too sure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice

from bnstat.estimators import likeness
from bnstat.moments import Records
from bnstat.result import Stats
from bnstat.result.input_warnings import InputWarning
from bnstat.sources.frames import FIRST
from bnstat.text import key_text, pluralize

_NUMBERED = re.compile(rb"(?:.*/)?[^/]*[0-9]\.[^./]+")
# Fewer folders, or images in them, may look so by chance; of the names so many must be numbered.
_MIN_FOLDERS, _MIN_IMAGES, _MIN_NUMBERED = 4, 5, 0.9
# So many names are looked at.
_MAX_NAMES = 1000
# Images of a folder are frames where their correlation is above.
_MAX_CORRELATION = 0.5


def look_alikes(records: Records, stats: Stats) -> Iterator[InputWarning]:
    """Yield a warning if images are numbered in folders, and far more alike within than across."""
    uncertainty = stats.uncertainty
    if uncertainty is None or uncertainty.clusters is not None or stats.source.frames != FIRST:
        return
    folders = _folders(records.keys())
    known = {folder: number for number, folder in enumerate(dict.fromkeys(folders))}
    if not _MIN_FOLDERS <= len(known) <= len(folders) / _MIN_IMAGES:
        return
    found = likeness(records, [known[folder] for folder in folders])
    if found.correlation <= _MAX_CORRELATION:
        return
    option = "'re:(.*)/'" if any(b"/" in folder for folder in known) else "folder"
    first = key_text(next(iter(known)))
    text = (
        f"{pluralize(len(records), 'image')} in {len(known)} folders such as {first} look like "
        f"frames, alike within each (correlation {found.correlation:.2f}): for other images like "
        f"these, standard errors are {found.factor:.1f} times as large; --cluster {option} says so"
    )
    yield InputWarning("look-alikes", text, len(records))


def _folders(keys: Collection[bytes]) -> list[bytes]:
    """Return the folder of each image, in order; nothing where names are not numbered."""
    names = list(islice(keys, 0, None, 1 + len(keys) // _MAX_NAMES))
    if sum(_NUMBERED.fullmatch(key) is not None for key in names) < _MIN_NUMBERED * len(names):
        return []
    return [key.rpartition(b"/")[0] for key in keys]
