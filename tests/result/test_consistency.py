"""What a document says in several ways is the same each time, or it is refused by both figures."""

import copy
import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import BnstatError, DocumentError
from bnstat.result import Stats

GOLDEN = Path(__file__).parents[1] / "golden"
GROUP = {
    "images": 4,
    "count": [27, 27, 27],
    "sum": ["2871", "3010", "2893"],
    "sum_of_squares": ["456911", "492144", "461631"],
    "mean": [0.4169934640522876, 0.4371822803195352, 0.42018881626724763],
    "var": [0.08636450368092044, 0.08918777150710737, 0.0863778361071425],
}
BLACK = {
    **{"images": 1, "count": [1, 1, 1], "sum": ["0"] * 3, "sum_of_squares": ["0"] * 3},
    **{"mean": [0.0] * 3, "var": [0.0] * 3},
}
SURE = {"confidence": 0.95, "margin": None, "reliable": True, "of": []}
SURE["superpopulation"] = _ERRORS = {"mean": [0.1] * 3, "std": [0.1] * 3}

# What is put into the golden document, and what is said of it.
CASES = [
    ({"sum.0": "1"}, "sum of R is 1, but 2871 by the histogram"),
    ({"sum_of_squares.2": "1"}, "sum_of_squares of B is 1, but 461631 by the histogram"),
    ({"count": [27, 28, 27]}, "count and selection.excluded add up to 27 and to 28"),
    ({"histogram.1": [0] * 256}, "count of G is 27, but 0 by the histogram"),
    ({"count": [10**18] * 3}, f"count is {10**18}, of 4 images in source.images"),
    ({"source.images": 0}, "count is 27, of 0 images in source.images"),
    ({"source.images": 28}, "count is 27, of 28 images in source.images"),
    ({"selection.empty": 5}, "selection.empty is 5, of 4 images in source.images"),
    ({"scale": 65535}, "scale is 65535, or there are no sums, but there is a histogram"),
    ({"histogram": None, "sum": None}, "scale is 255, but there are no sums"),
    (
        {"histogram": None, "sum_of_squares.0": "305282"},
        "sum of R is 2871 and sum_of_squares 305282, which 27 samples cannot have",
    ),
    (
        {"histogram": None, "sum.0": "6886"},
        "sum of R is 6886 and sum_of_squares 456911, which 27 samples cannot have",
    ),
    (
        {"histogram": None, "sum.0": "1700"},
        "sum of R is 1700 and sum_of_squares 456911, which 27 samples cannot have",
    ),
    (
        {"methods.two-pass.mean.1": 0.4371822},
        "mean of G is 0.4371822, but 0.4371822803195352 by the sums",
    ),
    (
        {"methods.welford.var.2": 0.5, "methods.welford.std.2": 0.5**0.5},
        "welford var of B is 0.5, but 0.0863778361071425 by two-pass",
    ),
    ({"methods.batchnorm.batches": 3}, "batchnorm batches is 3, but the schedule has 4"),
    (
        {"methods.batchnorm.momentum": 0.2},
        f"batchnorm start_weight is 0.6561, but {0.8**4!r} by its momentum",
    ),
    (
        {"conventions.mean_of_image_stds.0": 1.6},
        "conventions.mean_of_image_stds of R is 1.6, of 27 samples of std 0.2938783824661495",
    ),
    (
        {"sample": {"images": 4, "of": 9, "asked": "50%", "seed": 0}},
        "sample.images is 4, but source has 5, failures among them",
    ),
    (
        {"uncertainty": SURE, "sample": {"images": 5, "of": 9, "asked": "50%", "seed": 0}},
        "uncertainty.of is nothing, but sample is of some images",
    ),
    ({"uncertainty.of": ["sample"]}, "uncertainty.of is sample, but sample is of all images"),
    ({"uncertainty.of": ["draws"]}, "uncertainty.of is draws, but there is no pipeline"),
    (
        {"uncertainty": SURE | {"corrected": dict.fromkeys(("below", "above"), _ERRORS)}},
        "uncertainty.corrected is there, but no margin that is not reliable",
    ),
    (
        {"uncertainty": SURE | {"sketch": "".join(f"{each:016x}" for each in range(5))}},
        "uncertainty.sketch has more hashes than there are images",
    ),
    (
        {"uncertainty": SURE | {"of": ["draws"]}, "pipeline.spec": "autoaugment"},
        "uncertainty.of is draws, but there is no margin",
    ),
    (
        {"uncertainty.superpopulation.std.1": 0.45},
        "superpopulation std of G is 0.45, of samples of std 0.29864321774838176",
    ),
    (
        {"groups": {"a": GROUP | {"images": 5}}},
        "groups have 5 images, and source.images is 4",
    ),
    ({"groups": {"a": GROUP, "b": BLACK}}, "groups have 5 images, and source.images is 4"),
    (
        {"groups": {"a": GROUP | {"images": 3}, "b": BLACK}},
        "count of R is 27, but 28 in all groups",
    ),
    (
        {"groups": {"a": BLACK | {"count": [27] * 3}}},
        "sum of R is 2871, but 0 in all groups",
    ),
    (
        {"groups": {"a": GROUP | {"mean": [0.5, 0.5, 0.5]}}},
        "groups.a mean of R is 0.5, but 0.4169934640522876 by the sums",
    ),
    (
        {"groups": {"a": BLACK | {"sum": ["2", "0", "0"]}}},
        "groups.a sum of R is 2 and sum_of_squares 0, which 1 samples cannot have",
    ),
]


