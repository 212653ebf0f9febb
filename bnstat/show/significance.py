"""Whether two results differ by more than their margins, and by more than chance.

A margin is about the images found: it is none where all of them were measured. Whether two sets
come from one population is another question, which the superpopulation standard errors answer: even
exact figures of two sets differ by chance.

Where two results are of the same images, the differences of each image tell how sure the difference
is; two margins of their own would say it of independent sets. What two sets share goes into both
figures. Of m₁ and m₂ images of one population, s of them in both, the errors have the covariance
S²·s/(m₁·m₂), with S² the variance of what images contribute; of samples of N images it is
S²·(s/(m₁·m₂) − 1/N). Sketches tell s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import NormalDist
from typing import Any

from bnstat.result import Estimate, Floats, Group, MeanAndStd, PairedMargins, Sketch, Stats


def shared_images(one: Stats, other: Stats) -> float | None:
    """Return how many images are in both, as they were measured; None where it is not known."""
    if one.uncertainty is None or other.uncertainty is None:
        return None
    sketches = one.uncertainty.sketch, other.uncertainty.sketch
    if sketches[0] is None or sketches[1] is None:
        return None
    shared = number_shared(sketches[0], sketches[1], (one.source.units, other.source.units))
    return shared if shared or _measured_alike(one, other) else None


def number_shared(one: Sketch, other: Sketch, images: tuple[int, int]) -> float:
    """Estimate how many images two sets share; sketches of small sets know it.

    With the share J of all images in both, s = J·(m₁ + m₂ − s).
    """
    share = one.resemblance(other)
    return min(*images, share / (1.0 + share) * sum(images))


def correlation(shared: float, images: tuple[int, int], found: float = math.inf) -> float:
    """Return that of the errors of two sets of so many images, of `found` that there are."""
    one, other = images
    size = math.sqrt((1.0 / one - 1.0 / found) * (1.0 / other - 1.0 / found))
    return max(-1.0, min(1.0, (shared / (one * other) - 1.0 / found) / size)) if size else 0.0


def error_of_difference(one: MeanAndStd, other: MeanAndStd, correlation: float) -> MeanAndStd:
    """Return the error of the difference of figures of which each has an error."""

    def of(ones: Floats, others: Floats) -> Floats:
        squares = (
            a * a + b * b - 2.0 * correlation * a * b for a, b in zip(ones, others, strict=True)
        )
        return tuple(math.sqrt(max(0.0, square)) for square in squares)

    return MeanAndStd(of(one.mean, other.mean), of(one.std, other.std))


def _measured_alike(one: Stats, other: Stats) -> bool:
    """Whether an image that is in both would have the same figures in both."""

    def settings(stats: Stats) -> tuple[Any, ...]:
        steps, drawn = stats.pipeline.transforms, stats.draws_at_random
        seeds = (stats.pipeline.seed, stats.pipeline.epochs) if drawn else ()
        return stats.mode, stats.measured_as, steps, stats.pipeline.before_normalize, seeds

    datasets = [each.source.dataset for each in (one, other)]
    return settings(one) == settings(other) and not any(each and each.random for each in datasets)


@dataclass(frozen=True)
class Pair:
    """A result and the baseline that it is compared with; None for constants, which are exact.

    paired: the margins of the differences of each image, where both are of the same.
    """

    result: Stats | None
    baseline: Stats | None
    paired: PairedMargins | None = None

    @property
    def same_images(self) -> bool:
        """Whether both are of the same set of images, or of samples of it.

        Items of datasets have no files that tell, and other files may be in a place now: then it is
        what they share that counts, where it is known.
        """
        if self.paired is not None or self.result is self.baseline:
            return True
        sources = [stats.source for stats in self._results]
        same_files = len({source.fingerprint for source in sources}) < len(sources)
        if any(source.dataset for source in sources):
            return same_files and self.shared_images is None
        sampled = any(stats.sample is not None for stats in self._results)
        return same_files or (self._same_place and (sampled or self.shared_images is None))

    @property
    def shared_images(self) -> float | None:
        """How many images are in both, as they were measured; None where it is not known."""
        results = self._results
        return shared_images(*results) if len(results) == 2 else None

    @property
    def confidence(self) -> float:
        """The confidence of the margins, in (0, 1): the baseline's, if it has one."""
        known = [stats.uncertainty for stats in reversed(self._results)]
        return next((each.confidence for each in known if each is not None), 0.95)

    @property
    def margin(self) -> MeanAndStd | None:
        """Half-widths of the intervals of the differences; None where both figures are exact."""
        if self.paired is not None:
            return self.paired.margin
        results = [each.uncertainty for each in self._results if each.uncertainty is not None]
        known = [each.margin for each in results if each.margin is not None]
        if not known:
            return None
        if len(known) == 1:
            return known[0]
        one, other = known
        return error_of_difference(one, other, self._correlation_of_samples)

    @property
    def reliable(self) -> bool:
        """Whether enough images carry both results for margins and chances to hold."""
        if self.paired is not None:
            return self.paired.reliable
        return all(each.uncertainty.reliable for each in self._results if each.uncertainty)

    def p_values(self) -> MeanAndStd | None:
        """Return how likely such differences of mean and std are by chance, two-sided.

        Of the same images: by the random draws alone, where they are paired. Else between sets of
        one population, from the normal distribution. None where it is not known, or nothing is left
        to chance.
        """
        if self.paired is not None:
            return self.paired.p_values
        known = [each.uncertainty for each in self._results if each.uncertainty is not None]
        if len(known) < 2 or self.same_images:
            return None
        (one, other), (first, second) = self._results, [each.superpopulation for each in known]
        together = correlation(self.shared_images or 0.0, self._images)
        return _p_values(one.exact, other.exact, error_of_difference(first, second, together))

    def images_to_settle(self, gap: float, margin: float) -> int | None:
        """Estimate how many images of a sample make a margin of a difference as small as a gap."""
        known = [images_needed(stats, gap / margin) for stats in self._results]
        return max((number for number in known if number is not None), default=None)

    @property
    def _correlation_of_samples(self) -> float:
        """How margins of both go together: those of plain samples of one set do."""
        samples = [stats.sample for stats in self._results]
        found = {sample.of for sample in samples if sample is not None}
        drawn = any(stats.draws_at_random for stats in self._results)
        shared = self.shared_images
        if drawn or len(found) > 1 or shared is None or not self._same_place:
            return 0.0
        return correlation(shared, self._images, found.pop())

    @property
    def _same_place(self) -> bool:
        sources = [stats.source for stats in self._results]
        return len({(each.locations, each.cwd, each.files_from) for each in sources}) < len(sources)

    @property
    def _images(self) -> tuple[int, int]:
        one, other = self._results
        return one.source.units, other.source.units

    @property
    def _results(self) -> list[Stats]:
        return [stats for stats in (self.result, self.baseline) if stats is not None]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for being several (Holm, Scand. J. Statist. 6, 1979, p. 65-70).

    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = largest
    return adjusted


