"""All moments of a run, by image key."""

import numpy as np
import pytest

from bnstat.moments import ChunkCounts, Kind, Moments, MomentsTable, Records, moments_of_floats
from bnstat.moments.chunk_counts import ChunkMoments

CHANNELS = ("R", "G", "B")
BYTE = Kind("RGB", CHANNELS, 255)
WORD = Kind("RGB", CHANNELS, 65535)
FLOAT = Kind("RGB", CHANNELS, 1)


def draw(accumulator, row, kind, value):
    """Add a draw of one sample, the same in each channel."""
    if kind.scale == 255:
        counts = np.bincount([value], minlength=256).tolist() * len(kind.channels)
        accumulator.add_8_bit(row, kind, counts)
    elif kind.scale == 65535:
        counts = np.stack([np.bincount([value], minlength=65536)] * len(kind.channels))
        accumulator.add_16_bit(row, kind, counts)
    else:
        moments = moments_of_floats(lambda: [np.full((len(kind.channels), 1), float(value))])
        accumulator.add_floats(row, kind, moments)


def add_chunk(records, *draws):
    """Add one chunk of draws: (key, kind, value); a kind of None is an image that failed."""
    accumulator = ChunkCounts()
    for row, (_, kind, value) in enumerate(draws):
        if kind is not None:
            draw(accumulator, row, kind, value)
    for part in accumulator.moments():
        records.extend([key for key, _, _ in draws], part)


def made_of(*chunks):
    records = Records()
    for chunk in chunks:
        add_chunk(records, *chunk)
    return records


@pytest.fixture
def mixed():
    """Two chunks of three kinds that take turns; one image failed."""
    return made_of(
        [(b"a", WORD, 65535), (b"b", BYTE, 51), (b"c", None, 0), (b"d", FLOAT, -2.0)],
        [(b"e", BYTE, 102), (b"f", WORD, 0)],
    )


def test_keys_are_in_order_when_kinds_are_mixed(mixed):
    """Records come by key, not by kind."""
    assert list(mixed.keys()) == [b"a", b"b", b"d", b"e", b"f"]


def test_columns_are_in_the_order_of_the_keys(mixed):
    """A column's rows belong to the keys, in units of [0, 1] whatever the depth."""
    assert mixed.column(1).mean.tolist() == [1.0, 0.2, -2.0, 0.4, 0.0]


def test_order_is_by_bytes():
    """Keys sort as bytes, so that no locale and no encoding has a say."""
    records = made_of([(b"Z", BYTE, 1), (b"a", WORD, 2), (b"\xff", BYTE, 3)])

    assert list(records.keys()) == [b"Z", b"a", b"\xff"]


def test_a_failed_image_leaves_no_trace(mixed):
    """It is in no figure: not in the keys, the count or the number of draws."""
    assert (len(mixed), mixed.count) == (5, (5, 5, 5))


def test_count_is_samples_of_a_channel():
    """Count adds the draws' samples, which differ in number."""
    records, accumulator = Records(), ChunkCounts()
    accumulator.add_8_bit(0, BYTE, [7] + [0] * 255 + [3, 4] + [0] * 254 + [7] + [0] * 255)
    accumulator.add_8_bit(1, BYTE, ([2] + [0] * 255) * 3)
    for part in accumulator.moments():
        records.extend([b"a", b"b"], part)

    assert records.count == (9, 9, 9)


def test_depths_add_up_exactly():
    """8-bit samples enter the total of a deeper set times 257."""
    records = made_of([(b"a", BYTE, 3), (b"b", WORD, 1000)])

    assert records.scale == 65535
    assert records.total() == Moments(65535, (2,) * 3, (1771,) * 3, (771**2 + 1000**2,) * 3)


def test_floats_anywhere_leave_no_exact_total(mixed):
    """A run with float samples is a float run: unit 1 and no integer sums."""
    assert (mixed.scale, mixed.total(), mixed.histogram) == (1, None, None)


def test_histogram_adds_up_over_chunks():
    """256 counts a channel, of all chunks."""
    records = made_of([(b"a", BYTE, 0), (b"b", BYTE, 255)], [(b"c", BYTE, 255)])

    assert records.histogram.tolist() == [[1] + [0] * 254 + [2]] * 3


