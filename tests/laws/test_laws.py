"""One battery of laws over all moments and estimators."""

from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bnstat.estimators import (
    Schedule,
    TooFewSamplesError,
    batchnorm,
    conventions,
    two_pass,
    welford,
)
from bnstat.moments import ChunkCounts, Kind, Moments, Records, moments_of_floats

CHANNELS = ("L", "A")
KINDS = {"u1": (256, 255), "u2": (65536, 65535)}

ESTIMATORS = {
    "two-pass": two_pass,
    "welford": welford,
    "batchnorm listed": lambda records: batchnorm(records, Schedule(2, 0.3, "listed")),
    "batchnorm shuffled": lambda records: batchnorm(records, Schedule(2, None, epochs=2)),
    "conventions": conventions,
}
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=list(ESTIMATORS))


@st.composite
def images(draw, dtypes=("u1", "u2", "f8"), min_size=1):
    """Draw 1 to 7 images of 1 to 9 pixels of two channels, of any depths."""

    def image(dtype):
        size = draw(st.integers(1, 9))
        values = (
            st.floats(-100, 100, allow_subnormal=False)
            if dtype == "f8"
            else st.integers(0, KINDS[dtype][1])
        )
        samples = draw(st.lists(values, min_size=2 * size, max_size=2 * size))
        return np.array(samples, dtype=dtype).reshape(2, size)

    drawn = draw(st.lists(st.sampled_from(dtypes), min_size=min_size, max_size=7))
    return [image(dtype) for dtype in drawn]


integer_images = images(("u1", "u2"))


def add(accumulator, row, image):
    dtype = image.dtype.str[1:]
    if dtype == "f8":
        moments = moments_of_floats(lambda: iter([image]))
        accumulator.add_floats(row, Kind("LA", CHANNELS, 1), moments)
        return
    size, scale = KINDS[dtype]
    counts = np.stack([np.bincount(channel, minlength=size) for channel in image])
    kind = Kind("LA", CHANNELS, scale)
    if scale == 255:
        accumulator.add_8_bit(row, kind, counts.ravel().tolist())
    else:
        accumulator.add_16_bit(row, kind, counts)


def records_of(chunks):
    """Return the records of chunks of images, their keys in order."""
    records, done = Records(), 0
    for chunk in chunks:
        accumulator = ChunkCounts()
        for row, image in enumerate(chunk):
            add(accumulator, row, image)
        for part in accumulator.moments():
            records.extend([b"%03d" % (done + row) for row in range(len(chunk))], part)
        done += len(chunk)
    return records


def outcome(estimator, records):
    """Return the estimate, or that BatchNorm refuses a batch: laws hold for both."""
    try:
        return estimator(records)
    except TooFewSamplesError:
        return "refused"


def figures(estimate):
    """Return all numbers of an estimate as one flat list."""
    values = [estimate.mean, estimate.var] if hasattr(estimate, "mean") else estimate.values()
    return [value for channel in values for value in channel]


def chunked(drawn, cuts):
    """Cut images at the given places."""
    places = [*sorted({cut % len(drawn) for cut in cuts} | {0}), len(drawn)]
    return [drawn[a:b] for a, b in pairwise(places)]


def total(*drawn):
    return records_of([list(drawn)]).total()


class TestMoments:
    """Exact moments are a commutative monoid."""

    @given(integer_images)
    def test_identity(self, drawn):
        """Nothing added, on either side, changes nothing."""
        moments = total(*drawn)

        nothing = Moments(255, (0, 0), (0, 0), (0, 0))
        assert nothing + moments == moments
        assert moments + nothing == moments

    @given(images(("u1", "u2"), min_size=2))
    def test_commutativity(self, drawn):
        """a + b = b + a, whatever the depths."""
        a, b = total(*drawn[:1]), total(*drawn[1:])

        assert a + b == b + a

    @given(images(("u1", "u2"), min_size=3))
    def test_associativity(self, drawn):
        """(a + b) + c = a + (b + c)."""
        a, b, c = total(*drawn[:1]), total(*drawn[1:2]), total(*drawn[2:])

        assert (a + b) + c == a + (b + c)

    @given(images(("u1", "u2"), min_size=2), st.data())
    def test_shards_add_up_to_the_whole(self, drawn, data):
        """Two sets measured apart are the set measured at once."""
        cut = data.draw(st.integers(1, len(drawn) - 1))

        assert total(*drawn[:cut]) + total(*drawn[cut:]) == total(*drawn)

    @given(integer_images, st.randoms(use_true_random=False))
    def test_order_invariance(self, drawn, random):
        """Images in any order have the same moments."""
        shuffled = random.sample(drawn, len(drawn))

        assert total(*shuffled) == total(*drawn)

    @given(integer_images)
    def test_operands_are_left_unchanged(self, drawn):
        """A sum is a new value."""
        a, b = total(*drawn), total(*drawn[:1])
        before = astuple(a), astuple(b)
        assert (a + b).at(65535) is not a

        assert (astuple(a), astuple(b)) == before

    @given(integer_images)
    def test_a_shard_of_one_pixel_is_kept(self, drawn):
        """One white pixel more: one more sample, and its sums."""
        pixel = np.array([[65535], [65535]], dtype="u2")
        before, after = total(*drawn).at(65535), total(*drawn) + total(pixel)

        assert after.n == tuple(n + 1 for n in before.n)
        assert after.sum == tuple(s + 65535 for s in before.sum)
        assert after.sum_of_squares == tuple(q + 65535**2 for q in before.sum_of_squares)


