"""The exact text that people read. Where it changes on purpose, it changes here."""

import re

import numpy as np
import pytest
from PIL import Image

TABLE = """\
tiny: 2 images, 16 pixels, 1 other file skipped, RGB in [0, 1]

2 PNG, RGB, 4 × 2

             R         G         B
mean  0.500000  0.200000  0.200000
std   0.500000  0.200000  0.000000
exact (two-pass)

BatchNorm2d would hold mean 0.0500 0.0200 0.0200, std 0.9626 0.9509 0.9487: not converged, 90 % is \
still the initial mean 0 / var 1 (1 batch of 64, momentum 0.1).
Far from ImageNet's constants: train from scratch with these; a pre-trained model keeps its own.

Saved to bnstat.json. Next: bnstat export --format normalize
"""

DETAILS = """
in the folder
images         2
format         PNG
mode           RGB
bits a sample  8
size           4 × 2
aspect ratio   2:1
file size      75 B

                        R         G         B
two-pass   mean  0.500000  0.200000  0.200000
           std   0.500000  0.200000  0.000000
welford    mean  0.500000  0.200000  0.200000
           std   0.500000  0.200000  0.000000
batchnorm  mean  0.050000  0.020000  0.020000
           std   0.962635  0.950929  0.948683

method − two-pass        in          R      G      B
welford            mean  1/255       0      0      0
                         std         0      0      -
                   std   1/255       0      0      0
                         std         0      0      -
batchnorm          mean  1/255    -115  -45.9  -45.9
                         std      -0.9   -0.9      -
                   std   1/255    +118   +191   +242
                         std    +0.925  +3.75      -

batchnorm: 1 batch of 64, momentum 0.1; 90 % of the initial mean 0 / var 1 is still in it. \
Standard deviation over shuffles: mean ±0, 0, 0; var ±0, 0, 0.

common but wrong recipes, for comparison         R         G         B
mean of the images' stds                  0.000000  0.000000  0.000000
root of the mean image variance           0.000000  0.000000  0.000000
mean of the images' means                 0.500000  0.200000  0.200000

percentiles         R         G         B
min          0.000000  0.000000  0.200000
0.5 %        0.000000  0.000000  0.200000
1 %          0.000000  0.000000  0.200000
2 %          0.000000  0.000000  0.200000
5 %          0.000000  0.000000  0.200000
25 %         0.000000  0.000000  0.200000
50 %         0.000000  0.000000  0.200000
75 %         1.000000  0.400000  0.200000
95 %         1.000000  0.400000  0.200000
98 %         1.000000  0.400000  0.200000
99 %         1.000000  0.400000  0.200000
99.5 %       1.000000  0.400000  0.200000
max          1.000000  0.400000  0.200000

All channels together: mean 0.300000, std 0.341565.

Saved to bnstat.json. Next: bnstat export --format normalize
"""


def test_first_screen(compute):
    """The constants to use, how exact they are, what else is taken for them, what to type next."""
    result = compute("tiny")
    assert result.out == TABLE
    assert re.fullmatch(r"2 images in \d+\.\d\d s, [\d,]+ images/s\n", result.err)
    assert result.status == 0


def test_all_tables(compute):
    """With -v the figures of all methods and recipes follow the first screen."""
    head, _, _ = TABLE.rpartition("\n\n")
    head = head.replace("exact (two-pass)", "exact (two-pass); welford agrees exactly")
    assert compute("tiny", "-v").out == f"{head}\n{DETAILS}"
    assert compute("tiny", "--verbose").out == f"{head}\n{DETAILS}"


def test_headline_counts_what_was_left_out(compute, mixed):
    """Failures, other files and duplicates are counted in the first line."""
    first = compute("mixed", "mixed/dogs").out.splitlines()[0]
    assert first == (
        "mixed mixed/dogs: 6 images, 5,871 pixels, 2 failed, 1 other file skipped, "
        "3 duplicates, RGB in [0, 1]"
    )


def test_floats(compute, here):
    """Of float samples it is said that they are as they were."""
    Image.fromarray(np.array([[1.5, 2.5]], dtype=np.float32)).save(here / "x.tif")
    result = compute("x.tif", "--mode", "L")
    first = "x.tif: 1 image, 2 pixels, L values as they are"
    assert result.out.splitlines()[0] == first
    assert "\nmean  2.000000\nstd   0.500000\n" in result.out


