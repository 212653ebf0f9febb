"""References to decoded images, within limits: what all work on images begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any, NamedTuple

from PIL import Image

from bnstat import position
from bnstat.decode.decoding import (
    Loaded,
    Loading,
    as_far_as_it_reaches,
    load,
    load_labels,
    load_opened,
    loaded,
    open_whole,
    reason,
    strict_pillow,
)
from bnstat.decode.image_files import pages
from bnstat.decode.modes import MASK, UnmeasurableError, note, notes_of
from bnstat.decode.raster import has_mask_beside, is_whole, read_mask
from bnstat.moments import SampleError
from bnstat.sources.bounds import Limits, UnreadableError
from bnstat.sources.items import Item, Items, Membership
from bnstat.sources.reference import (
    FIRST,
    EncodedBytes,
    Frame,
    Reference,
    chosen_frames,
    file_key,
    frame_key,
)
from bnstat.text import key_text, pluralize

# A tag of EXIF, and its value where an image is stored as it is to be shown.
_ORIENTATION, _UPRIGHT = 0x0112, 1
# How a TIFF begins, and a BigTIFF.
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class Decoded(NamedTuple):
    """An image of a chunk.

    row: its place in the chunk; reference: where it was read from; image: as Pillow decoded it;
    deep: whether its file has more than 8 bits a sample; labels: the decoded image that selects its
    pixels, or None; membership: the group and cluster that a dataset gives it. The image of a
    dataset may be a tensor (C, H, W) or an array (H, W[, C]).
    """

    row: int
    reference: Reference
    image: Any
    deep: bool
    labels: Image.Image | None = None
    membership: Membership | None = None

    def in_epoch(self, epoch: int) -> Any:
        """Return the image as it is in an epoch: of a dataset, it may be drawn anew in each."""
        items = self.reference.content
        if epoch == 0 or not isinstance(items, Items) or not items.random:
            return self.image
        return loaded(_item(items, self.reference, epoch).image)[0]


@dataclass(frozen=True)
class DecodeReport:
    """What is reported of a chunk: (row, reason) of failures, (row, text) of Pillow's warnings."""

    failures: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)


def decode_each(
    chunk: Sequence[Reference],
    limits: Limits,
    use: Callable[[Decoded], None],
    *,
    open_itself: Callable[[int, Reference], None] | None = None,
) -> DecodeReport:
    """Decode the images of a chunk one by one, and call `use` with each that can be decoded.

    It is a call, and no iterator, so that an image is freed before the next one is decoded.
    Meanwhile `bnstat.position` tells at which image it is, in `use` too, where Pillow's strict
    settings hold as well. With `open_itself`, that is called with row and reference instead, for
    what Pillow does not decode.
    """
    report = DecodeReport()
    with strict_pillow(limits.max_pixels) as warned, closing(_Files(limits)) as files:
        for row, reference in enumerate(chunk):
            position.at(row)
            try:
                if open_itself is not None:
                    open_itself(row, reference)
                    continue
                decoded = _decoded(row, reference, files)
            except Exception as error:
                report.failures.append((row, _reason(error, reference, limits)))
            else:
                use(decoded)
                del decoded
            if warned:
                report.warnings.extend((row, text) for text in warned)
                warned.clear()
    position.nowhere()
    return report


def _reason(error: Exception, reference: Reference, limits: Limits) -> str:
    """Return why an image could not be decoded; of a TIFF that is whole, that GDAL reads it."""
    said, refused = reason(error, reference.size), "cannot be read as TIFF: "
    # What bnstat decides, and what libtiff says of decoding, which GDAL would say of none.
    decided = isinstance(error, UnmeasurableError | UnreadableError | SampleError)
    if (decided and not said.startswith(refused)) or not _is_whole_tiff(reference, limits):
        return said
    cause = said.removeprefix(refused).removeprefix("is broken: ")
    return f"is a whole TIFF that Pillow cannot read ({cause}); --mode bands reads it"


def _is_whole_tiff(reference: Reference, limits: Limits) -> bool:
    try:
        with reference.open(limits) as file:
            return file.read(4) in _TIFF and is_whole(reference, limits)
    except Exception:
        return False


def with_frames(references: Iterable[Reference], asked: str, limits: Limits) -> Iterator[Reference]:
    for reference in references:
        yield from frames_of(reference, asked, limits)


def frames_of(reference: Reference, asked: str, limits: Limits) -> Iterator[Reference]:
    """Yield references to the frames of a file that are asked for, or to the one image it has.

    A file that cannot be opened is one, too: decoding it will say why.
    """
    if asked == FIRST or isinstance(reference.content, Items):
        yield reference
        return
    there = _pages(reference, limits)
    chosen = chosen_frames(asked, len(there))
    if len(there) > 1 and chosen:
        for index in chosen:
            yield _frame_reference(reference, Frame(there[index], len(chosen)), index)
        return
    if not chosen:
        has = pluralize(len(there), "frame")
        reference = reference._replace(problem=f"has {has}, none of which is in --frames {asked}")
    yield reference._replace(key=frame_key(reference.key, None))


