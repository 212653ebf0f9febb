"""The document's JSON: what is written is read back, and what cannot be is refused."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bnstat.errors import DocumentError
from bnstat.result import (
    BatchNormEstimate,
    Corrected,
    Estimate,
    Failure,
    FileList,
    Group,
    MeanAndStd,
    Pipeline,
    Sample,
    Selection,
    Shards,
    Sketch,
    Source,
    Stats,
    Uncertainty,
)
from bnstat.result.node import LARGEST
from bnstat.settings.setting import MAX_EPOCHS

hostile = st.text('\x00\n\r\x1b\x85\u2028\u202e\ufeff😀"\\{}[],:', max_size=5)
escapes = st.sampled_from(["\\udc80", "\\u0000", "\\n", "NaN", "null", "__proto__"])
texts = st.text(max_size=20) | hostile | escapes
naturals = st.integers(0, 2**70)
positives = st.integers(1, 2**70)
shards = st.sets(positives, min_size=1, max_size=3).map(
    lambda numbers: Shards(tuple(sorted(numbers)), max(numbers))
)
reals = st.floats(-1e150, 1e150)
sizes = st.floats(0, 1e150)
variances = st.floats(0, 1e150**2)
weights = st.floats(0, 1)


def each(values, width):
    """Return a strategy for one value a channel."""
    return st.tuples(*[values] * width)


def replays(width, images, epochs):
    """Return a strategy for replays of a schedule; it has no more batches than a layer counts."""

    @st.composite
    def replay(draw):
        size = draw(st.integers(max(1, images * epochs // 2**62), LARGEST))
        batches = epochs * -(-images // size)
        momentum = draw(st.none() | weights)
        return BatchNormEstimate(
            mean=draw(each(reals, width)),
            var=draw(each(sizes, width)),
            batch_size=size,
            momentum=momentum,
            order=draw(st.sampled_from(["shuffled", "listed"])),
            batches=batches,
            start_weight=0.0 if momentum is None else (1 - momentum) ** batches,
            expected_sd=draw(pairs(sizes, sizes, width)),
            expected=draw(st.none() | pairs(reals, sizes, width)),
        )

    return replay()


def pairs(means, variances, width):
    return st.fixed_dictionaries({"mean": each(means, width), "var": each(variances, width)})


def sources(images):
    return st.builds(
        Source,
        locations=st.lists(texts, max_size=3).map(tuple),
        cwd=texts,
        images=st.just(images),
        skipped=naturals,
        duplicates=naturals,
        deeper_than_8_bits=naturals,
        failures=st.lists(st.builds(Failure, texts, texts), max_size=3).map(tuple),
        fingerprint=texts,
        shards=st.none() | shards,
        files_from=st.none() | st.builds(FileList, st.booleans(), st.none() | texts, st.booleans()),
    )


pipelines = st.builds(
    Pipeline,
    spec=st.none() | texts,
    transforms=st.lists(texts, max_size=3).map(tuple),
    warnings=st.lists(texts, max_size=2).map(tuple),
    seed=st.integers(-LARGEST, LARGEST),
    epochs=st.integers(1, MAX_EPOCHS),
    before_normalize=st.booleans(),
)


def samples(source):
    taken = source.images + len(source.failures)
    seeds = st.integers(-LARGEST, LARGEST)
    return st.builds(Sample, st.just(taken), st.integers(taken, taken + 2**70), texts, seeds)


def selections(width, images):
    values = st.none() | st.lists(naturals, max_size=3).map(tuple)
    return st.builds(
        Selection,
        alpha=texts,
        nodata=st.none() | texts,
        masks=st.none() | texts,
        mask_values=values,
        mask_ignore=values,
        exclude_fill=st.booleans(),
        excluded=naturals.map(lambda number: (number,) * width),
        empty=st.integers(0, images),
        transparent=st.none() | naturals,
    )


def errors(values, width):
    return st.builds(MeanAndStd, *[each(values, width)] * 2)


@st.composite
def uncertainties(draw, std, sample, pipeline, units):
    sampled = sample is not None and sample.images < sample.of
    drawn = pipeline.spec is not None and draw(st.booleans())
    causes = ("sample",) * sampled + ("draws",) * drawn
    reliable = draw(st.booleans())
    both = st.builds(Corrected, errors(sizes, len(std)), errors(sizes, len(std)))
    return Uncertainty(
        confidence=draw(st.floats(0.5, 0.999)),
        of=causes,
        margin=draw(errors(sizes, len(std))) if causes else None,
        reliable=reliable,
        superpopulation=draw(errors(st.floats(0, min(std)), len(std))),
        corrected=draw(st.none() | both) if causes and not reliable else None,
        sketch=draw(st.none() | st.just(Sketch((0, 2**64 - 1)[:units]))),
    )


@st.composite
def sums(draw, width):
    """Draw scale, count, sum, sum of squares and histogram of samples that could be."""
    kind = draw(st.sampled_from(["histogram", "unsigned", "floats"]))
    if kind == "floats":
        return 1, (draw(positives),) * width, None, None, None
    if kind == "histogram":
        first = draw(positives)
        counts = tuple(tuple(first + (v + 7 * c) % 256 for v in range(256)) for c in range(width))
        powers = [
            tuple(sum(n * v**power for v, n in enumerate(row)) for row in counts)
            for power in range(3)
        ]
        return (255, *powers, counts)
    scale, n = draw(st.sampled_from([255, 65535])), draw(positives)
    total = draw(each(st.integers(0, scale * n), width))
    squares = tuple(draw(st.integers(max(s, -(-s * s // n)), scale * s)) for s in total)
    return scale, (n,) * width, total, squares, None


def exact(scale, count, total, squares):
    """Return the estimate that follows from sums, in rational arithmetic."""
    rows = list(zip(count, total, squares, strict=True))
    means = [Fraction(s, n * scale) for n, s, _ in rows]
    variances = [
        Fraction(q, n * scale**2) - m * m for (n, _, q), m in zip(rows, means, strict=True)
    ]
    return Estimate(tuple(map(float, means)), tuple(map(float, variances)))


def groups(images, count, total, squares, estimate):
    """Return a strategy for groups: one with everything, or one with some black images."""
    width, n = len(count), count[0]
    whole = Group(images, count, total, squares, estimate)
    none = None if total is None else (0,) * width
    zero = Estimate((0.0,) * width, (0.0,) * width)
    black = Group(images // 2, (n // 2,) * width, none, none, zero)
    return st.dictionaries(texts, st.just(whole), max_size=1) | st.dictionaries(
        texts, st.just(black), max_size=1
    )


@st.composite
def results(draw):
    """Draw a result of one to four channels, with any text wherever text stands."""
    width = draw(st.integers(1, 4))
    scale, count, total, squares, histogram = draw(sums(width))
    estimate = (
        Estimate(draw(each(reals, width)), draw(each(variances, width)))
        if total is None
        else exact(scale, count, total, squares)
    )
    assume(max(estimate.var, default=0.0) <= 1e150**2)  # no document has more
    pipeline = draw(pipelines)
    images = draw(st.integers(-(-count[0] // 2**40), count[0]))
    source = draw(sources(images))
    sample = draw(st.none() | samples(source))
    near = st.floats(0, 1).map(lambda share: tuple(min(m + share * s, 1e150) for m, s in figures))
    figures = list(zip(estimate.mean, estimate.std, strict=True))
    return Stats(
        source=source,
        pipeline=pipeline,
        mode=draw(texts),
        channels=draw(each(texts, width)),
        scale=scale,
        count=count,
        sum=total,
        sum_of_squares=squares,
        histogram=histogram,
        methods={
            "two-pass": estimate,
            "welford": draw(st.none() | st.just(estimate)),
            "batchnorm": draw(st.none() | replays(width, images, pipeline.epochs)),
        },
        conventions=draw(st.dictionaries(texts.map("{} means".format), near, max_size=3)),
        reasons=draw(st.dictionaries(texts, texts, max_size=2)),
        selection=draw(selections(width, images)),
        sample=sample,
        uncertainty=draw(st.none() | uncertainties(estimate.std, sample, pipeline, source.units)),
        groups=draw(st.none() | groups(images, count, total, squares, estimate)),
        created=draw(texts),
        bnstat=draw(texts),
    )


def without(document, path):
    """Return a copy of a document that lacks one key."""
    document = json.loads(json.dumps(document))
    node = document
    *way, last = path.split(".")
    for step in way:
        node = node[step]
    del node[last]
    return document


@pytest.fixture
def floats():
    """The golden document of float samples, as JSON values."""
    golden = Path(__file__).parents[1] / "golden" / "stats-v2-nulls.json"
    return json.loads(golden.read_text(encoding="utf-8"))


def read(document):
    return Stats.from_json(json.dumps(document), "x.json")


class TestRoundTrip:
    """Written and read again, a result is the same."""

    @given(results())
    def test_nothing_is_lost(self, stats):
        """Every field comes back, whatever text and numbers are in it."""
        assert Stats.from_json(stats.to_json()) == stats

    @given(results())
    def test_it_is_utf_8(self, stats):
        """Its bytes are read like its text, and again written as they were."""
        written = stats.to_json()

        assert Stats.from_json(written.encode()).to_json() == written

    @pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 5e-324, 2.2250738585072014e-308, 1e150])
    def test_floats_keep_their_last_digit(self, floats, value):
        """What is read is the very float that was written."""
        methods = {"two-pass": Estimate((value,), (value,)), "welford": None, "batchnorm": None}
        stats = replace(read(floats), methods=methods, conventions={})

        assert Stats.from_json(stats.to_json()).exact.mean == (value,)

    def test_integers_keep_their_last_digit(self, document):
        """Sums past 2⁵³, where JSON numbers lose digits elsewhere, are text; counts are exact."""
        stats = read(document)
        count, sums = (2**70 + 1,) * 3, (2**53 + 1, 2**63 + 1, 10**20 + 1)
        methods = {"two-pass": exact(255, count, sums, sums), "welford": None, "batchnorm": None}
        many = replace(stats.source, images=2**33)
        stats = replace(stats, source=many, histogram=None, methods=methods, uncertainty=None)
        stats = replace(stats, count=count, sum=sums, sum_of_squares=sums)
        written = json.loads(stats.to_json())

        assert written["sum"] == ["9007199254740993", "9223372036854775809", str(10**20 + 1)]
        assert Stats.from_json(stats.to_json()) == stats

    def test_a_histogram_stands_on_a_line_a_channel(self, document):
        """A person can read the document, and a diff of two is short."""
        lines = read(document).to_json().splitlines()

        assert sum(line.count(",") >= 255 for line in lines) == 3
        assert len(lines) < 110

    def test_lone_surrogates_can_be_saved(self, document, tmp_path):
        """JSON can escape what UTF-8 cannot hold: whoever can read it can write it."""
        path = tmp_path / "x.json"
        document["source"]["locations"] = ["\ud800 and \udcff"]
        stats = read(document)
        stats.save(path)

        assert Stats.load(path) == stats


class TestWhatIsNotKnown:
    """Keys may be more than are known here; versions may not."""

    def test_unknown_keys_are_ignored(self, document, put):
        """Wherever a later bnstat may put them."""
        expected = read(document)
        for path in ("new", "source.new", "pipeline.new", "methods.new", "methods.two-pass.new"):
            put(document, path, {"any": ["thing"]})
        put(document, "source.failures.0.new", 1)
        put(document, "methods.batchnorm.new", None)

        assert read(document) == expected

    @pytest.mark.parametrize("key", ["source.files_from", "pipeline.before_normalize", "reasons"])
    def test_keys_that_others_leave_out_may_be_missing(self, document, key):
        """Documents without them are whole."""
        assert read(without(document, key)).exact.mean == read(document).exact.mean

    @pytest.mark.parametrize("version", [0, 3, "1", None, 1.5, [1], True])
    def test_other_versions_are_refused(self, document, version):
        """With the way out."""
        document["version"] = version
        with pytest.raises(DocumentError) as refused:
            read(document)

        assert str(refused.value) == (
            f"x.json has version {version!r}; this bnstat reads 1 to 2: "
            "upgrade bnstat, or compute again"
        )

    def test_a_missing_version_is_refused(self, document):
        """Nothing is assumed."""
        with pytest.raises(DocumentError, match="has version None"):
            read(without(document, "version"))

    @pytest.mark.parametrize("format", ["bnstat.sweep", None, 1, ["bnstat.stats"]])
    def test_other_formats_are_refused(self, document, format):
        """JSON of another kind is no result."""
        document["format"] = format
        with pytest.raises(DocumentError, match=r"^x\.json is not a result of bnstat compute$"):
            read(document)

    @pytest.mark.parametrize("text", ["{}", "[]", "null", "1", '"bnstat.stats"'])
    def test_other_json_is_refused(self, text):
        """Whatever it is."""
        with pytest.raises(DocumentError, match=r"^x\.json is not a result of bnstat compute$"):
            Stats.from_json(text, "x.json")


class TestWhatCannotBe:
    """Every value is checked before it is used, and the message says which one it is."""

    def test_a_wrong_value_is_refused_by_its_path(self, broken):
        """One sentence: the document, the path, and what must stand there."""
        document, expected = broken
        with pytest.raises(DocumentError) as refused:
            read(document)

        assert str(refused.value) == f"x.json: {expected}"

    @pytest.mark.parametrize(
        "key",
        [
            "bnstat",
            "created",
            "mode",
            "channels",
            "scale",
            "count",
            "sum",
            "sum_of_squares",
            "histogram",
            "conventions",
            "source",
            "source.locations",
            "source.cwd",
            "source.shard",
            "source.images",
            "source.skipped",
            "source.duplicates",
            "source.deeper_than_8_bits",
            "source.failures",
            "source.fingerprint",
            "pipeline",
            "pipeline.spec",
            "pipeline.transforms",
            "pipeline.seed",
            "pipeline.epochs",
            "methods",
            "methods.two-pass",
            "methods.two-pass.mean",
            "methods.two-pass.var",
            "methods.batchnorm.momentum",
            "methods.batchnorm.expected_sd",
        ],
    )
    def test_a_missing_key_is_refused_by_its_path(self, document, key):
        """Nothing that a figure depends on is assumed."""
        with pytest.raises(DocumentError) as refused:
            read(without(document, key))

        assert str(refused.value) == f"x.json: {key} must be there; it is missing"

    @pytest.mark.parametrize("path", ["methods.two-pass.mean", "sum", "histogram", "conventions.x"])
    @pytest.mark.parametrize("values", [[], [1, 2], [1, 2, 3, 4]], ids=len)
    def test_each_channel_has_one_value(self, document, put, path, values):
        """Figures of another number of channels are refused."""
        put(document, path, values)
        with pytest.raises(DocumentError, match=f"{path} must be an array of 3$"):
            read(document)

    @pytest.mark.parametrize("text", ["", "-1", "1e5", "1.0", " 1", "1\n", "0x1", "٣", "1" * 61])
    def test_sums_are_plain_decimal_digits(self, document, put, text):
        """No sign, no exponent, no other script, and an end."""
        put(document, "sum.1", text)
        with pytest.raises(DocumentError, match=r"sum must be decimal integers in strings$"):
            read(document)

    @pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
    def test_numbers_past_every_float_are_refused(self, document, put, number):
        """Infinity by another name."""
        put(document, "methods.two-pass.mean.0", "HERE")
        text = json.dumps(document).replace('"HERE"', number)
        with pytest.raises(DocumentError, match=r"mean\.0 must be a finite number$"):
            Stats.from_json(text)

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_words_for_no_number_are_refused(self, document, put, word):
        """Python's reader would take them, but they are no JSON."""
        put(document, "methods.two-pass.mean.0", "HERE")
        text = json.dumps(document).replace('"HERE"', word)
        with pytest.raises(DocumentError, match=f"is not JSON \\({word} is not a number\\)"):
            Stats.from_json(text)

    @pytest.mark.parametrize(
        ("key", "value", "where"),
        [
            ("shard", {"index": 3, "of": 2}, "shard.index"),
            ("shards", {"indices": [1, 3], "of": 2}, "shards.indices.1"),
        ],
    )
    def test_a_shard_beyond_the_last_is_refused(self, document, key, value, where):
        """There are no more than it says."""
        document["source"][key] = value
        with pytest.raises(
            DocumentError, match=rf"source\.{where} must be an integer of at most 2"
        ):
            read(document)

    def test_no_channels_are_refused(self, document, put):
        """A result has at least one channel."""
        for path in ("channels", "sum", "sum_of_squares", "histogram"):
            put(document, path, [])
        document["conventions"] = {}
        document["methods"] = {
            "two-pass": {"mean": [], "var": [], "std": []},
            "welford": None,
            "batchnorm": None,
        }
        with pytest.raises(DocumentError, match="channels must be"):
            read(document)

    @pytest.mark.parametrize("depth", [10_000, 1_000_000])
    @pytest.mark.parametrize("opening", ["[", '{"a":'])
    def test_huge_nesting_is_refused(self, depth, opening):
        """It neither ends the process nor shows a traceback."""
        with pytest.raises(DocumentError, match=r"^x\.json is not JSON"):
            Stats.from_json(opening * depth, "x.json")

    @pytest.mark.parametrize(
        "data", [b"", b"{", b"\xff\xfe\xfa", b"\x89PNG\r\n", b'{"a": 1}}', "1" * 5000], ids=str
    )
    def test_what_is_no_json_is_refused(self, data):
        """Cut off, binary, or followed by more."""
        with pytest.raises(DocumentError, match=r"^x\.json is not (JSON|a result)"):
            Stats.from_json(data, "x.json")