def group_p_values(group: Group, whole: Stats) -> MeanAndStd | None:
    """Return how likely such differences from the whole are for so many images taken at random.

    Of m images of N the squared standard error is (1 - m/N)·s²/m, and N times the squared
    superpopulation error of the whole is s². None where that is not known.
    """
    if whole.uncertainty is None:
        return None
    images, errors = whole.source.images, whole.uncertainty.superpopulation
    factor = math.sqrt(max(0.0, images / group.images - 1.0)) if group.images else 0.0
    mean, std = (tuple(factor * error for error in each) for each in (errors.mean, errors.std))
    return _p_values(group.exact, whole.exact, MeanAndStd(mean, std))


def adjusted_p_values(each: Sequence[MeanAndStd | None]) -> Iterator[MeanAndStd | None]:
    """Yield p-values of mean and std, adjusted over all figures of all rows."""
    adjusted = iter(holm([p for both in each if both for p in (*both.mean, *both.std)]))
    for both in each:
        yield both and MeanAndStd(
            tuple(islice(adjusted, len(both.mean))), tuple(islice(adjusted, len(both.std)))
        )


def widest_margin(stats: Stats) -> float | None:
    """Return the largest margin of a mean or std; None where the figures are exact."""
    margin = stats.uncertainty and stats.uncertainty.margin
    return max(*margin.mean, *margin.std) if margin else None


def images_needed(stats: Stats, factor: float) -> int | None:
    """Estimate how many images of a sample make its margins `factor` times as wide.

    A margin falls as the root of 1/m - 1/N, where nothing is drawn at random. None where nothing
    was sampled.
    """
    sample = stats.sample
    if sample is None or stats.is_exact or sample.images >= sample.of or not stats.source.units:
        return None
    rest = 0.0 if "draws" in stats.uncertain_by else 1.0 / sample.of
    then = rest + (1.0 / stats.source.units - rest) * factor**2
    return sample.of if then * sample.of <= 1.0 else math.ceil(1.0 / then)


def _p_values(one: Estimate, other: Estimate, errors: MeanAndStd) -> MeanAndStd:
    return MeanAndStd(
        tuple(map(_p_value, one.mean, other.mean, errors.mean)),
        tuple(map(_p_value, one.std, other.std, errors.std)),
    )


def _p_value(one: float, other: float, error: float) -> float:
    if one == other:
        return 1.0
    return 2.0 * NormalDist().cdf(-abs(one - other) / error) if error else 0.0