def test_histogram_of_both_depths():
    """8-bit values stand at their multiples of 257 beside 16-bit ones."""
    records = made_of([(b"a", BYTE, 2), (b"b", WORD, 514), (b"c", WORD, 3)])
    assert (3, 65536) == records.histogram.shape
    assert [3, 514] == np.flatnonzero(records.histogram[0]).tolist()
    assert 2 == records.histogram[0, 514]


def test_modes_are_counted():
    """Each mode with its draws, of whatever depth."""
    gray = Kind("L", ("L",), 255)
    records = made_of([(b"a", BYTE, 1), (b"b", gray, 2), (b"c", WORD, 3)])

    assert records.modes == {"RGB": 2, "L": 1}


def test_drop_forgets_one_mode_of_any_depth():
    """The dropped draws' keys are returned; the others' figures are as if they had been alone."""
    gray = Kind("L", ("L",), 255)
    records = made_of(
        [(b"a", BYTE, 1), (b"b", gray, 51), (b"c", WORD, 3)], [(b"d", gray, 102), (b"e", BYTE, 4)]
    )
    alone = made_of([(b"b", gray, 51), (b"d", gray, 102)])

    assert sorted(records.drop("RGB")) == [b"a", b"c", b"e"]
    assert records.modes == {"L": 2}
    assert tuple(records.keys()) == (b"b", b"d")
    assert records.channels == ("L",)
    assert records.total() == alone.total()
    assert np.array_equal(records.histogram, alone.histogram)


def test_draws_of_an_image_stand_together():
    """By key, then epoch, kinds mixed; an image is one, and its samples count for each draw."""
    records, accumulator = Records(draws=2), ChunkCounts()
    for row, kind, value in [(0, WORD, 65535), (0, WORD, 0), (1, BYTE, 51), (1, BYTE, 102)]:
        draw(accumulator, row, kind, value)
    for row, value in [(2, 13107), (2, 26214)]:
        draw(accumulator, row, WORD, value)
    for part in accumulator.moments():
        records.extend([b"a", b"b", b"c"], part)

    assert (len(records), records.count) == (3, (6, 6, 6))
    assert list(records.keys()) == [b"a", b"b", b"c"]
    assert records.column(0).mean.tolist() == [1.0, 0.0, 0.2, 0.4, 0.2, 0.4]
    assert records.modes == {"RGB": 3}


def test_dropping_a_mode_that_is_not_there_drops_nothing(mixed):
    """No keys, and nothing is lost."""
    assert mixed.drop("CMYK") == []
    assert len(mixed) == 5


def test_reading_does_not_end_adding(mixed):
    """Figures may be asked for in the middle of a run."""
    before = mixed.column(0), mixed.total(), mixed.count
    add_chunk(mixed, (b"g", BYTE, 255), (b"h", FLOAT, 7.0))

    assert before[2] == (5, 5, 5)
    assert mixed.column(0).mean.tolist() == [1.0, 0.2, -2.0, 0.4, 0.0, 1.0, 7.0]


def test_joined_parts_are_in_the_order_of_the_keys():
    """Parts of a set, each in order, join to the records of one run: by key, kinds as they came."""
    draws = [(b"%02d" % i, (WORD, BYTE, BYTE)[i % 3], i + 1) for i in range(20)]
    whole = made_of(draws)
    joined = Records.merged([made_of(draws[i::4]) for i in (2, 0, 3, 1)] + [Records()])
    assert list(joined.keys()) == list(whole.keys())
    assert joined.total() == whole.total()
    for channel in range(3):
        for column, expected in zip(joined.column(channel), whole.column(channel), strict=True):
            assert column.tolist() == expected.tolist()
    assert joined._groups[BYTE].histogram.tolist() == whole._groups[BYTE].histogram.tolist()


def test_joined_parts_keep_the_draws_of_an_image_together():
    """With several draws an image, all move with it, in the order of the epochs."""
    parts = []
    for keys in ([b"b", b"d"], [b"a", b"c"]):
        accumulator = ChunkCounts()
        for row in (0, 0, 1, 1):
            draw(accumulator, row, FLOAT, len(accumulator._pending[FLOAT].rows) + 10 * row)
        records = Records(draws=2)
        for part in accumulator.moments():
            records.extend(keys, part)
        parts.append(records)
    joined = Records.merged(parts)
    assert list(joined.keys()) == [b"a", b"b", b"c", b"d"]
    assert joined.column(0).mean.tolist() == [0, 1, 0, 1, 12, 13, 12, 13]


