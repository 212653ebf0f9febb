"""The document's JSON: what is written is read back, and what cannot be is refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.errors import DocumentError
from bnstat.result import (
    BatchNormEstimate,
    Estimate,
    Failure,
    FileList,
    Group,
    MeanAndStd,
    Pipeline,
    Sample,
    Selection,
    Shards,
    Source,
    Stats,
    Uncertainty,
)
from bnstat.result.node import LARGEST
from bnstat.settings.typed import MAX_EPOCHS

hostile = st.text('\x00\n\r\x1b\x85\u2028\u202e\ufeff😀"\\{}[],:', max_size=5)
escapes = st.sampled_from(["\\udc80", "\\u0000", "\\n", "NaN", "null", "__proto__"])
texts = st.text(max_size=20) | hostile | escapes
naturals = st.integers(0, 2**70)
positives = st.integers(1, 2**70)
shards = st.sets(positives, min_size=1, max_size=3).map(
    lambda numbers: Shards(tuple(sorted(numbers)), max(numbers))
)
reals = st.floats(-1e300, 1e300)
sizes = st.floats(0, 1e300)
weights = st.floats(0, 1)


def each(values, width):
    """Return a strategy for one value a channel."""
    return st.tuples(*[values] * width)


def histograms(width):
    """Return a strategy for histograms, whose counts go by their place."""
    return naturals.map(
        lambda first: tuple(tuple(first + 256 * c + v for v in range(256)) for c in range(width))
    )


def estimates(width):
    return st.builds(Estimate, each(reals, width), each(sizes, width))


def replays(width):
    return st.builds(
        BatchNormEstimate,
        mean=each(reals, width),
        var=each(sizes, width),
        batch_size=st.integers(1, LARGEST),
        momentum=st.none() | weights,
        order=st.sampled_from(["shuffled", "listed"]),
        batches=st.integers(1, 2**63 - 1),
        start_weight=weights,
        expected_sd=st.fixed_dictionaries({"mean": each(sizes, width), "var": each(sizes, width)}),
        expected=st.none()
        | st.fixed_dictionaries({"mean": each(reals, width), "var": each(sizes, width)}),
    )


sources = st.builds(
    Source,
    locations=st.lists(texts, max_size=3).map(tuple),
    cwd=texts,
    images=naturals,
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


samples = st.builds(
    lambda counts, asked, seed: Sample(min(counts), max(counts), asked, seed),
    st.tuples(naturals, naturals),
    texts,
    st.integers(-LARGEST, LARGEST),
)


def selections(width):
    values = st.none() | st.lists(naturals, max_size=3).map(tuple)
    return st.builds(
        Selection,
        alpha=texts,
        nodata=st.none() | texts,
        masks=st.none() | texts,
        mask_values=values,
        mask_ignore=values,
        exclude_fill=st.booleans(),
        excluded=each(naturals, width),
        empty=naturals,
        transparent=st.none() | naturals,
    )


def errors(width):
    return st.builds(MeanAndStd, *[each(sizes, width)] * 2)


def uncertainties(width):
    return st.builds(
        Uncertainty,
        confidence=st.floats(0.5, 0.999),
        of=st.lists(texts, max_size=2).map(tuple),
        margin=st.none() | errors(width),
        reliable=st.booleans(),
        superpopulation=errors(width),
    )


def groups(width):
    decimals = st.none() | each(st.integers(0, 10**60 - 1), width)
    return st.builds(
        Group,
        images=naturals,
        count=each(naturals, width),
        sum=decimals,
        sum_of_squares=decimals,
        mean=each(reals, width),
        var=each(sizes, width),
    )


@st.composite
def results(draw):
    """Draw a result of one to four channels, with any text wherever text stands."""
    width = draw(st.integers(1, 4))
    decimals = st.none() | each(st.integers(0, 10**60 - 1), width)
    return Stats(
        source=draw(sources),
        pipeline=draw(pipelines),
        mode=draw(texts),
        channels=draw(each(texts, width)),
        scale=draw(st.sampled_from([255, 65535, 1])),
        count=draw(each(positives, width)),
        sum=draw(decimals),
        sum_of_squares=draw(decimals),
        histogram=draw(st.none() | histograms(width)),
        methods={
            "two-pass": draw(estimates(width)),
            "welford": draw(st.none() | estimates(width)),
            "batchnorm": draw(st.none() | replays(width)),
        },
        conventions=draw(st.dictionaries(texts, each(reals, width), max_size=3)),
        reasons=draw(st.dictionaries(texts, texts, max_size=2)),
        selection=draw(selections(width)),
        sample=draw(st.none() | samples),
        uncertainty=draw(st.none() | uncertainties(width)),
        groups=draw(st.none() | st.dictionaries(texts, groups(width), max_size=2)),
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

    @pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 5e-324, 2.2250738585072014e-308, 1e300])
    def test_floats_keep_their_last_digit(self, document, value):
        """What is read is the very float that was written."""
        stats = read(document)
        exact = Estimate((value,) * 3, (value,) * 3)
        stats = replace(stats, methods={**stats.methods, "two-pass": exact})

        assert Stats.from_json(stats.to_json()).mean == (value,) * 3

    def test_integers_keep_their_last_digit(self, document):
        """Sums past 2⁵³, where JSON numbers lose digits elsewhere, are text; counts are exact."""
        sums = (2**53 + 1, 2**63 + 1, 10**40 + 1)
        stats = replace(read(document), sum=sums, sum_of_squares=sums, count=(2**70 + 1,) * 3)
        written = json.loads(stats.to_json())

        assert written["sum"] == ["9007199254740993", "9223372036854775809", str(10**40 + 1)]
        assert Stats.from_json(stats.to_json()) == stats

    def test_a_histogram_stands_on_a_line_a_channel(self, document):
        """A person can read the document, and a diff of two is short."""
        lines = read(document).to_json().splitlines()

        assert sum(line.count(",") >= 255 for line in lines) == 3
        assert len(lines) < 110

    def test_lone_surrogates_can_be_saved(self, document, tmp_path):
        """JSON can escape what UTF-8 cannot hold: whoever can read it can write it."""
        path = tmp_path / "x.json"
        document["mode"] = "\ud800 and \udcff"
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
        assert read(without(document, key)).mean == read(document).mean

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
