"""The one table of methods, and what reads it."""

import json

import pytest

from bnstat.errors import ExportError
from bnstat.result import EXACT, METHODS, Estimate, Stats, empty_figures
from bnstat.result.document import write_estimate
from bnstat.result.node import Node
from bnstat.result.reading import read_estimate
from bnstat.targets import TARGETS


@pytest.fixture
def stats(document):
    return Stats.from_json(json.dumps(document))


def test_the_exact_method_is_the_first():
    """That documents and tables show; the others are held against it."""
    assert next(iter(METHODS)) == EXACT == "two-pass"


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_an_estimate_that_is_written_is_read_back(stats, method):
    """Each method reads what it writes, with mean, var and std among it."""
    estimate = stats.methods.get(method.name, Estimate((0.5,) * 3, (0.25,) * 3))
    written = json.loads(json.dumps(write_estimate(estimate)))

    assert read_estimate(Node(written, "x.json"), method.name, 3) == estimate
    assert written.keys() >= {"mean", "var", "std"}


def test_how_each_method_merges():
    """And whether it does."""
    ways = {name: method.merging for name, method in METHODS.items()}
    assert ways == {"two-pass": "exact", "welford": "chan", "batchnorm": None}


def test_a_document_may_lack_a_method(document):
    """One that was added after it was written; it stays so, and export names those there are."""
    del document["methods"]["welford"]
    stats = Stats.from_json(json.dumps(document))

    assert list(stats.methods) == ["two-pass", "batchnorm"]
    assert "welford" not in json.loads(stats.to_json())["methods"]
    with pytest.raises(ExportError, match="no method 'welford'; there are two-pass, batchnorm"):
        TARGETS["json"].figures(stats, "welford")


def test_a_document_may_have_a_method_that_is_not_known(document):
    """Of a later version: it is ignored, as all unknown keys are."""
    document["methods"]["median"] = {"mean": [1, 2, 3]}

    assert "median" not in Stats.from_json(json.dumps(document)).methods


def test_an_empty_result_has_no_estimate():
    """And a reason for each method."""
    figures = empty_figures()

    assert figures["methods"] == dict.fromkeys(METHODS)
    assert figures["reasons"] == dict.fromkeys(METHODS, "no image was measured")


def test_fields_of_a_method_s_own_are_written(stats):
    """Beside mean, var and std, in the order of its type."""
    written = write_estimate(stats.methods["batchnorm"])
    plain = write_estimate(Estimate((0.5,), (0.25,)))

    assert list(plain.items()) == [("mean", (0.5,)), ("var", (0.25,)), ("std", (0.5,))]
    assert list(written) == [
        *plain,
        "batch_size",
        "momentum",
        "order",
        "batches",
        "start_weight",
        "expected_sd",
        "expected",
    ]
