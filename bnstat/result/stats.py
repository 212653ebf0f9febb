"""A result, in memory, in a file, and on a few lines of a session."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.errors import DocumentError
from bnstat.result.contents import ChannelArrays, Contents, array
from bnstat.result.distribution import at
from bnstat.result.document import parse, rendered
from bnstat.text import Displayed, pluralize, printable

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


# What a session or a notebook shows has at most so many channels, and characters of names.
_MAX_CHANNELS, _MAX_CHARACTERS = 8, 120


@dataclass(frozen=True, kw_only=True, repr=False)
class Stats(Displayed, ChannelArrays, Contents):
    """A result: per-channel mean and variance by several methods, and what they were made from.

    Attributes
    ----------
    mean, var, std
        The exact ones (`two-pass`), in [0, 1]: arrays of one float64 a channel, read-only. `exact`
        has the same as plain tuples.
    methods
        Each method's estimate by name, "two-pass", "welford" and "batchnorm"; None where there is
        none, with the reason in `reasons` under the same name.
    conventions
        Common but wrong recipes for the mean or the std, for comparison, by name.
    unit
        What the figures are of: "[0, 1]", "normalized", "stored" or "unknown".
    scale
        What integer samples were divided by: 255, or 65535 where any were 16-bit; 1 for floats.
    count
        Samples of each channel.
    sum, sum_of_squares
        Exact integers in units of `scale` and of its square; None for float samples.
    histogram
        How often each 8-bit value occurs, 256 counts a channel; None for other depths.
    selection
        Which pixels counted.
    sample
        Which share of the images was measured; None for all.
    uncertainty
        How sure the figures of `two-pass` are; None where it is not known.
    groups
        Figures by label, arrays as those of the whole; None where images have none.
    quantiles
        Percentiles of each channel, in [0, 1], by their number as text, as in "99.5"; None of
        samples that are neither 8- nor 16-bit.
    min, max
        The smallest and the largest value of each channel, in [0, 1]; None where documents of older
        versions do not know them. `order_statistics` has these and `quantiles` as plain tuples.
    pooled
        One mean and std over all channels; None in documents of bnstat 0.2.
    summary
        How many images have which size, aspect ratio, format, mode, depth and bytes; None where it
        is not known.
    sparse_histogram
        Of 16-bit samples, the values that occur in each channel, and how often; else None.

    A shard in which nothing was measured has no channels and no method.
    """

    def __repr__(self) -> str:
        """Return a few lines: what was measured, mean and std."""
        lines = [f"<Stats of {_headline(self)}"]
        if self.channels:
            values = zip(self.channels, self.exact.mean, self.exact.std, strict=True)
            lines += (
                f"{printable(channel)}: mean {mean:.6f}, std {std:.6f}"
                for channel, mean, std in islice(values, _MAX_CHANNELS)
            )
        if (more := len(self.channels) - _MAX_CHANNELS) > 0:
            lines.append(f"and {more} more channels")
        return "\n  ".join(lines) + ">"

    def percentile(self, q: float) -> NDArray[np.float64]:
        """Return the value of each channel, in [0, 1], that q percent of its samples do not exceed.

        It is exact, as numpy's method "inverted_cdf", for any q from 0 to 100.

        Raises
        ------
        ValueError
            If q is not from 0 to 100.
        DocumentError
            If samples are neither 8- nor 16-bit.
        """
        if not 0 <= q <= 100:
            raise ValueError(f"a percentile is from 0 to 100, not {q}")
        distribution = self.distribution
        if distribution is None:
            raise DocumentError("No percentiles: only 8- and 16-bit samples have them.")
        return array(at(distribution, self.scale, q))

    def plot(self, kind: str = "histogram", ax: Axes | None = None) -> Axes:
        """Draw a picture on matplotlib axes, by default those of a new figure; return them.

        kind: "histogram", "margin" or "groups"; `bnstat.plot` also has those that need records.

        Raises
        ------
        ValueError
            If there is no such picture.
        DocumentError
            If this result does not have it.
        OutputError
            If matplotlib is missing.
        """
        from bnstat.pictures import plot_on
        from bnstat.result.plots import picture

        return plot_on(picture(self, kind), ax)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Stats:
        """Read a document; "-" is standard input.

        Raises
        ------
        DocumentError
            If it cannot be read, is no result document, or is of a version not known here.
        """
        if os.fspath(path) != "-":
            return cls.from_json(_read(path), os.fspath(path))
        if sys.stdin is None:
            raise DocumentError("cannot read the document: standard input is closed")
        return cls.from_json(sys.stdin.buffer.read(), "standard input")

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "the document") -> Stats:
        """Parse a document; `name` is what errors call it."""
        return parse(text, name, cls)

    def to_json(self) -> str:
        """Return the document, as docs/document.md describes it."""
        return "".join(rendered(self))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document atomically; "-" is standard output.

        Raises
        ------
        OutputError
            If it cannot be written; an old file is then left as it was.
        """
        # In JSON, what a lone surrogate is escaped to is that surrogate.
        pieces = (piece.encode(errors="backslashreplace") for piece in rendered(self))
        if os.fspath(path) != "-":
            with files.replacing(Path(path)) as file:
                file.writelines(pieces)
        elif hasattr(sys.stdout, "buffer"):  # UTF-8 whatever the locale
            sys.stdout.flush()
            sys.stdout.buffer.writelines(pieces)
        else:  # a notebook's
            sys.stdout.write(b"".join(pieces).decode())


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(
            f"no result document {os.fspath(path)}; make one: bnstat compute FOLDER"
        ) from error
    except IsADirectoryError as error:
        name = os.fspath(path)
        raise DocumentError(
            f"{name} is a folder, not a result; measure it first: "
            f"bnstat compute {shlex.quote(name)}"
        ) from error
    except OSError as error:
        raise DocumentError(f"cannot read {os.fspath(path)}: {error.strerror}") from error


def title(stats: Contents) -> str:
    """Return what a result is called where it has no file: its sources and its pipeline."""
    return " | ".join([" ".join(stats.source.locations), *stats.pipeline.transforms])


def _headline(stats: Contents) -> str:
    source = stats.source
    where = title(stats)
    if len(where) > _MAX_CHARACTERS:
        where = where[: _MAX_CHARACTERS - 3] + "..."
    parts = [pluralize(source.images, "image"), f"mode {stats.mode}"]
    if source.failed:
        parts.insert(1, f"{source.failed:,} failed")
    if source.shards is not None:
        parts.append(f"shard {source.shards}")
    return f"{printable(where)}: {', '.join(parts)}"
