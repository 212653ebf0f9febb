"""`bnstat compare`: exact text in each format, exit statuses, and what goes where."""

import json

import pytest
from PIL import Image

import bnstat
from bnstat.show.verdicts import KEEP

BNSTAT = "-m", "bnstat", "compare"

SCREEN = """\
test.json and mnist differ from train.json enough to matter.

                   L
train.json
  mean      0.500000
  std       0.500000
test.json
  mean      0.600000
    shift  * +0.20 σ
  std       0.400000
    scale    * ×0.80
mnist
  mean      0.130700
    shift  * -0.74 σ
  std       0.308100
    scale    * ×0.62
* shifts by more than 0.05 σ of the baseline, or scales by more than 5 %
"""

DETAILS = """
train.json
                                           L
  mean                              0.500000
    welford − two-pass, in 1/255           0
    batchnorm − two-pass, in 1/255      -115
  std                               0.500000
    welford − two-pass, in 1/255           0
    batchnorm − two-pass, in 1/255      +121

test.json
                                           L
  mean                              0.600000
    difference, in 1/255               +25.5
    difference ÷ baseline std           +0.2
    welford − two-pass, in 1/255           0
    batchnorm − two-pass, in 1/255      -138
  std                               0.400000
    difference, in 1/255               -25.5
    difference ÷ baseline std           -0.2
    welford − two-pass, in 1/255           0
    batchnorm − two-pass, in 1/255      +144

mnist
  https://github.com/pytorch/examples/blob/main/mnist/main.py (std: pooled, of the training set)
                                      L
  mean                         0.130700
    difference, in 1/255          -94.2
    difference ÷ baseline std    -0.739
  std                          0.308100
    difference, in 1/255          -48.9
    difference ÷ baseline std    -0.384
"""

EXCESSES = """\
mean of L: mnist differs from train.json by -0.369, 0.27 over the tolerance of 0.1
std of L: mnist differs from train.json by -0.192, 0.092 over the tolerance of 0.1
"""

CSV = """\
name,figure,channel,value,delta,delta_in_std
train.json,mean,L,0.5,0.0,0.0
train.json,std,L,0.5,0.0,0.0
test.json,mean,L,0.6,0.09999999999999998,0.19999999999999996
test.json,std,L,0.4,-0.09999999999999998,-0.19999999999999996
"""

MARKDOWN = """\
|  |  | L | Δ L /255 |
| --- | --- | --- | --- |
| train.json | mean | 0.500000 | 0 |
| train.json | std | 0.500000 | 0 |
| test.json | mean | 0.600000 | +25.5 |
| test.json | std | 0.400000 | -25.5 |
"""


def gray(folder, *values):
    """Save a gray image of one row."""
    folder.mkdir(exist_ok=True)
    image = Image.frombytes("L", (len(values), 1), bytes(values))
    image.save(folder / "image.png")


@pytest.fixture
def results(tmp_path):
    """Folders train and test of one image each, and their results, in the current folder."""
    for name, values in {"train": (0, 255), "test": (51, 255)}.items():
        gray(tmp_path / name, *values)
        bnstat.compute(tmp_path / name, mode="L", workers=1).save(tmp_path / f"{name}.json")
    return tmp_path


def test_first_screen(compare, results):
    """The answer, then mean and std of each row and what shifts; not what is as it should be."""
    done = compare("train.json", "test.json", "mnist")
    assert (0, "") == (done.status, done.err)
    assert SCREEN == done.out


def test_two_rows_fit_on_a_screen(compare, results):
    """The answer stands alone; it takes at most 110 words and 22 lines, whatever the rows are."""
    done = compare("train.json", "--augment", "Pad(1)", "--workers", "1")
    answer = done.out.splitlines()[0]
    assert answer == (
        "Pad(1) differs from train.json: brightness falls by 0.83 σ, contrast falls by 45 %."
    )
    assert len(done.out.splitlines()) <= 22 and len(done.out.split()) <= 110
    assert done.out.endswith(
        f"pipeline:\n  bnstat compute {results / 'train'} --augment 'Pad(1)'\n"
    )


def test_quiet(compare, results):
    """With -q only the status tells."""
    done = compare("train.json", "test.json", "-q")
    assert (0, "", "") == (done.status, done.out, done.err)