class TestNotFinite:
    """A figure that is no number is never written."""

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_it_is_not_written(self, document, value):
        """Other readers of JSON would choke on it."""
        stats = replace(read(document), conventions={"mean_of_image_means": (value,) * 3})
        with pytest.raises(ValueError, match="not JSON compliant"):
            stats.to_json()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("methods.batchnorm.batch_size", 10**300),
        ("methods.batchnorm.batches", 2**63),
        ("methods.batchnorm.momentum", 1.5),
        ("methods.batchnorm.start_weight", 2.0),
        ("pipeline.epochs", 10**9),
        ("pipeline.seed", -(10**300)),
        ("source.images", 10**300),
        ("count.0", 10**300),
        ("uncertainty.confidence", 95.0),
    ],
)
def test_numbers_beyond_all_meaning_are_refused(document, put, path, value):
    """What would keep a replay busy for ever, or is no number of anything, is named."""
    if path.startswith("uncertainty"):
        pair = {"mean": [0.1] * 3, "std": [0.1] * 3}
        uncertainty = {"of": [], "margin": None, "reliable": True, "superpopulation": pair}
        put(document, "uncertainty", uncertainty | {"confidence": 0.95})
    put(document, path, value)
    with pytest.raises(DocumentError, match="of at most"):
        Stats.from_json(json.dumps(document))