@pytest.mark.parametrize(("changes", "words"), CASES, ids=lambda case: str(case)[:60])
def test_a_contradiction_is_named_with_both_figures(document, put, changes, words):
    """The first that is found, in one sentence."""
    for path, value in changes.items():
        put(document, path, value)
    with pytest.raises(DocumentError) as refused:
        Stats.from_json(json.dumps(document), "x.json")
    assert str(refused.value) == f"x.json contradicts itself: {words}"


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": {"a": GROUP}},
        {"groups": {"a": BLACK}},
        {"groups": {}},
        {"histogram": None},
        {"methods.welford": None, "methods.batchnorm": None},
        {"sample": {"images": 5, "of": 5, "asked": "100%", "seed": 0}},
        {"selection.alpha": "exclude", "selection.empty": 4},
    ],
    ids=str,
)
def test_what_agrees_is_read(document, put, changes):
    """No rule refuses what can be."""
    for path, value in changes.items():
        put(document, path, value)
    assert Stats.from_json(json.dumps(document)).sum == (2871, 3010, 2893)


def test_a_written_std_is_the_root_of_the_variance(document, put):
    """It is not read, but others read it."""
    put(document, "methods.two-pass.std.1", 0.3)
    with pytest.raises(DocumentError, match=r"two-pass\.std must be the root of var: it is 0\.3, "):
        Stats.from_json(json.dumps(document))


def test_a_sample_is_of_no_more_images_than_there_are(document, put):
    """JSON Schema cannot say it."""
    put(document, "sample", {"images": 6, "of": 5, "asked": "6", "seed": 0})
    with pytest.raises(DocumentError, match=r"sample\.images must be an integer of at most 5"):
        Stats.from_json(json.dumps(document))


def test_no_key_is_there_twice(document):
    """Of two values, readers of JSON take one or the other."""
    text = json.dumps(document).replace('"scale": 255', '"scale": 255, "scale": 65535')
    with pytest.raises(DocumentError, match="is not JSON \\(key 'scale' is there twice\\)"):
        Stats.from_json(text)


@pytest.mark.parametrize("path", ["mode", "methods.batchnorm.order"])
def test_words_of_ours_have_no_lone_surrogates(document, put, path):
    """No terminal can show them."""
    put(document, path, "\ud800")
    with pytest.raises(DocumentError, match="must be"):
        Stats.from_json(json.dumps(document))


FORGED = {
    "quantiles.50.0": (0.9, "by the histogram"),
    "min.1": (0.5, "by the histogram"),
    "max.2": (0.5, "by the histogram"),
    "pooled.mean": (0.9, "of all channels"),
    "pooled.std": (0.9, "of all channels"),
    "uncertainty.sums.0.images": (3, "not 4"),
    "uncertainty.sums.0.first.1": (1.0, "by mean and var"),
    "uncertainty.sums.0.second.5": (1e300, "is possible"),
    "uncertainty.sums.0.fourth.3": (-1e300, "is possible"),
}


