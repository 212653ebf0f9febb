"""A real document, and every way to break one value of it."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "stats-v2.json"

# Path to a value, what stands there instead, and what the reader says it must be.
BROKEN = [
    ("bnstat", 1, "a string"),
    ("created", None, "a string"),
    ("mode", ["RGB"], "a string"),
    ("channels", "RGB", "an array"),
    ("channels.1", 7, "a string"),
    ("scale", 256, "one of 255, 65535, 1"),
    ("scale", True, "one of 255, 65535, 1"),
    ("scale", "255", "one of 255, 65535, 1"),
    ("count", [27, 27], "an array of 3"),
    ("count", "27", "an array of 3"),
    ("count.0", 1.5, "an integer of at least 0"),
    ("count.1", True, "an integer of at least 0"),
    ("count.2", "27", "an integer of at least 0"),
    ("selection", [], "an object"),
    ("selection.alpha", None, "a string"),
    ("selection.nodata", 0, "a string"),
    ("selection.mask_values", 1, "an array"),
    ("selection.mask_ignore", [-1], "an integer of at least 0", "selection.mask_ignore.0"),
    ("selection.exclude_fill", 0, "true or false"),
    ("selection.excluded", [0], "an array of 3"),
    ("selection.empty", -1, "an integer of at least 0"),
    ("selection.transparent", "none", "an integer of at least 0"),
    ("sample", 5, "an object"),
    ("uncertainty", [], "an object"),
    ("groups", [], "an object"),
    ("uncertainty.superpopulation.mean.1", -0.1, "a finite number of at least 0"),
    ("uncertainty.superpopulation.std.1", -0.1, "a finite number of at least 0"),
    ("uncertainty.reliable", 1, "true or false"),
    ("uncertainty.sketch", "0" * 15, "ascending hashes of 16 hex digits"),
    ("sum", 1, "an array of 3"),
    ("sum.0", 2871, "a string"),
    ("sum_of_squares.2", None, "a string"),
    ("histogram", {}, "an array of 3"),
    ("histogram.1", [0] * 255, "an array of 256"),
    ("histogram.0.7", -1, "an integer of at least 0"),
    ("histogram.2.255", 0.5, "an integer of at least 0"),
    ("sparse_histogram", {}, "an array of 3"),
    (
        "sparse_histogram",
        [{"values": [], "counts": []}] * 3,
        "ascending numbers",
        "sparse_histogram.0.values",
    ),
    (
        "sparse_histogram",
        [{"values": [5, 65536], "counts": [1, 1]}] * 3,
        "an integer of at most 65535",
        "sparse_histogram.0.values.1",
    ),
    (
        "sparse_histogram",
        [{"values": [5], "counts": [0]}] * 3,
        "an integer of at least 1",
        "sparse_histogram.0.counts.0",
    ),
    ("quantiles", [], "an object"),
    ("quantiles", {"50": "x"}, "an array of 3", "quantiles.50"),
    ("quantiles", {"x": [0, 0, 0]}, "at a percentile from 0 to 100", "quantiles.x"),
    ("min", 0, "an array of 3"),
    ("max", ["a"] * 3, "a number", "max.0"),
    ("pooled", {"mean": 0.5}, "there; it is missing", "pooled.std"),
    ("pooled", {"mean": 0.5, "std": -1}, "a finite number of at least 0", "pooled.std"),
    ("source", [], "an object"),
    ("source.locations", "data", "an array"),
    ("source.locations.0", 1, "a string"),
    ("source.cwd", None, "a string"),
    ("source.images", -1, "an integer of at least 0"),
    ("source.skipped", None, "an integer of at least 0"),
    ("source.duplicates", False, "an integer of at least 0"),
    ("source.deeper_than_8_bits", "0", "an integer of at least 0"),
    ("source.failures", {}, "an array"),
    ("source.failures.0", "b/broken.ppm", "an object"),
    ("source.failures.0.image", None, "a string"),
    ("source.failures.0.reason", 3, "a string"),
    ("source.fingerprint", 17, "a string"),
    ("source.shard", 1, "an object"),
    ("source.shard", {"index": 0, "of": 2}, "an integer of at least 1", "source.shard.index"),
    ("source.shard", {"index": 1, "of": "2"}, "an integer of at least 1", "source.shard.of"),
    ("source.shards", {"indices": 1, "of": 2}, "an array", "source.shards.indices"),
    (
        "source.shards",
        {"indices": [0], "of": 2},
        "an integer of at least 1",
        "source.shards.indices.0",
    ),
    ("source.files_from", True, "an object"),
    (
        "source.files_from",
        {"null": 0, "root": None, "again": True},
        "true or false",
        "source.files_from.null",
    ),
    (
        "source.files_from",
        {"null": False, "root": 1, "again": True},
        "a string",
        "source.files_from.root",
    ),
    ("pipeline", None, "an object"),
    ("pipeline.spec", 1, "a string"),
    ("pipeline.transforms", None, "an array"),
    ("pipeline.transforms", [1], "a string", "pipeline.transforms.0"),
    ("pipeline.seed", 0.5, "an integer"),
    ("pipeline.epochs", 0, "an integer of at least 1"),
    ("pipeline.before_normalize", 0, "true or false"),
    ("pipeline.warnings", "x", "an array"),
    ("methods", [], "an object"),
    ("methods.two-pass", None, "an object"),
    ("methods.welford", 0.5, "an object"),
    ("methods.two-pass.mean.0", "0.5", "a number"),
    ("methods.two-pass.mean.0", None, "a number"),
    ("methods.two-pass.mean.0", True, "a number"),
    ("methods.two-pass.var.2", -1e-9, "a finite number of at least 0"),
    ("methods.batchnorm.var", 1, "an array of 3"),
    ("methods.batchnorm.batch_size", 0, "an integer of at least 1"),
    ("methods.batchnorm.momentum", "plain", "a number"),
    ("methods.batchnorm.momentum", None, "a number"),
    ("methods.batchnorm.order", None, "one of shuffled, listed"),
    ("methods.batchnorm.batches", 0, "an integer of at least 1"),
    ("methods.batchnorm.start_weight", "0.2", "a number"),
    ("methods.batchnorm.expected_sd", [], "an object"),
    ("methods.batchnorm.expected_sd.mean", 0.1, "an array of 3"),
    ("conventions", [], "an object"),
    ("conventions.mean_of_image_stds", 0.2, "an array of 3"),
    ("conventions.mean_of_image_stds.1", [], "a number"),
    ("reasons", [], "an object"),
    ("reasons", {"batchnorm": 1}, "a string", "reasons.batchnorm"),
]


@pytest.fixture
def document():
    """The golden document, as JSON values that a test may alter."""
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def put():
    """Return what puts a value at a dotted path of a document."""

    def at(document, path, value):
        *way, last = path.split(".")
        for step in way:
            document = document[int(step) if isinstance(document, list) else step]
        document[int(last) if isinstance(document, list) else last] = value

    return at


@pytest.fixture(params=BROKEN, ids=lambda case: f"{case[0]}={str(case[1])[:20]}")
def broken(request, document, put):
    """A document with one value that cannot be, and what the reader says of it."""
    path, value, expected, *where = request.param
    put(document, path, value)
    return document, f"{where[0] if where else path} must be {expected}"
