"""Constants from elsewhere: named, typed, and those of other tools' files."""

import json

import pytest

from bnstat.errors import SourceError
from bnstat.show.constants import CONSTANTS, read


@pytest.mark.parametrize("name", CONSTANTS)
def test_named_references_say_where_they_are_from(name):
    """Each has as many means as stds, in [0, 1], its source on the web, and its convention."""
    constants = CONSTANTS[name]
    assert constants is read(name)
    assert name == constants.name
    assert len(constants.mean) == len(constants.std)
    assert all(0 < value < 1 for value in (*constants.mean, *constants.std))
    assert constants.source.startswith("https://")
    assert constants.convention


def test_torchvision_agrees_on_imagenet():
    """imagenet's constants are those of torchvision's own weights."""
    from torchvision.models import ResNet18_Weights

    theirs = ResNet18_Weights.DEFAULT.transforms()
    ours = CONSTANTS["imagenet"]
    assert (theirs.mean, theirs.std) == (list(ours.mean), list(ours.std))


@pytest.mark.parametrize(
    ("text", "mean", "std"),
    [
        ("0.485,0.456,0.406/0.229,0.224,0.225", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("0.5/0.25", (0.5,), (0.25,)),
        (" .5 , 1e-1 / 1, 2 ", (0.5, 0.1), (1.0, 2.0)),
        ("-0.5/1", (-0.5,), (1.0,)),
        (
            ",".join(["0.12345678901234567"] * 13) + "/" + ",".join(["0.25"] * 13),
            (0.12345678901234567,) * 13,
            (0.25,) * 13,
        ),
    ],
)
def test_typed_constants(text, mean, std):
    """MEAN/STD with commas, of any number of channels."""
    constants = read(text)
    assert (mean, std) == (constants.mean, constants.std)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into the current folder."""
    monkeypatch.chdir(tmp_path)

    def put(name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text)
        return name

    return put


MEAN, STD = [0.48, 0.45, 0.4], [0.26, 0.25, 0.27]
FILES = {
    "Hugging Face": {"image_mean": MEAN, "image_std": STD, "size": {"shortest_edge": 224}},
    "timm": {"architecture": "vit", "pretrained_cfg": {"mean": MEAN, "std": STD}},
    "open_clip": {"model_cfg": {}, "preprocess_cfg": {"mean": MEAN, "std": STD}},
    "timm, older": {"mean": MEAN, "std": STD, "input_size": [3, 224, 224]},
}


@pytest.mark.parametrize("kind", FILES)
def test_constants_of_other_tools(kind, write):
    """The files of Hugging Face, timm and open_clip are read, whatever else is in them."""
    constants = read(write("config.json", FILES[kind]))
    assert (tuple(MEAN), tuple(STD)) == (constants.mean, constants.std)
    assert "config.json" == constants.source


def test_rows_of_several_constants_can_be_told_apart(write, tmp_path):
    """Two files of the same name, and two typed constants, have names of their own."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(f"{folder}/preprocessor_config.json", FILES["Hugging Face"])
    texts = ["a/preprocessor_config.json", "b/preprocessor_config.json", "0.5/1", "0.5/2"]
    assert 4 == len({read(text).name for text in texts})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "0.5",
            "'0.5' is neither a file nor constants; write MEAN/STD, "
            "as in 0.485,0.456,0.406/0.229,0.224,0.225",
        ),
        (
            "imagenet21k",
            "'imagenet21k' is neither a file nor constants; write MEAN/STD, "
            "as in 0.485,0.456,0.406/0.229,0.224,0.225",
        ),
        ("0.5,0.5/0.5", "0.5,0.5/0.5 has 2 means and 1 stds"),
        ("0.5/0", "0.5/0: a std must be above 0, and all must be finite"),
        ("0.5/-1", "0.5/-1: a std must be above 0, and all must be finite"),
        ("nan/1", "nan/1: a std must be above 0, and all must be finite"),
        ("0.5/inf", "0.5/inf: a std must be above 0, and all must be finite"),
    ],
)
def test_says_what_is_wrong_with_typed_ones(text, says):
    """What is neither a name, a file nor MEAN/STD is answered with an example."""
    with pytest.raises(SourceError) as error:
        read(text)
    assert says == str(error.value)


@pytest.mark.parametrize("text", ["", "/", "1/", "/1", ",/,", "1/1/1", "\0", "a/b", "/" * 300])
def test_any_other_text_is_a_source_error(text):
    """No text whatever raises anything else."""
    with pytest.raises(SourceError):
        read(text)


BROKEN = {
    "empty": "",
    "no JSON": "mean: 0.5",
    "a list": [MEAN, STD],
    "a number": 3,
    "no constants": {"size": 224},
    "a scalar": {"image_mean": 0.5, "image_std": 0.5},
    "no std": {"image_mean": MEAN},
    "empty lists": {"image_mean": [], "image_std": []},
    "strings": {"image_mean": ["0.5"], "image_std": ["0.5"]},
    "booleans": {"image_mean": [True], "image_std": [True]},
    "nulls": {"image_mean": [None], "image_std": [None]},
    "nested": {"image_mean": [[0.5]], "image_std": [[0.5]]},
    "lengths": {"image_mean": MEAN, "image_std": [0.5]},
    "zero": {"image_mean": [0.5], "image_std": [0]},
    "NaN": {"image_mean": [float("nan")], "image_std": [1.0]},
    "infinity": {"image_mean": [0.5], "image_std": [float("inf")]},
    "too large": {"image_mean": [10**400], "image_std": [1]},
    "config is a list": {"pretrained_cfg": [MEAN, STD]},
    "nesting": "[" * 100_000,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_source_errors_that_name_the_file(kind, write):
    """A file without usable constants is named."""
    with pytest.raises(SourceError, match=r"config\.json"):
        read(write("config.json", BROKEN[kind]))


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    """A missing file is said to be missing, once; bytes that are no text are no crash."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.json").write_bytes(b'{"image_mean": "\xe9"}')
    with pytest.raises(SourceError, match=r"^cannot read constants of none\.json: No such file"):
        read("none.json")
    with pytest.raises(SourceError, match=r"^cannot read constants of latin\.json: "):
        read("latin.json")
