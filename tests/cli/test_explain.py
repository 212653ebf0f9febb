"""`bnstat explain`: exact text, JSON and exit statuses."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def tiny(here):
    """Forty images of 4 × 4 pixels below `data`: left and right half of two colors each."""
    (here / "data").mkdir()
    for i in range(40):
        image = np.full((4, 4, 3), [4 * i, 100, 200 - 3 * i])
        image[:, :2] += np.array([20, 30 + i, 50])
        Image.fromarray(image.astype(np.uint8)).save(here / "data" / f"{i:02}.png")
    return here


@pytest.fixture
def explain(bnstat, tiny):
    """Run `bnstat explain` in this process, without other processes."""
    return lambda *arguments: bnstat("explain", "--workers", "1", *arguments)


def constants(tiny, ddof=0):
    images = [np.asarray(Image.open(p)) / 255 for p in sorted((tiny / "data").glob("*.png"))]
    std = np.mean([i.std((0, 1), ddof=ddof) for i in images], axis=0)
    return [
        "/".join(",".join(f"{v:.5f}" for v in each) for each in (np.mean(images, (0, 1, 2)), std))
    ]


FOUND = """\
std 0.03922, 0.09706, 0.09804 is the mean of the images' stds (ddof 0): 0.0392157, 0.0970588, \
0.0980392 (all digits agree).
The std of all pixels is 0.185271, 0.102201, 0.167495. Normalized with these constants the images \
have mean 0.00, 0.00, 0.00 and std 4.72, 1.05, 1.71.
mean 0.34510, 0.48922, 0.65294 is the mean of all pixels: 0.3450980, 0.4892157, 0.6529412 (all \
digits agree).

The same mean in these digits: the mean of the images' means; the mean of the means of batches of \
2, a short last one weighing alike; the mean of the means of batches of 4, a short last one \
weighing alike; 2 more (-v).

Keep these constants with weights that were trained with them; to train from scratch, use those of \
the images:
  bnstat export --format normalize
"""


def test_found(explain, tiny):
    """Two lines that stand alone, the rest below; status 0, nothing on stderr."""
    done = explain(*constants(tiny), "data", "--fail")
    assert (0, "", FOUND) == (done.status, done.err, done.out)


NOTHING = """\
no recipe matches: neither std 0.229, 0.224, 0.225 nor mean 0.485, 0.456, 0.406 comes from these \
40 images in any of """


def test_nothing(explain):
    """ "No recipe matches" are the words where none does; --fail makes it status 1."""
    done = explain("imagenet", "data")
    assert (0, True) == (done.status, done.out.startswith(NOTHING))
    assert "nearest to std 0.229, 0.224, 0.225\n" in done.out
    assert 1 == explain("imagenet", "data", "--fail").status


def test_bnstat_json(bnstat, explain, tiny):
    """Without a source, the images of bnstat.json are measured again, and that is said."""
    assert 0 == bnstat("compute", "--workers", "1", "data").status
    done = explain(*constants(tiny))
    assert FOUND == done.out
    assert (
        "bnstat.json has no records of single images: they are measured again (compute --records "
        "FILE saves that)\n"
    ) == done.err


def test_json(explain, tiny):
    """The JSON has the digits, the recipes and their formulas; -o writes it beside the text."""
    done = explain(*constants(tiny, ddof=1), "data", "-o", "found.json")
    found = json.loads((tiny / "found.json").read_text())
    assert ("bnstat.explanation", 1) == (found["format"], found["version"])
    match = found["std"]["matches"][0]
    assert "the mean of the images' stds (ddof 1)" == match["recipe"]
    assert "mean of √(Σ(x − image's mean)² / (n − 1))" == match["formula"]
    assert ["0.04050", "0.10024", "0.10125"] == found["std"]["given"]["texts"]
    assert "(all digits agree)" in done.out
    assert found == json.loads(explain(*constants(tiny, ddof=1), "data", "-o", "-").out)
    markdown = explain("imagenet", "data", "--format", "markdown").out
    assert "| off by | value | nearest to std 0.229, 0.224, 0.225 |" in markdown


def test_verbose(explain, tiny):
    """-v names all recipes that agree."""
    assert "batches of 8" in explain(*constants(tiny), "data", "-v").out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "Missing argument 'CONSTANTS'"),
        (["0.5/0", "data"], 4, "a std must be above 0"),
        (["1,2/1,2", "data"], 4, "the constants have 2 channels, the images 3 (R, G, B)"),
        (["imagenet"], 4, "no result document bnstat.json"),
        (["imagenet", "nothing"], 4, "no folder or file nothing; check the path"),
    ],
)
def test_errors(explain, arguments, status, said):
    """What cannot be explained is said in a line."""
    done = explain(*arguments)
    assert (status, True) == (done.status, said in done.err), done.err
