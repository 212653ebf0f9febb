"""The kinds of files that hold images, by the extension of the name.

A kind is imported only when such a file is opened, as most runs have none.
"""

from __future__ import annotations

from collections.abc import Callable

from bnstat.sources.archive import Format


def _tar() -> Format:
    from bnstat.sources.tar import TAR

    return TAR


def _zip() -> Format:
    from bnstat.sources.zip import ZIP

    return ZIP


def _parquet() -> Format:
    from bnstat.sources.parquet import PARQUET

    return PARQUET


FORMATS: dict[tuple[bytes, ...], Callable[[], Format]] = {
    (
        *(b".tar", b".tar.gz", b".tgz", b".tar.bz2", b".tbz2", b".tbz"),
        *(b".tar.xz", b".txz", b".tar.zst", b".tzst"),
    ): _tar,
    (b".zip",): _zip,
    (b".parquet",): _parquet,
}


def holds_images(name: bytes) -> bool:
    """Whether a name is that of a file that holds images."""
    return name.lower().endswith(tuple(suffix for suffixes in FORMATS for suffix in suffixes))


def format_of(name: bytes) -> Format:
    """Return the kind of a file that holds images."""
    return next(kind() for suffixes, kind in FORMATS.items() if name.lower().endswith(suffixes))