def test_constants_that_do_not_fit(compare, results):
    """What to do with them is said: they go with weights, the images' own with new ones."""
    done = compare("train.json", "--to", "mnist")
    assert done.out.startswith("mnist does not fit train.json: ")
    assert done.out.endswith(f"\n{KEEP}\n  bnstat export train.json --format normalize\n")


def test_all_tables(compare, results):
    """With -v a block for each row, and all that was found to be as it should be."""
    done = compare("train.json", "test.json", "mnist", "-v")
    answer, _, rest = done.out.partition("\n\n")
    tables, _, checks = rest.rpartition("\n\n")
    assert (0, "") == (done.status, done.err)
    assert "test.json and mnist differ from train.json enough to matter." == answer
    assert DETAILS == f"\n{tables}\n"
    assert ["train.json", "test.json"] == [line.split()[6] for line in checks.splitlines()]
    assert 2 == checks.count("within what its schedule allows")


def test_csv(compare, results):
    """A line for each row, figure and channel, with all digits."""
    done = compare("train.json", "test.json", "--format", "csv")
    assert (0, "") == (done.status, done.err)
    assert done.out.startswith(CSV)
    assert "test.json,min,L,0.2,0.2,\n" in done.out


def test_markdown(compare, results):
    """A table to paste, and the verdicts below it."""
    done = compare("train.json", "test.json", "--format", "markdown")
    table, _, verdicts = done.out.partition("\n\n")
    assert (0, "", MARKDOWN) == (done.status, done.err, table + "\n")
    assert verdicts == (
        "test.json differs from train.json: brightness grows by 0.20 σ, contrast falls by 20 %.\n"
    )


def test_json_goes_to_a_file_to_stdout_or_to_both(compare, results):
    """--output writes the JSON beside the table; --format json and -o - print the very same."""
    arguments = "train.json", "test.json"
    table = compare(*arguments).out
    printed = compare(*arguments, "--format", "json")
    assert printed.out == compare(*arguments, "-o", "-").out
    assert table == compare(*arguments, "-o", "comparison.json").out
    assert printed.out == (results / "comparison.json").read_text()
    document = json.loads(printed.out)
    assert ("bnstat.comparison", 1) == (document["format"], document["version"])
    assert [0.6 - 0.5] == document["rows"][1]["delta"]["mean"]


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [("0.11", 0), ("0.09", 1), ("0", 1), ("0.0999999999", 1)],
)
def test_fail_over(tolerance, status, compare, results):
    """Status 1 if a mean or std differs by more than the tolerance; the table is shown anyway."""
    done = compare("train.json", "test.json", "--fail-over", tolerance)
    assert (status, status == 0) == (done.status, done.err == "")
    assert "\ntrain.json\n" in done.out


def test_fail_over_says_what_exceeds_the_tolerance(compare, results):
    """Each figure of each channel that differs by more is named on stderr, with its excess."""
    done = compare("train.json", "test.json", "mnist", "--fail-over", "0.1")
    assert (1, EXCESSES) == (done.status, done.err)


def test_fail_over_between_folders(compare, results):
    """A pair of folders that does not drift is 0, even with no tolerance at all."""
    same = compare("train", "train.json", "--mode", "L", "--fail-over", "0")
    drift = compare("train", "test", "--mode", "L", "--fail-over", "0.01")
    assert (0, 1) == (same.status, drift.status)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "xml"),
        ("--fail-over", "-1"),
        ("--fail-over", "nan"),
        ("--fail-over", "much"),
        ("--momentum", "0"),
        ("--epochs", "0"),
        ("--nosuch",),
    ],
    ids=" ".join,
)
def test_malformed_command_lines(arguments, compare, results):
    """A malformed command line is status 2, with a hint and nothing on stdout."""
    done = compare("train.json", "test.json", *arguments)
    assert (2, "") == (done.status, done.out)
    assert done.err.endswith("\nTry: bnstat compare --help\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing to compare; name SOURCEs, or pipelines with --augment"),
        (("test",), "no result document bnstat.json; make one: bnstat compute FOLDER"),
        (("train.json", "nosuch"), "no folder or file nosuch; check the path"),
        (
            ("train.json", "--to", "0.5"),
            "'0.5' is neither a file nor constants; write MEAN/STD, "
            "as in 0.485,0.456,0.406/0.229,0.224,0.225",
        ),
        (("train.json", "test.json", "-o", "nosuch/a.json"), "cannot write nosuch/a.json: "),
    ],
    ids=" ".join,
)
def test_errors(arguments, says, compare, results):
    """What cannot be compared is status 4, in one line, with nothing on stdout."""
    done = compare(*arguments)
    assert (4, "") == (done.status, done.out)
    assert done.err.startswith(f"bnstat: {says}")
    assert 1 == done.err.count("\n")