def test_batchnorm_that_is_not_there(compute, here):
    """Where BatchNorm2d would raise, the reason stands in the place of its figures."""
    Image.new("L", (1, 1), 51).save(here / "dot.png")
    out = compute("dot.png").out
    reason = "a batch has one sample per channel, where BatchNorm2d raises"
    assert f"\nBatchNorm2d: no figures, as {reason}.\n" in out
    assert "mean  0.200000  0.200000  0.200000\n" in out


def test_batchnorm_in_words(compute):
    """How far BatchNorm2d is off, and why: its schedule, and what is left of its initial values."""
    schedule = "--batch-size", "1", "--order", "listed", "--epochs", "40"
    converged = compute("tiny", *schedule, "--momentum", "0.5").out
    assert ": off by up to 0.5 (80 batches of 1, momentum 0.5, listed).\n" in converged
    cumulative = compute("tiny", *schedule, "--momentum", "cumulative").out
    assert ": off by up to 0.5 (80 batches of 1, cumulative, listed).\n" in cumulative
    details = compute("tiny", *schedule, "--momentum", "0.5", "-v").out
    assert "; less than 0.01 % of the initial mean 0 / var 1 is still in it." in details


def test_images_of_unequal_sizes(compute, here):
    """It is said that large images weigh more, with the command that measures what a model sees."""
    Image.new("RGB", (8, 8), (0, 0, 0)).save(here / "tiny" / "large one.png")
    remark = "Images differ in size, so large ones weigh more. What a model sees:\n"
    assert (
        f"\n{remark}  bnstat compute tiny --augment imagenet-train\n\nSaved" in compute("tiny").out
    )
    alone = compute("tiny/a.png", "tiny/large one.png").out
    assert "\n  bnstat compute tiny/a.png 'tiny/large one.png' --augment imagenet-train\n" in alone
    (here / "list").write_text("tiny/a.png\ntiny/large one.png\n")
    listed = compute("--files-from", "list").out
    assert "\n  bnstat compute --files-from list --augment imagenet-train\n" in listed
    (here / ("x" * 101)).symlink_to("tiny")
    assert "\n  bnstat compute SOURCE... --augment imagenet-train\n" in compute("x" * 101).out
    assert remark not in compute("tiny", "--augment", "Resize((4, 4))").out


def test_random_draws_are_not_called_exact(compute):
    """The first screen says of how many draws, and of which seed, its figures are."""
    drawn = compute("tiny", "--augment", "RandomCrop(1)", "--seed", "5").out
    assert "\ntwo-pass of one random draw of each image, seed 5" in drawn
    assert "exact (" not in drawn
    assert "\nexact (two-pass)\n" in compute("tiny", "--augment", "CenterCrop(1)").out


def test_next_command_can_be_pasted(compute):
    """The next command names the document, quoted for a shell, unless it is the default."""
    last = compute("tiny", "-o", "my stats.json").out.splitlines()[-1]
    expected = "Saved to my stats.json. Next: bnstat export 'my stats.json' --format normalize"
    assert last == expected


def test_deep_images_are_mentioned(compute, here):
    """One line on stderr says how many images were deeper than 8 bits."""
    Image.fromarray(np.array([[0, 65535]], dtype=np.uint16)).save(here / "deep.png")
    assert compute("deep.png", "-q").err == (
        "1 image deeper than 8 bits: gray was kept in full, color is read at 8 "
        "bits (--mode bands reads all); torchvision's ImageFolder would clip them\n"
        "1 image, all of them gray: three equal channels; --mode L measures one\n"
    )


ERRORS = {
    "no source": (
        (),
        2,
        "name a SOURCE, a folder or file to measure, or --files-from, or --dataset\n"
        "Try: bnstat compute --help",
    ),
    "both": (
        ("tiny", "--files-from", "x"),
        2,
        "give SOURCEs or --files-from, not both\nTry: bnstat compute --help",
    ),
    "no such source": (("nowhere",), 4, "no folder or file nowhere; check the path"),
    "empty": (("",), 4, "no folder or file ; check the path"),
    "no images": (
        ("none",),
        4,
        "no images in none, which has no files; images end in .jpg, .jpeg, .png, .ppm, .bmp, .pgm, "
        ".tif, .tiff, .webp; name other files to have them opened",
    ),
    "no such list": (
        ("--files-from", "x"),
        4,
        "cannot read the list x: No such file or directory",
    ),
    "no such folder for the output": (
        ("tiny", "-o", "none/such/x.json"),
        4,
        "cannot write none/such/x.json: No such file or directory",
    ),
    "output is a folder": (
        ("tiny", "-o", "tiny"),
        4,
        "cannot write tiny: is a folder; name a file in it",
    ),
    "momentum": (
        ("tiny", "--momentum", "2"),
        2,
        "Invalid value for '--momentum': '2' is neither a number above 0, up to 1, nor "
        "'cumulative'.\n"
        "Try: bnstat compute --help",
    ),
    "mode": (
        ("tiny", "--mode", "CMYK"),
        2,
        "Invalid value for '--mode': 'CMYK' is not one of 'RGB', 'L', 'RGBA', 'native', 'bands'.\n"
        "Try: bnstat compute --help",
    ),
    "workers": (
        ("tiny", "--workers", "0"),
        2,
        "Invalid value for '--workers': '0' is not a whole number of at least 1.\n"
        "Try: bnstat compute --help",
    ),
    "engine": (
        ("tiny", "--engine", "dask"),
        2,
        "Invalid value for '--engine': 'dask' is not processes, dask://HOST:PORT or "
        "dask+tls://HOST:PORT.\n"
        "Try: bnstat compute --help",
    ),
    "no value": (
        ("tiny", "--seed"),
        2,
        "Option '--seed' requires an argument.\nTry: bnstat compute --help",
    ),
}


