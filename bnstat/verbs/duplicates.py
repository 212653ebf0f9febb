"""Images with equal pixels, or with nearly the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Unpack

import numpy as np

from bnstat.decode.modes import BANDS
from bnstat.decode.perceptual import CORNERS, SmallCopy
from bnstat.errors import SettingError
from bnstat.estimators.near_sets import Alike, Candidates
from bnstat.measure.measured import Hashing
from bnstat.measure.plan import where_it_runs
from bnstat.measure.scanning import measure
from bnstat.measure.second_decode import copy_of, decode_again, digest_whole, small_copies
from bnstat.result.found_images import Duplicates, EqualImages, NearImages, NearPair
from bnstat.result.tables import RecordTable
from bnstat.settings import MeasureSettings, Settings, complete, takes_settings
from bnstat.sources.opening import Location, open_sources
from bnstat.sources.sources import Sources
from bnstat.text import key_text
from bnstat.verbs.resolve import locations_of

# Of 64: re-encoded and resized copies differ in at most 7, nine in ten that were cropped in 12.
BITS, MAX_BITS = 11, 16


@takes_settings(MeasureSettings)
def duplicates(
    *sources: Location | Iterable[Location],
    near: bool = False,
    bits: int = BITS,
    mirrored: bool = False,
    **settings: Unpack[MeasureSettings],
) -> Duplicates:
    """Find images whose decoded pixels are equal, or with `near` those that show the same.

    Images with equal moments and histograms are candidates; only these are decoded a second time,
    and compared by size, mode and pixels. With `near`, candidates have perceptual hashes that
    differ in few bits, and are compared in gray after a crop is fitted: they may be resized,
    re-encoded, brightened, or cropped by some percent.

    Parameters
    ----------
    sources
        Folders, files, archives and URLs, or lists of these.
    near
        Whether images that are nearly the same are found, instead of equal ones.
    bits
        In how many of 64 bits hashes of such images may differ, at most 16.
    mirrored
        Whether images are also compared with mirror images.
    settings
        How images are read; each is listed below.

    Returns
    -------
    Duplicates
        Sets of equal images, or of `NearImages`, by their first keys.

    Raises
    ------
    SourceError
        If there is no such source, or no image in it.
    SettingError
        If `bits` is out of range, or hashes do not go with other settings.
    """
    used = complete(Settings, settings)
    images = open_sources(locations_of(sources), used)
    used = where_it_runs(images, used, costly=True)
    if not near:
        return _equal_images(images, used)
    if not 0 <= bits <= MAX_BITS:
        raise SettingError(f"bits are from 0 to {MAX_BITS}, not {bits}")
    if used["mode"] == BANDS:
        raise SettingError("near images are compared in gray, which mode bands has none of")
    return _near_images(images, used, bits, mirrored=mirrored)


def _equal_images(images: Sources, settings: Settings) -> Duplicates:
    outcome = measure(images, [None], settings, describe=True)[0]
    table = outcome.table()
    assert table is not None
    wanted = candidates(table)
    digests, failures = decode_again(images, wanted, digest_whole, settings)
    equal: dict[bytes, list[str]] = defaultdict(list)
    for key, digest in digests:
        equal[digest].append(key)
    rows = {key: row for row, key in enumerate(table.key)}
    source_of = _source_of(images)
    sets = [
        _equal(sorted(keys), table, rows, source_of) for keys in equal.values() if len(keys) > 1
    ]
    return Duplicates(
        images=int(table.measured.sum()),
        candidates=len(wanted),
        sets=tuple(sorted(sets, key=lambda alike: alike.images)),
        failures=(*outcome.stats.source.failures, *failures),
        copies=partial(small_copies, lambda: images, settings),
    )


def candidates(table: RecordTable) -> set[str]:
    """Return the keys of measured images whose moments and histograms are those of another."""
    alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for row in np.flatnonzero(table.measured).tolist():
        sums = (table.n[row], table.sum[row], table.sum_of_squares[row])
        figures = tuple(values.tobytes() for values in (*sums, table.mean[row], table.std[row]))
        alike[(int(table.histogram_hash[row]), *figures)].append(table.key[row])
    return {key for keys in alike.values() if len(keys) > 1 for key in keys}


def _source_of(images: Sources) -> Callable[[str], str]:
    """Return what tells which source an image is of, from its key."""
    prefixes = [key_text(prefix) for prefix in images.prefixes]

    def source_of(key: str) -> str:
        return max((p for p in prefixes if key.startswith(p)), key=len, default="")

    return source_of


def _equal(
    keys: list[str], table: RecordTable, rows: dict[str, int], source_of: Callable[[str], str]
) -> EqualImages:
    row = rows[keys[0]]
    return EqualImages(
        images=tuple(keys),
        width=int(table.width[row]),
        height=int(table.height[row]),
        mode=str(table.mode[row]),
        across=len(set(map(source_of, keys))) > 1,
    )


def _near_images(images: Sources, settings: Settings, bits: int, *, mirrored: bool) -> Duplicates:
    outcome = measure(images, [None], settings, hashing=Hashing(mirrored))[0]
    hashes = outcome.hashes
    plain, corners, mirrored_ones = (
        np.frombuffer(bits_of, np.uint64)
        for bits_of in (hashes.plain, hashes.corners, hashes.mirrored)
    )
    found = Candidates(plain, corners.reshape(-1, CORNERS), mirrored_ones, bits)
    places = dict(zip(map(key_text, hashes.keys.take(found.images)), found.images, strict=True))
    taken, failures = decode_again(images, places, copy_of, settings)
    copies = {places[key]: copy for key, copy in taken}
    names = {place: key for key, place in places.items()}
    source_of = _source_of(images)
    sets = [_near(pairs, names, copies, source_of) for pairs in found.sets(copies)]
    return Duplicates(
        images=len(plain),
        candidates=len(places),
        sets=tuple(sorted(sets, key=lambda alike: alike.images)),
        failures=(*outcome.stats.source.failures, *failures),
        bits=bits,
        copies=partial(small_copies, lambda: images, settings),
    )


def _near(
    pairs: Sequence[Alike],
    names: Mapping[int, str],
    copies: Mapping[int, SmallCopy],
    source_of: Callable[[str], str],
) -> NearImages:
    places = sorted({place for pair in pairs for place in pair[:2]}, key=names.__getitem__)
    keys = [names[place] for place in places]
    largest = max((copies[place] for place in places), key=lambda copy: copy.width * copy.height)
    return NearImages(
        images=tuple(keys),
        width=largest.width,
        height=largest.height,
        mode=largest.mode,
        across=len(set(map(source_of, keys))) > 1,
        sizes=tuple(copies[place][:2] for place in places),
        pairs=tuple(
            NearPair(names[pair.other], names[pair.one], *pair[2:])
            for pair in sorted(pairs, key=lambda pair: (names[pair.other], names[pair.one]))
        ),
    )