def test_every_failed_image_of_every_source_is_named_once(compare, results):
    """Failures of all folders that are measured are named on stderr, and make the status 3."""
    for name in ("train", "test"):
        (results / name / f"{name}-broken.png").write_bytes(b"no image")
    arguments = "train", "test", "--mode", "L"
    done = compare(*arguments)
    assert 3 == done.status
    for name in ("train", "test"):
        (line,) = (line for line in done.err.splitlines() if f"{name}-broken.png" in line)
        assert line.startswith("failed: ")
        assert line.endswith(f"{name}-broken.png: is not an image of a known format")
    assert 0 == compare(*arguments, "--max-failures", "1").status
    assert 1 == compare(*arguments, "--fail-over", "0.01").status


def test_attribute_says_everything_once(compare, results):
    """With a row for each transform, a failure and a Normalize left out are still named once."""
    (results / "train" / "broken.png").write_bytes(b"no image")
    spec = "ToImage | ToDtype(float32, scale=True) | Normalize([0.5], [0.5])"
    done = compare(
        *("train", "--augment", spec, "--attribute"),
        *("--mode", "L", "--format", "markdown"),
    )
    assert [
        f"{spec} ends in Normalize: measured before it (--keep-normalize measures after it)",
        "failed: broken.png: is not an image of a known format",
    ] == sorted(done.err.splitlines(), key=lambda line: line.startswith("failed"))
    assert 3 == done.status
    names = [line.split(" | ")[0] for line in done.out.splitlines() if " | mean | " in line]
    assert ["| train", "| ... ToImage()", "| ... ToDtype(float32, scale=True)"] == names


def test_compute_then_compare_without_a_path(compute, compare, photos):
    """As typed: compute a folder, then compare with a pipeline, with no path repeated."""
    assert 0 == compute(photos, "-q").status
    spec = "Resize(24) | CenterCrop(20)"
    specs = "--augment", "colorjitter", "--augment", spec
    done = compare(*specs, "--format", "markdown")
    baseline = f"baseline: bnstat.json, of {photos} (6 images), measured just now\n"
    assert (0, baseline) == (done.status, done.err)
    names = [line.split(" | mean")[0] for line in done.out.splitlines() if " | mean | " in line]
    assert ["| bnstat.json", "| colorjitter", r"| Resize(24) \| CenterCrop(20)"] == names


def test_names_of_files_cannot_write_to_the_terminal(compare, results):
    """Control characters in a name are shown as escapes, in the table and in Markdown."""
    name = "a\x1b[31m\n.json"
    (results / name).write_text((results / "test.json").read_text())
    for form in ("table", "markdown"):
        done = compare("train.json", name, "--format", form)
        assert "\x1b" not in done.out
        assert "a\\x1b[31m\\n.json" in done.out


def test_no_color_off_a_terminal_unless_asked_for(compare, results, monkeypatch):
    """Output is plain off a terminal; --color colors it, and NO_COLOR wins over that."""
    arguments = "train.json", "test.json", "--color"
    assert "\x1b[1m" in compare(*arguments).out
    without = compare("train.json", "test.json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert without == compare(*arguments).out


def test_comparing_documents_needs_no_torch(python, results):
    """Without a pipeline torch is not imported."""
    code = (
        "import sys; from bnstat.cli.app import run; "
        "run(['compare', 'train.json', 'test', '--workers', '1']); print('torch' in sys.modules)"
    )
    assert "False" == python("-c", code).stdout.splitlines()[-1]


def test_constants_of_a_model(compare, results):
    """--to reads a preprocessor_config.json beside the result."""
    (results / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5], "image_std": [0.25]})
    )
    done = compare("train.json", "--to", "preprocessor_config.json", "--format", "csv")
    assert (0, "") == (done.status, done.err)
    assert [
        "preprocessor_config.json,mean,L,0.5,0.0,0.0",
        "preprocessor_config.json,std,L,0.25,-0.25,-0.5",
    ] == done.out.splitlines()[3:]