@pytest.mark.parametrize(("arguments", "status", "text"), ERRORS.values(), ids=ERRORS)
def test_errors(compute, here, arguments, status, text):
    """An error is one or two lines: what, where, and what to do."""
    (here / "none").mkdir()
    result = compute(*arguments)
    assert (result.status, result.out, result.err) == (status, "", f"bnstat: {text}\n")


def test_all_failed(compute, mixed):
    """Where nothing could be measured, each image is named before it is said."""
    result = compute("mixed/text.png", "mixed/cats/empty.jpg")
    assert result.status == 4
    assert result.err == (
        "failed: mixed/cats/empty.jpg: is empty\n"
        "failed: mixed/text.png: is not an image of a known format\n"
        "bnstat: none of the 2 images in mixed/text.png mixed/cats/empty.jpg could be measured\n"
    )


def test_export_errors(bnstat, compute):
    """The same holds for export."""
    result = bnstat("export")
    assert (result.status, result.err) == (
        4,
        "bnstat: no result document bnstat.json; make one: bnstat compute FOLDER\n",
    )
    compute("tiny")
    result = bnstat("export", "--prefix", "x.")
    assert (result.status, result.err) == (
        2,
        "bnstat: --prefix is for state_dict, safetensors, not for normalize\n"
        "Try: bnstat export --help\n",
    )
    result = bnstat("export", "--format", "normalize")
    assert (result.status, result.err) == (
        4,
        "bnstat: channel B has std 0, as all its samples are equal; Normalize would divide by "
        "zero\n",
    )


def test_written_and_checked(compute, bnstat, photos):
    """After writing a state_dict, export says where it is and what was checked."""
    compute(str(photos))
    result = bnstat("export", "--format", "state_dict")
    assert (result.status, result.out) == (0, "")
    assert result.err == (
        "written: bnstat.pt\nchecked: loads with weights_only=True and strict=True into "
        "BatchNorm2d(3)\n"
    )


def test_typos(bnstat):
    """A mistyped command or option is said back, with what was meant where that is known."""
    hint = "\nTry: bnstat --help\n"
    assert bnstat("comptue").err == f"bnstat: no command 'comptue'; did you mean compute?{hint}"
    meant = "did you mean: bnstat compute"
    assert bnstat("tiny").err == f"bnstat: no command 'tiny'; {meant} tiny{hint}"
    assert bnstat("./my data").err == f"bnstat: no command './my data'; {meant} './my data'{hint}"
    assert bnstat("frobnicate").err.startswith(
        "bnstat: no command 'frobnicate'; there are compute,"
    )
    first, second = bnstat("compute", "--moed", "L").err.splitlines()
    assert first.startswith("bnstat: No such option") and "--mode" in first
    assert second == "Try: bnstat compute --help"
    assert bnstat("export", "--format", "pytorch").err.splitlines()[1:] == [
        "Try: bnstat export --help"
    ]


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_a_warning_of_the_pipeline_is_one_line(bnstat, process, here, workers):
    """What torchvision warns of is said once, without paths, whatever the number of workers."""
    arguments = ("compute", "tiny", "--augment", "ToTensor", "--workers", workers, "-q")
    said = bnstat(*arguments).err if workers == "1" else process(*arguments).stderr
    (line,) = said.splitlines()
    assert line.startswith(
        "making the pipeline gave a warning: The transform `ToTensor()` is deprecated and will be "
    )