def test_chunks_may_come_in_any_order():
    """Keys and columns stand by key all the same, with every draw of an image behind its first."""
    parts = {}
    for first in (0, 3, 6):
        accumulator = ChunkCounts()
        for row in range(3):
            for draw in range(2):
                counts = [0] * 256
                counts[10 * (first + row) + draw] = 1 + row
                accumulator.add_8_bit(row, Kind("L", ("L",), 255), counts)
        (parts[first],) = accumulator.moments()
    whole, mixed = Records(2), Records(2)
    for records, order in ((whole, (0, 3, 6)), (mixed, (6, 0, 3))):
        for first in order:
            records.extend([b"%d" % (first + row) for row in range(3)], parts[first])
    assert list(mixed.keys()) == list(whole.keys()) == [b"%d" % i for i in range(9)]
    for one, other in zip(mixed.column(0), whole.column(0), strict=True):
        assert one.tolist() == other.tolist()
    assert mixed.total() == whole.total()
    assert np.array_equal(mixed.histogram, whole.histogram)


@pytest.mark.parametrize(
    ("values", "computed"),
    [
        ([(5, 5, 5), (7, 7, 7)], [0]),  # gray
        ([(5, 6, 5), (7, 8, 7)], [0, 1]),
        ([(5, 5, 5), (7, 8, 9)], [0, 1, 2]),  # equal in the first image alone
    ],
)
@pytest.mark.parametrize("scale", [255, 65535, 1])
def test_a_figure_is_computed_once_for_equal_channels(values, computed, scale):
    """Each channel has its own figure, whichever were computed."""
    records, accumulator = Records(), ChunkCounts()
    for row, each in enumerate(values):
        if scale == 1:
            draw = np.array(each, float)[:, np.newaxis]
            accumulator.add_floats(row, FLOAT, moments_of_floats(lambda draw=draw: [draw]))
            continue
        counts = np.stack([np.bincount([value], minlength=scale + 1) for value in each])
        if scale == 255:
            accumulator.add_8_bit(row, BYTE, counts.ravel().tolist())
        else:
            accumulator.add_16_bit(row, WORD, counts)
    for part in accumulator.moments():
        records.extend([b"a", b"b"], part)
    asked = []

    def figure(channel):
        asked.append(channel)
        return records.column(channel).mean.tolist()

    assert records.by_channel(figure) == [records.column(c).mean.tolist() for c in range(3)]
    assert asked == computed


def test_ends_of_each_kind():
    """The smallest and the largest sample of each channel, of integers divided by their scale."""
    records = made_of(
        [(b"a", BYTE, 51), (b"b", WORD, 13107), (b"c", FLOAT, -2.5)],
        [(b"d", FLOAT, 7.25), (b"e", BYTE, 255)],
    )
    found = [records.ends(kind).tolist() for kind in (BYTE, WORD, FLOAT)]

    assert found == [[[0.2, 1.0]] * 3, [[0.2, 0.2]] * 3, [[-2.5, 7.25]] * 3]


def test_ends_follow_the_images_of_a_group():
    """Floats keep those of each image; integers have none without a histogram."""
    records = made_of([(b"a", FLOAT, 1), (b"b", FLOAT, 3), (b"c", FLOAT, 2), (b"d", BYTE, 7)])
    shares = records.split(lambda key: "odd" if key in b"bd" else "even")

    assert shares["even"].ends(FLOAT).tolist() == [[1, 2]] * 3
    assert shares["odd"].ends(FLOAT).tolist() == [[3, 3]] * 3
    assert shares["odd"].ends(BYTE) is None


def test_ends_of_which_some_are_not_known_are_not():
    """An older journal has none: together with those of new images they are not known."""
    records = made_of([(b"a", FLOAT, 1)])
    table = MomentsTable(1, np.ones((1, 3), np.int64), np.zeros((1, 3)), np.zeros((1, 3)))
    records.extend([b"b"], ChunkMoments(FLOAT, [0], table, None))

    assert records.ends(FLOAT) is None
    assert records.split(lambda key: key.decode())["a"].ends(FLOAT) is None
