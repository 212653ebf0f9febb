"""Small copies of images, to look at: of those that can be read again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from io import BytesIO

from bnstat.decode.modes import in_8_bits
from bnstat.decode.references import Decoded, decode_each, with_frames
from bnstat.pictures.sheet import SIDE
from bnstat.settings import MeasureSettings
from bnstat.sources.opening import limits_of
from bnstat.sources.reference import Reference
from bnstat.text import key_text


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
