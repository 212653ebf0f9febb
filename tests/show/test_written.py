"""Constants with their digits, as people have them at hand."""

import json

import pytest

from bnstat.errors import SourceError
from bnstat.show.constants import read_written

CODE = {
    "T.Normalize((0.1307,), (0.3081,))": ("0.1307", "0.3081"),
    "Normalize(mean=[0.4914, 0.4822, 0.4465], std=[0.247, 0.2435, 0.2616])": (
        "0.4914, 0.4822, 0.4465",
        "0.2470, 0.2435, 0.2616",
    ),
    "mean = [x / 255.0 for x in [125.3, 123.0, 113.9]]\n"
    "std = [x / 255.0 for x in [63, 62.1, 66.7]]": (
        "125.3, 123.0, 113.9",
        "63.0, 62.1, 66.7",
    ),
    "CIFAR_MEAN = np.array([0.49139968, .5])\nCIFAR_STD= np.array([2.4703233e-1, .5])": (
        "0.49139968, 0.50000000",
        "0.24703233, 0.50000000",
    ),
    "mean=0.5, std=0.25": ("0.5", "0.25"),
    "{'mean': [0.1, 0.2], 'std': (\n    0.1,\n    0.3,\n)}": ("0.1, 0.2", "0.1, 0.3"),
}


@pytest.mark.parametrize("code", CODE)
def test_code(code):
    """Python code is read for its digits, as it is pasted."""
    written = read_written(code)
    assert CODE[code] == (str(written.mean), str(written.std))
    assert "the code" == written.name


def test_code_in_a_file(tmp_path):
    """A script is read for the Normalize in it."""
    script = tmp_path / "main.py"
    script.write_text("x = 3\nt = Compose([ToTensor(), Normalize((0.5071, 0.4867), (0.26, 0.25))])")
    written = read_written(str(script))
    assert ("0.5071, 0.4867", "0.26, 0.25") == (str(written.mean), str(written.std))
    assert str(script) == written.name


def test_typed_and_named():
    """MEAN/STD keeps its zeros; names have the digits of their source."""
    assert "0.4914, 0.4820" == str(read_written("0.4914,0.4820/0.2,0.3").mean)
    assert "0.229, 0.224, 0.225" == str(read_written("imagenet").std)


@pytest.mark.parametrize(
    ("content", "digits", "white"),
    [
        ({"image_mean": [0.485, 0.4], "image_std": [0.2290, 0.2]}, "0.229, 0.200", None),
        (
            {"image_mean": [125.5, 4.0], "image_std": [58.25, 2], "do_rescale": False},
            "58.25, 2.00",
            255,
        ),
        ({"mean": [0.5], "std": [0.25], "scale": 1}, "0.25", None),
    ],
)
def test_files(tmp_path, content, digits, white):
    """A framework's file gives its digits, and its units where it has others than [0, 1]."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    std = read_written(str(path)).std
    assert (digits, white) == (str(std), std.white)


def test_toml(tmp_path):
    """TOML gives its digits."""
    path = tmp_path / "a.toml"
    path.write_text("mean = [0.50]\nstd = [0.250]\n")
    assert "0.250" == str(read_written(str(path)).std)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.1,0.2/0.3", "0.1,0.2/0.3 has 2 means and 1 stds"),
        ("0.1/0", "0.1/0: a std must be above 0, and all must be finite"),
        ("nan/1", "nan/1: a std must be above 0, and all must be finite"),
        ("1e-999999999/1", "1e-999999999/1: constants have at most 100 decimals"),
        ("1/inf", "1/inf: a std must be above 0, and all must be finite"),
        ("mean=3", "no constants in 'mean=3': there is neither Normalize((...), (...)) nor "),
        ("nothere", "'nothere' is neither a file nor constants; write MEAN/STD, as in "),
        ("nothere.json", "cannot read constants of nothere.json: No such file or directory"),
    ],
)
def test_what_are_no_constants(text, said):
    """What cannot be read is refused in a sentence."""
    with pytest.raises(SourceError) as error:
        read_written(text)
    assert str(error.value).startswith(said)
