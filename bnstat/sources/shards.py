"""Disjoint shards of a set of images, by a hash of the key: the same in any run, and balanced."""

from __future__ import annotations

from collections.abc import Container
from hashlib import blake2b

from bnstat import settings
from bnstat.result import Shards


def shard_of(key: bytes, of: int) -> int:
    """Return which of `of` shards an image belongs to, from 1 on; it depends on the key alone.

    >>> [shard_of(key, 3) for key in (b"a.jpg", b"b.jpg", b"c.jpg", b"d.jpg")]
    [1, 2, 2, 3]
    """
    digest = blake2b(b"shard/" + key, digest_size=8).digest()
    return int.from_bytes(digest) % of + 1


class ShardKeys(Container[bytes]):
    """The keys that belong to some shards of a set; None is all of them."""

    def __init__(self, shards: Shards | None = None) -> None:
        self.shards = shards

    def __contains__(self, key: object) -> bool:
        """Whether a key belongs to these shards."""
        if self.shards is None:
            return True
        return shard_of(key, self.shards.total) in self.shards.indices  # type: ignore[arg-type]

    @property
    def has_first(self) -> bool:
        """Whether the first shard is among them: it counts the files that are no images."""
        return self.shards is None or 1 in self.shards.indices


ALL_KEYS = ShardKeys()


def read_shard(text: str) -> Shards:
    """Return the shard that is typed as I/N.

    Raises
    ------
    ValueError
        If the text is not a shard; I counts from 1 to N.

    Examples
    --------
    >>> read_shard("2/8")
    Shards(indices=(2,), total=8)
    """
    index, of = settings.shard_of(text)
    return Shards((index,), of)
