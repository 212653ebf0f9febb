"""Warnings that show while images are measured: what the inputs are like, beside their figures."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from bnstat.estimators import likeness
from bnstat.measure.found import View
from bnstat.measure.plan import Plan
from bnstat.moments import Records
from bnstat.result import Stats
from bnstat.result.input_warnings import InputWarning, noted_warning
from bnstat.sources.naming import archive_kind
from bnstat.sources.reference import FIRST
from bnstat.text import key_text, pluralize, printable

# Label images: fewer images under one name may look so by chance.
_MIN_LABELS = 4
# Of these, this share must have an image that is named like them.
_MIN_PAIRED = 0.9
# Images of a tar whose suffixes are compared.
_MAX_SUFFIXED = 20_000
_SUFFIX = re.compile(rb"(.+)([_-][A-Za-z]+)")
_NUMBERED = re.compile(rb"(?:.*/)?[^/]*[0-9]\.[^./]+")
# Fewer folders, or images in them, may look so by chance; of the names so many must be numbered.
_MIN_FOLDERS, _MIN_IMAGES, _MIN_NUMBERED = 4, 5, 0.9
# So many names are looked at.
_MAX_NAMES = 1000
# Images of a folder are frames where their correlation is above.
_MAX_CORRELATION = 0.5


def found_warnings(view: View, stats: Stats, plan: Plan) -> Iterator[InputWarning]:
    """Yield the warnings that a result does not show by itself."""
    if stats.pipeline.spec is None and not plan.conditions.excludes:
        yield from _label_images(view)
        yield from _all_gray(view.records, stats)
        if stats.max_value is None:
            yield from _fewer_bits(view.records)
    yield from _not_in_unit(view.records, stats)
    for code, noted in sorted(view.notes.items()):
        first, text = key_text(noted.first), printable(noted.text)
        said = "scales-differ" if code == "scaled" and noted.differ else code
        yield noted_warning(said, noted.images, first, text, noted.number)
    yield from _image_suffixes(view.records, stats)
    yield from look_alikes(view.records, stats)
    yield from _until_not_reached(stats, plan)


def _all_gray(records: Records, stats: Stats) -> Iterator[InputWarning]:
    if stats.mode == "RGB" and len(records) and records.have_equal_channels():
        text = (
            f"{pluralize(len(records), 'image')}, all of them gray: three equal channels; "
            "--mode L measures one"
        )
        yield InputWarning("all-gray", text, len(records))


def _fewer_bits(records: Records) -> Iterator[InputWarning]:
    """Yield a warning if the largest of all 16-bit samples is that of 9 to 14 bits."""
    largest = records.largest(65535)
    for bits in range(9, 15):
        top = 2**bits - 1
        if 0.99 * top <= largest <= top:
            images = sum(len(keys) for kind, keys, _ in records.by_kind() if kind.scale == 65535)
            text = (
                f"{pluralize(images, 'image')} of 16 bits, and no sample above {largest}, as "
                f"from a sensor of {bits} bits: divided by 65535; --max-value {top} divides by that"
            )
            yield InputWarning("fewer-bits", text, images)


def _not_in_unit(records: Records, stats: Stats) -> Iterator[InputWarning]:
    """Yield a warning if a pipeline makes 16-bit samples in the unit of 8 bits."""
    if stats.pipeline.spec is not None and 0 < (largest := records.largest(65535)) <= 255:
        text = (
            f"{pluralize(len(records), 'image')} of 16 bits, and no sample above {largest}: the "
            "pipeline gives the type without the unit; ToDtype(uint16, scale=True) gives both"
        )
        yield InputWarning("pipeline-unit", text, len(records))


def _until_not_reached(stats: Stats, plan: Plan) -> Iterator[InputWarning]:
    """Yield a warning if a growing sample has come to its end, and the margins are wider."""
    tolerance, uncertainty = plan.settings["until"], stats.uncertainty
    if tolerance is None or uncertainty is None or uncertainty.margin is None:
        return
    widest = max(*uncertainty.margin.mean, *uncertainty.margin.std)
    if widest > tolerance:
        text = (
            f"{pluralize(stats.source.images, 'image')}, all there are, were measured, and margins "
            f"are up to ±{widest:.2g}, not within ±{tolerance:g}; more --epochs narrow them"
        )
        yield InputWarning("until-not-reached", text, stats.source.images)


def _image_suffixes(records: Records, stats: Stats) -> Iterator[InputWarning]:
    """Yield a warning if most samples of a tar have the same several images.

    As WebDataset has them: a sample is what stands before the first dot of the names.
    """
    if not any(archive_kind(os.fsencode(name)) == "tar" for name in stats.source.locations):
        return
    suffixes: dict[bytes, list[bytes]] = defaultdict(list)
    for key in islice(records.keys(), _MAX_SUFFIXED):
        folder, _, name = key.rpartition(b"/")
        stem, _, suffix = name.partition(b".")
        suffixes[folder + b"/" + stem].append(suffix)
    same = Counter(tuple(sorted(names)) for names in suffixes.values())
    common, number = max(same.items(), key=lambda item: item[1], default=((), 0))
    if len(common) < 2 or number < _MIN_LABELS or 2 * number <= len(suffixes):
        return
    if any(suffix.partition(b".")[0].isdigit() for suffix in common):  # frames of a video
        return
    named = sorted(map(printable, map(key_text, common)), key=lambda name: (name.count("."), name))
    first, *others = named
    choice = f"--include '*.{first}'"
    if any(other.endswith(f".{first}") for other in others):
        choice = " ".join(f"--exclude '*.{other}'" for other in others)
    text = (
        f"{pluralize(len(records), 'image')} of samples that have several, {', '.join(named)}: all "
        f"count; {choice} measures one of each"
    )
    yield InputWarning("image-suffixes", text, len(records))


class _Named(NamedTuple):
    """An image by its key: folder, name without extension, and how many samples it has."""

    key: bytes
    folder: bytes
    stem: bytes
    samples: int

    @classmethod
    def of(cls, key: bytes, samples: int) -> _Named:
        folder, _, name = key.rpartition(b"/")
        return cls(key, folder, name.rpartition(b".")[0], samples)


def _label_images(view: View) -> Iterator[InputWarning]:
    """Yield a warning for each name of folders, and each suffix, of what look like label images.

    All images under it have few values, and beside nearly all of them is an image of the same stem
    and size that has more.
    """
    if len(view.few_valued) < _MIN_LABELS:
        return
    few = set(view.few_valued)
    if not _may_be_labels(few, view.records.keys()):
        return
    images = list(_named(view.records))
    others = {(i.stem, i.samples): i for i in images if i.key not in few}
    found = _by_folder(images, few, others) | _by_suffix(images, few, others)
    for glob, labels in sorted(found.items()):
        text = (
            f"{pluralize(len(labels), 'image')} look like label images: {labels[0]} and others "
            "have few values, and are named like images that have more; "
            f"--exclude '{glob}' leaves them out"
        )
        yield InputWarning("label-images", text, len(labels))


def _may_be_labels(few: set[bytes], keys: Iterable[bytes]) -> bool:
    """Whether a folder has no other images, or a suffix is on several: then each is looked at."""
    folders = Counter(map(_folder, few))
    if any(_SUFFIX.fullmatch(key.rpartition(b"/")[2].rpartition(b".")[0]) for key in few):
        return True
    there = Counter(map(_folder, keys))
    return any(there[folder] == number for folder, number in folders.items())


def _folder(key: bytes) -> bytes:
    return key.rpartition(b"/")[0]


def _named(records: Records) -> Iterator[_Named]:
    for _, keys, table in records.by_kind():
        yield from map(_Named.of, keys, table.n[:, 0].tolist())


def _by_folder(
    images: list[_Named], few: set[bytes], others: Mapping[tuple[bytes, int], _Named]
) -> dict[str, list[str]]:
    """Return label images by a glob of the folder that tells them from the others."""
    folders = defaultdict(list)
    for image in images:
        folders[image.folder].append(image)
    found: dict[str, list[str]] = defaultdict(list)
    for folder, within in folders.items():
        if not all(image.key in few for image in within):
            continue
        pairs = [others.get((image.stem, image.samples)) for image in within]
        beside = [pair for pair in pairs if pair is not None and pair.folder != folder]
        if beside and len(beside) >= _MIN_PAIRED * len(within):
            found[_own_part(folder, beside[0].folder)] += [key_text(i.key) for i in within]
    return {f"{part}/": keys for part, keys in found.items() if len(keys) >= _MIN_LABELS}


def _own_part(folder: bytes, other: bytes) -> str:
    """Return the first part of a folder's path that is not one of the other's."""
    parts, known = folder.split(b"/"), set(other.split(b"/"))
    return key_text(next((part for part in parts if part not in known), parts[-1]))


def _by_suffix(
    images: list[_Named], few: set[bytes], others: Mapping[tuple[bytes, int], _Named]
) -> dict[str, list[str]]:
    """Return label images by a glob of the suffix that tells them from the others."""
    suffixes = defaultdict(list)
    for image in images:
        if match := _SUFFIX.fullmatch(image.stem):
            suffixes[match[2]].append((image, others.get((match[1], image.samples))))
    found = {}
    for suffix, pairs in suffixes.items():
        beside = [p for i, p in pairs if p is not None and p.folder == i.folder]
        if len(pairs) < _MIN_LABELS or not all(image.key in few for image, _ in pairs):
            continue
        if len(beside) >= _MIN_PAIRED * len(pairs):
            found[f"*{key_text(suffix)}.*"] = [key_text(image.key) for image, _ in pairs]
    return found


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
