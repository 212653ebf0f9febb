"""Every past version of the document stays readable."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from bnstat import Stats

HERE = Path(__file__).parent
DOCUMENTS = sorted(HERE.glob("*.json"))
PRESENT = [path for path in DOCUMENTS if "v2" in path.name]


@pytest.mark.parametrize("path", PRESENT, ids=lambda path: path.name)
def test_it_loads_and_is_written_again_as_it_was(path):
    """Reading loses nothing and writing changes nothing: the text is the same."""
    assert Stats.load(path).to_json() == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def remade():
    """What the script makes today, by file name."""
    return runpy.run_path(str(HERE / "make.py"))["documents"]()


def comparable(text, **reading):
    """Return a document's values, but for what is expected and reasons, which may get better."""
    document = json.loads(text, **reading)
    for failure in document["source"]["failures"]:
        del failure["reason"]
    if document["methods"]["batchnorm"]:
        for found_by_shuffling in ("expected", "expected_sd"):
            del document["methods"]["batchnorm"][found_by_shuffling]
    if document["uncertainty"]:
        for new in ("sums", "sketch"):  # in 0.3
            document["uncertainty"].pop(new, None)
    return document


@pytest.mark.parametrize("path", PRESENT, ids=lambda path: path.name)
def test_version_1_reads_as_version_2(path):
    """Of the same images; it did not count transparent pixels."""
    old, new = Stats.load(HERE / path.name.replace("v2", "v1")), Stats.load(path)
    selection = replace(new.selection, transparent=None)
    assert new.methods["two-pass"] == old.methods["two-pass"]  # others round as numpy does
    rest = {"bnstat": old.bnstat, "methods": old.methods, "conventions": old.conventions}
    source = replace(new.source, failures=old.source.failures)  # their reasons have other words
    assert [f.image for f in new.source.failures] == [f.image for f in old.source.failures]
    assert old == replace(new, source=source, selection=selection, uncertainty=None, **rest)


@pytest.mark.parametrize("path", PRESENT, ids=lambda path: path.name)
def test_the_same_images_still_have_the_same_figures(path, remade):
    """Exact ones to the last digit; those that numpy's own routines round, to 1e-12."""
    golden = path.read_text(encoding="utf-8")
    near = comparable(golden, parse_float=lambda text: pytest.approx(float(text), rel=1e-12))

    again = comparable(remade[path.name])
    again = {name: again[name] for name in near}  # keys and methods may have been added since
    for what in ("methods", "reasons"):
        again[what] = {name: again[what][name] for name in near[what]}
    assert {name: again[name] for name in near} == near  # keys may have been added since
    assert Stats.from_json(remade[path.name]).exact.var == Stats.from_json(golden).exact.var