def _pages(reference: Reference, limits: Limits) -> list[int]:
    try:
        with strict_pillow(limits.max_pixels), reference.open(limits) as file:
            return pages(file)
    except Exception:
        return [0]


def _frame_reference(reference: Reference, frame: Frame, index: int) -> Reference:
    """Return the reference to a frame, and to that of its mask, if that has several too."""
    content, labels = reference.content, reference.labels
    if isinstance(content, EncodedBytes):  # each lets go of the bytes by itself
        content = EncodedBytes(content.data)
    if labels is not None:
        labels = labels._replace(frame=frame)
    key = frame_key(reference.key, index)
    return reference._replace(key=key, content=content, labels=labels, frame=frame)


class _Files:
    """Opens files and decodes them; one whose frames come one after the other stays open."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open = ExitStack()
        self._last: tuple[Any, ...] = ()

    def load(self, reference: Reference) -> Loaded:
        if reference.problem is not None:
            raise UnmeasurableError(reference.problem)
        if reference.frame is not None:
            return self._as_asked(partial(self._load_frame, reference))
        with reference.open(self.limits) as file:
            return self._as_asked(partial(load, file))

    def _as_asked(self, load: Loading) -> Loaded:
        return as_far_as_it_reaches(load) if self.limits.truncated else load(whole=True)

    def _load_frame(self, reference: Reference, *, whole: bool) -> Loaded:
        assert reference.frame is not None
        try:
            return load_opened(*self._kept(reference), reference.frame.page, whole=whole)
        except Exception:
            self.close()
            raise

    def load_mask(self, reference: Reference) -> Image.Image:
        """Return a decoded mask, or raise UnmeasurableError of the image that it is of.

        That of a frame is the one of its place, or the one that all frames have.
        """
        if reference.frame is not None and len(_pages(reference, self.limits)) == 1:
            reference = reference._replace(frame=None)
        try:
            if reference.problem is not None:
                raise UnmeasurableError(reference.problem)
            with reference.open(self.limits) as file:
                return load_labels(file, reference.frame and reference.frame.page)
        except Exception as error:
            told = f"its mask {key_text(reference.key)}: {reason(error, reference.size)}"
            raise UnmeasurableError(told) from error

    def _kept(self, reference: Reference) -> tuple[Image.Image, IO[bytes]]:
        file_of = file_key(reference.key), reference.path
        if self._last[:2] != file_of:
            self.close()
            file = self._open.enter_context(reference.open(self.limits))
            self._last = *file_of, open_whole(file), file
        return self._last[2], self._last[3]

    def close(self) -> None:
        self._last = ()
        self._open.close()


def _decoded(row: int, reference: Reference, files: _Files) -> Decoded:
    if isinstance(reference.content, Items):
        item = _item(reference.content, reference, 0)
        return Decoded(row, reference, *loaded(item.image), None, item.membership)
    image, deep = files.load(reference)
    masked = MASK in image.info or (image.format == "TIFF" and has_mask_beside(reference))
    if masked and reference.frame is None:  # it is that of the first page
        image.info[MASK] = partial(read_mask, reference, files.limits)
    if reference.labels is None:
        return Decoded(row, reference, image, deep)
    labels = files.load_mask(reference.labels)
    _note_mask(image, labels)
    return Decoded(row, reference, image, deep, labels)


def _note_mask(image: Image.Image, labels: Image.Image) -> None:
    if any(code == "lossy-masks" for code, *_ in notes_of(labels)):
        note(image, "lossy-masks")
    turned = _UPRIGHT
    with suppress(Exception):  # of damaged metadata
        turned = int(image.getexif().get(_ORIENTATION, _UPRIGHT))
    if turned != _UPRIGHT and labels.size == image.size[::-1] != image.size:
        raise UnmeasurableError(
            f"its mask is upright, and the image is not: its EXIF orientation {turned} is not "
            "applied; turn one of them"
        )
    if turned != _UPRIGHT:
        note(image, "orientation", f"EXIF orientation {turned}")


def _item(items: Items, reference: Reference, epoch: int) -> Item:
    """Return an item of a dataset; what the dataset raises is not the file's fault."""
    where = f" ({key_text(reference.path)})" if reference.path else ""
    try:
        return items.item(reference, epoch)
    except UnreadableError as error:
        raise UnmeasurableError(f"{error}{where}") from error
    except Exception as error:  # of any kind: the user's own code runs
        raise UnmeasurableError(f"{type(error).__name__}: {error}{where}") from error