@pytest.mark.parametrize("path", FORGED)
@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
def test_what_follows_from_a_distribution_is_held_against_it(tmp_path, put, path, deep):
    """Percentiles, ends, all channels together, and the sums of margins."""
    rng = np.random.default_rng(8)
    for i in range(4):
        size = (4, 5) if deep else (4, 5, 3)
        pixels = rng.integers(0, 65536 if deep else 256, size)
        Image.fromarray(pixels.astype(np.uint16 if deep else np.uint8)).save(tmp_path / f"{i}.png")
    document = json.loads(bnstat.compute(tmp_path, workers=1).to_json())
    assert document["scale"] == (65535 if deep else 255)
    assert Stats.from_json(json.dumps(document))
    value, words = FORGED[path]
    put(document, path, value)
    with pytest.raises(DocumentError, match=words):
        Stats.from_json(json.dumps(document))


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """The golden documents, and of groups, a sample and of random draws, as JSON values."""
    folder = tmp_path_factory.mktemp("forged")
    rng = np.random.default_rng(5)
    for name in ("a/1.png", "a/2.png", "b/3.png", "b/4.png", "b/5.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (3, 4, 3)).astype(np.uint8)).save(folder / name)
    made = [
        bnstat.compute(folder, workers=1, by="folder", nodata="7"),
        bnstat.compute(folder, workers=1, sample="60%", mode="L"),
        bnstat.compute(folder, workers=1, augment="RandomCrop(2)", epochs=2),
    ]
    texts = [path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*.json"))]
    return [json.loads(text) for text in [*texts, *(stats.to_json() for stats in made)]]


VALUES = (0, 1, -1, 3, 10**18, 10**59, 1.5, -1e-300, 1e300, 0.05, None, True, False, "", "0", "1")
VALUES += ("\ud800", "9" * 60, "two-pass", [], {}, [0], "cumulative", "RGB", "shuffled", 255, 65535)


def mutated(rng, document):
    """Return a copy of a document with one to three of its values changed, moved or dropped."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 2, 3))):
        nodes = [node for node in nested(document) if node]
        node = rng.choice(nodes)
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key, other = rng.choice(list(keys)), rng.choice(list(keys))
        change = rng.randrange(5)
        if change == 0:
            del node[key]
        elif change == 1:
            node[key], node[other] = node[other], node[key]
        elif change == 2 and isinstance(node[key], int | float):
            node[key] = rng.choice((node[key] + 1, node[key] * 2, node[key] * 1.001, -node[key]))
        elif change == 3 and isinstance(node[key], str) and node[key].isdigit():
            node[key] = str(int(node[key]) + rng.choice((1, 10**6, 10**20)))
        else:
            node[key] = copy.deepcopy(rng.choice((*VALUES, rng.choice(nodes))))
    return document


def nested(value):
    """Yield the objects and arrays of JSON, but for rows of the histogram beyond the first."""
    if isinstance(value, dict | list):
        yield value
        for child in value.values() if isinstance(value, dict) else value[:3]:
            yield from nested(child)


def figures(stats):
    """Return what a document determines, in some way or other."""
    return stats.count, stats.sum, stats.sum_of_squares, stats.histogram and stats.histogram[0]


@pytest.mark.parametrize(
    ("seed", "number"), [(0, 200), pytest.param(1, 4_000, marks=pytest.mark.long)]
)
def test_forged_documents(documents, tmp_path, in_process, seed, number):
    """Refused in words, or read with the figures as before; and no command ends as by a bug."""
    rng = random.Random(seed)
    taken, read = 0, [(each, Stats.from_json(json.dumps(each))) for each in documents]
    for n in range(number):
        original, before = rng.choice(read)
        text = json.dumps(mutated(rng, original))
        try:
            stats = Stats.from_json(text, "x.json")
        except DocumentError as error:
            assert 0 < len(str(error)) < 10_000
            continue
        taken += 1
        if stats.sum is not None and stats.channels:
            assert figures(stats)[:3] == figures(before)[:3]
            assert stats.mean == pytest.approx(before.mean, rel=1e-9)
            assert stats.std == pytest.approx(before.std, rel=1e-8)
        use(stats, before)
        if n % 50 == 0:
            (tmp_path / "x.json").write_text(text)
            for command in ("export", "merge", "report", "plot histogram"):
                done = in_process(*command.split(), str(tmp_path / "x.json"), *OUT)
                assert done.status in range(5), (command, done.err)
    assert taken > number / 20


OUT = ("-o", "-")


def use(stats, before):
    """Do with a result what needs no images; errors must be of those that are meant."""
    for each in (lambda: bnstat.merge(stats, before), lambda: bnstat.merge(stats), stats.to_json):
        try:
            each()
        except BnstatError as error:
            assert str(error)
    assert repr(stats) and stats._repr_html_()
