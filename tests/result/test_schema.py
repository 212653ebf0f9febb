"""docs/bnstat.schema.json is true of what is written."""

import copy
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.result import METHODS, Estimate, Stats
from bnstat.result.document import write_estimate

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "bnstat.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOLDEN = Path(__file__).parents[1] / "golden"


def closed(schema):
    """Return the schema with no key allowed that it does not name."""
    schema = copy.deepcopy(schema)
    conditions = {name: schema["$defs"].pop(name) for name in ("measured", "nothing", "undivided")}
    conditions_of_versions = {name: schema.pop(name) for name in ("if", "then", "else")}
    objects = [schema]
    while objects:
        node = objects.pop()
        if "properties" in node and "additionalProperties" not in node:
            node["unevaluatedProperties"] = False
        objects += [child for child in node.values() if isinstance(child, dict)]
        objects += [
            v
            for value in node.values()
            if isinstance(value, list)
            for v in value
            if isinstance(v, dict)
        ]
    del schema["$defs"]["estimate"]["unevaluatedProperties"]  # batchnorm adds to it
    schema["$defs"] |= conditions
    return schema | conditions_of_versions


@pytest.fixture
def folder(tmp_path):
    """Two colour images, a 16-bit one, a float one, and a broken one."""
    rng = np.random.default_rng(18)
    for name in ("a.png", "b.png"):
        Image.fromarray(rng.integers(0, 256, (3, 4, 3)).astype(np.uint8)).save(tmp_path / name)
    deep = rng.integers(0, 65536, (3, 4)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(rng.random((3, 4)).astype(np.float32)).save(tmp_path / "float.tiff")
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "list").write_text("a.png\nb.png\n")
    return tmp_path


def computed(folder, what):
    """Return the document of one of the ways to a result."""
    names = {
        "8-bit": ["a.png", "b.png"],
        "16-bit": ["a.png", "deep.png"],
        "float": ["a.png", "float.tiff"],
        "failures": ["a.png", "broken.jpg"],
    }
    if what == "list":
        stats = bnstat.compute(files_from=folder / "list", root=folder, workers=1)
    elif what == "empty shard":
        stats = bnstat.compute(folder / "a.png", shard=(1, 99), workers=1)
        assert stats.count == ()
    elif what == "partial merge":
        shards = [bnstat.compute(folder, shard=(i, 3), workers=1) for i in (1, 3)]
        stats = bnstat.merge(*shards, partial=True)
    else:
        sources = [folder / name for name in names[what]]
        momentum = None if what == "float" else 0.1
        stats = bnstat.compute(*sources, momentum=momentum, order="listed", workers=1)
    return json.loads(stats.to_json())


def test_it_is_a_schema():
    """By the rules of its draft."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "what", ["8-bit", "16-bit", "float", "failures", "list", "empty shard", "partial merge"]
)
def test_what_is_written_is_valid_and_described(folder, what, monkeypatch):
    """Every result is valid, and has no key that the schema does not name."""
    monkeypatch.chdir(folder)
    document = computed(folder, what)

    jsonschema.Draft202012Validator(closed(SCHEMA)).validate(document)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name)
def test_golden_documents_are_valid(path):
    """So is every document of a past version."""
    VALIDATOR.validate(json.loads(path.read_text(encoding="utf-8")))


def test_methods_are_those_of_the_table(document):
    """Each is described: a plain estimate by what holds for all, others by their own keys."""
    stats = Stats.from_json(json.dumps(document))
    methods = SCHEMA["properties"]["methods"]
    plain = methods["additionalProperties"]["anyOf"][0]
    assert set(methods["properties"]) <= set(METHODS)
    for name in METHODS:
        described = methods["properties"].get(name, {"anyOf": [plain]})["anyOf"][0]
        definition = SCHEMA["$defs"][described["$ref"].removeprefix("#/$defs/")]
        inherited = SCHEMA["$defs"]["estimate"]["properties"]
        estimate = stats.methods.get(name, Estimate((0.5,) * 3, (0.25,) * 3))
        assert set(write_estimate(estimate)) == {*definition["properties"], *inherited}


def test_unknown_keys_are_valid(document, put):
    """As readers ignore them."""
    for path in ("new", "source.new", "pipeline.new", "methods.batchnorm.new"):
        put(document, path, 1)

    assert VALIDATOR.is_valid(document)


def test_a_closed_schema_finds_an_undescribed_key(document, put):
    """The check of what is written can fail."""
    put(document, "methods.batchnorm.new", 1)

    assert not jsonschema.Draft202012Validator(closed(SCHEMA)).is_valid(document)


def test_what_the_reader_refuses_is_invalid(broken, put):
    """But for the length of arrays, which a schema cannot hold to the number of channels."""
    document, expected = broken
    for key in ("histogram", "count", "selection.excluded"):
        if expected == f"{key} must be an array of 3":
            put(document, key, {})

    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "bnstat.sweep"),
        ("version", 3),
        ("created", "yesterday"),
        ("channels", []),
        ("sum.0", "-1"),
        ("sum.0", "1e5"),
        ("source.fingerprint", "abc"),
        ("methods.batchnorm.order", "random"),
        ("methods.batchnorm.momentum", 0),
        ("methods.batchnorm.momentum", 1.5),
        ("methods.batchnorm.start_weight", 2),
        ("methods.batchnorm.expected_sd", {"mean": [0, 0, 0]}),
        ("methods.batchnorm.expected_sd.var.0", -1),
        ("methods.two-pass", {"mean": [0, 0, 0], "var": [0, 0, 0]}),
        ("methods.two-pass", None),
        ("count", []),
    ],
)
def test_what_is_never_written_is_invalid(document, put, path, value):
    """Values that no result has, some of which the reader lets pass."""
    assert VALIDATOR.is_valid(document)

    put(document, path, value)

    assert not VALIDATOR.is_valid(document)
