"""A second decode of some images: what is made of the pixels of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from typing import IO, Any, Generic, TypeVar

from PIL import Image

from bnstat.decode.decoding import load_opened, open_whole
from bnstat.decode.image_files import pages
from bnstat.decode.modes import expanded, in_8_bits, notes_of
from bnstat.decode.perceptual import SmallCopy
from bnstat.decode.references import Decoded, decode_each, with_frames
from bnstat.decode.samples import low_bytes
from bnstat.measure.dispatch import chunks, dispatch
from bnstat.measure.warm_up import open_workers
from bnstat.pictures.sheet import SIDE
from bnstat.result import Failure
from bnstat.settings import MeasureSettings, Settings
from bnstat.sources.bounds import Limits
from bnstat.sources.items import Items, as_array
from bnstat.sources.opening import limits_of
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources
from bnstat.text import key_text

T = TypeVar("T")


@dataclass(frozen=True)
class Taken(Generic[T]):
    """Of a chunk: what was made of each image by its row, and (row, reason) of failures."""

    of_rows: dict[int, T]
    failures: list[tuple[int, str]]


@dataclass(frozen=True)
class SecondDecode(Generic[T]):
    """Decodes the images of a chunk and calls `take`, a function of a module; sent to workers."""

    limits: Limits
    take: Callable[[Decoded, Limits], T]

    def __call__(self, chunk: Sequence[Reference]) -> Taken[T]:
        found: dict[int, T] = {}

        def use(decoded: Decoded) -> None:
            found[decoded.row] = self.take(decoded, self.limits)

        report = decode_each(chunk, self.limits, use)
        return Taken(found, report.failures)

    def lost(self, reason: str) -> Taken[T]:
        return Taken({}, [(0, reason)])


def decode_again(
    images: Sources,
    wanted: Collection[str],
    take: Callable[[Decoded, Limits], T],
    settings: Settings,
) -> tuple[list[tuple[str, T]], list[Failure]]:
    """Return the key of each wanted image with what is made of it, and why others failed."""
    limits = limits_of(settings)
    every = with_frames(images, settings["frames"], limits)
    made: list[tuple[str, T]] = []
    failures: list[Failure] = []
    chosen = (reference for reference in every if key_text(reference.key) in wanted)
    with closing(open_workers(settings, pipeline=False)) as engine:
        work = SecondDecode(limits, take)
        for chunk, taken in dispatch(chunks(chosen), work, engine):
            names = [key_text(reference.key) for reference in chunk]
            made += [(names[row], value) for row, value in taken.of_rows.items()]
            failures += [Failure(names[row], why) for row, why in taken.failures]
    return made, failures


def digest_whole(decoded: Decoded, limits: Limits) -> bytes:
    """Return what tells an image and all that its file has besides: lower bytes, and frames.

    Where these cannot be read, files are equal that have the same bytes.
    """
    digest = digest_of(decoded.image)
    deep_color = decoded.deep and len(decoded.image.getbands()) > 1
    several = any(code == "frames" for code, *_ in notes_of(decoded.image))
    if not (deep_color or several) or isinstance(decoded.reference.content, Items):
        return digest
    with decoded.reference.open(limits) as file:
        try:
            rest = _digests_of_rest(file, deep_color=deep_color, several=several)
        except Exception:  # of a broken frame
            rest = []
        return digest + (b"".join(rest) or _digest_of_bytes(file))


def _digests_of_rest(file: IO[bytes], *, deep_color: bool, several: bool) -> list[bytes]:
    """Return the digests of what there is beside an image; none where Pillow does not give it."""
    if not deep_color:
        return _digests_of_frames(file)
    low = None if several else low_bytes(file)
    return [] if low is None else [digest_of(low)]


def _digests_of_frames(file: IO[bytes]) -> list[bytes]:
    behind = pages(file)[1:]
    file.seek(0)
    image = open_whole(file)
    return [digest_of(load_opened(image, file, page)[0]) for page in behind]


def _digest_of_bytes(file: IO[bytes]) -> bytes:
    file.seek(0)
    return blake2b(file.read(), digest_size=32).digest()


def digest_of(image: Any) -> bytes:
    """Return 32 bytes that tell size, mode and pixels of a decoded image, or of an array."""
    if not isinstance(image, Image.Image):
        array = as_array(image)
        header = f"{array.dtype.str} {array.shape} ".encode()
        return blake2b(header + array.tobytes(), digest_size=32).digest()
    colours = expanded(image)
    header = f"{colours.mode} {colours.width} {colours.height} ".encode()
    return blake2b(header + colours.tobytes(), digest_size=32).digest()


def small_copies(
    find: Callable[[], Iterable[Reference]], settings: MeasureSettings, keys: Collection[str]
) -> dict[str, bytes]:
    """Return small copies of the images with these keys as JPEG; what cannot be read has none.

    `find` returns the images among which they are, anew at each call.
    """
    wanted, limits = set(keys), limits_of(settings)
    copies: dict[str, bytes] = {}

    def copy(decoded: Decoded) -> None:
        small = in_8_bits(decoded.image, "RGB")
        if hasattr(small, "thumbnail"):  # a tensor of a dataset has none
            small = small.convert("RGB")
            small.thumbnail((SIDE, SIDE))
            file = BytesIO()
            small.save(file, "JPEG", quality=80)
            copies[key_text(decoded.reference.key)] = file.getvalue()

    frames = with_frames(find(), settings["frames"], limits) if wanted else ()
    decode_each([image for image in frames if key_text(image.key) in wanted], limits, copy)
    return copies


def copy_of(decoded: Decoded, limits: Limits) -> SmallCopy:
    return SmallCopy.of(decoded.image)
