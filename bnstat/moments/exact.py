"""Exact totals of integer samples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moments:
    """n, Σx and Σx² of integer samples per channel; they merge by addition, without rounding.

    Attributes
    ----------
    scale
        The largest value of the samples' depth: 255 for 8 bits, 65535 for 16.
    n
        Samples of each channel; a selection of pixels may leave different numbers.
    sum, sum_of_squares
        Σx and Σx², one Python integer a channel (a large 16-bit set passes 2⁶³), in units of
        `scale` and `scale`².

    Examples
    --------
    >>> black_and_white = Moments(scale=255, n=(2,), sum=(255,), sum_of_squares=(65025,))
    >>> black_and_white.mean(), black_and_white.var()
    ((0.5,), (0.25,))
    >>> black_and_white + Moments.empty(channels=1) == black_and_white
    True
    """

    scale: int
    n: tuple[int, ...]
    sum: tuple[int, ...]
    sum_of_squares: tuple[int, ...]

    @classmethod
    def empty(cls, channels: int) -> Moments:
        """Return the moments of no samples: the identity of addition."""
        return cls(255, (0,) * channels, (0,) * channels, (0,) * channels)

    def at(self, scale: int) -> Moments:
        """Return the same samples in units of a deeper scale; 65535 = 255 · 257, so it is exact."""
        factor = scale // self.scale
        return Moments(
            scale,
            self.n,
            tuple(s * factor for s in self.sum),
            tuple(q * factor**2 for q in self.sum_of_squares),
        )

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both sets of samples together."""
        scale = max(self.scale, other.scale)
        a, b = self.at(scale), other.at(scale)
        return Moments(
            scale,
            tuple(x + y for x, y in zip(a.n, b.n, strict=True)),
            tuple(x + y for x, y in zip(a.sum, b.sum, strict=True)),
            tuple(x + y for x, y in zip(a.sum_of_squares, b.sum_of_squares, strict=True)),
        )

    def mean(self) -> tuple[float, ...]:
        """Return Σx / (n·scale) per channel in [0, 1], rounded once; every n must be above 0."""
        return tuple(s / (n * self.scale) for n, s in zip(self.n, self.sum, strict=True))

    def var(self) -> tuple[float, ...]:
        """Return the population variance (n·Σx² − (Σx)²) / (n·scale)² per channel, rounded once.

        In exact integers this is the two-pass formula Σ(x − mean)² / n; in floating point it would
        cancel.
        """
        return tuple(
            (n * q - s * s) / (n * self.scale) ** 2
            for n, s, q in zip(self.n, self.sum, self.sum_of_squares, strict=True)
        )