class TestEveryEstimator:
    """What holds for each way to mean and variance."""

    @every_estimator
    @given(drawn=images(), cuts=st.lists(st.integers(0, 6)))
    def test_split_invariance(self, estimator, drawn, cuts):
        """However the images are cut into chunks, the result is the same to the last bit."""
        whole, split = records_of([drawn]), records_of(chunked(drawn, cuts))

        assert outcome(estimator, split) == outcome(estimator, whole)

    @every_estimator
    @given(drawn=images(), cuts=st.lists(st.integers(0, 6)))
    def test_empty_chunks_are_the_identity(self, estimator, drawn, cuts):
        """A chunk in which all images failed changes nothing."""
        chunks = [part for chunk in chunked(drawn, cuts) for part in ([], chunk, [])]

        assert outcome(estimator, records_of(chunks)) == outcome(estimator, records_of([drawn]))

    @every_estimator
    @given(drawn=images())
    def test_inputs_are_left_unchanged(self, estimator, drawn):
        """Neither the images nor their records are altered: the second result is the first."""
        before = [image.copy() for image in drawn]
        records = records_of([drawn])
        columns = [np.copy(records.column(channel)) for channel in range(2)]
        first = outcome(estimator, records)

        assert outcome(estimator, records) == first
        assert all(map(np.array_equal, before, drawn))
        assert all(np.array_equal(c, records.column(i)) for i, c in enumerate(columns))

    @every_estimator
    @given(drawn=images())
    def test_channels_do_not_mix(self, estimator, drawn):
        """Channels exchanged are results exchanged."""
        exchanged = records_of([[image[::-1] for image in drawn]])
        straight, turned = outcome(estimator, records_of([drawn])), outcome(estimator, exchanged)
        assume(straight != "refused")

        assert figures(turned)[::2] == figures(straight)[1::2]
        assert figures(turned)[1::2] == figures(straight)[::2]

    @every_estimator
    @given(drawn=images(("u1",)))
    def test_depth_does_not_matter(self, estimator, drawn):
        """The same picture in 16 bits has the same figures, up to rounding."""
        wide = [image.astype("u2") * np.uint16(257) for image in drawn]
        narrow = outcome(estimator, records_of([drawn]))
        assume(narrow != "refused")

        assert figures(outcome(estimator, records_of([wide]))) == pytest.approx(
            figures(narrow), rel=1e-12, abs=1e-14
        )

    @every_estimator
    @given(drawn=images())
    def test_a_last_image_of_one_pixel_is_kept(self, estimator, drawn):
        """A single far-off pixel in a chunk of its own moves the mean, or is refused aloud."""
        pixel = np.array([[1e6], [1e6]])
        without = outcome(estimator, records_of([drawn]))
        found = outcome(estimator, records_of([drawn, [pixel]]))
        assume("refused" not in (without, found))

        assert all(a > b for a, b in zip(figures(found)[:2], figures(without)[:2], strict=True))


class TestOrder:
    """Whose result depends on the order of the images, and whose does not."""

    @given(images(), st.randoms(use_true_random=False))
    def test_two_pass_does_not_depend_on_it(self, drawn, random):
        """To the last bit, for floats too: their sums are rounded once."""
        shuffled = random.sample(drawn, len(drawn))

        assert two_pass(records_of([shuffled])) == two_pass(records_of([drawn]))

    @pytest.mark.parametrize(("estimate", "within"), [(welford, 1e-11), (conventions, 1e-12)])
    @given(drawn=images(), random=st.randoms(use_true_random=False))
    def test_others_depend_on_it_by_rounding_alone(self, estimate, within, drawn, random):
        """Streaming, or a mean over images, in another order moves the last digits."""
        found, other = (
            figures(estimate(records_of([listed])))
            for listed in (random.sample(drawn, len(drawn)), drawn)
        )
        assert found == pytest.approx(other, rel=1e-12, abs=within)

    def test_batchnorm_listed_does_depend_on_it(self):
        """The last images weigh most: dark before light is not light before dark."""
        dark, light = np.full((2, 4), 0, dtype="u1"), np.full((2, 4), 255, dtype="u1")
        schedule = Schedule(1, 0.5, "listed")

        assert batchnorm(records_of([[dark, light]]), schedule).mean == (0.5, 0.5)
        assert batchnorm(records_of([[light, dark]]), schedule).mean == (0.25, 0.25)
