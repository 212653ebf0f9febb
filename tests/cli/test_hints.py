"""An error names the way out."""

import pytest
from PIL import Image

LIST = "bnstat export --list shows them all."
ENDINGS = (
    "images end in .jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp; name other files to "
    "have them opened"
)
HINTS = {
    "a list": (
        ("compute", "-"),
        2,
        "a list of images on standard input is --files-from -\nTry: bnstat compute --help",
    ),
    "a file of Python": (
        ("compute", "tiny", "--augment", "./my/pipe.py"),
        4,
        "./my/pipe.py is a file of Python code; name the transform in it: my.pipe:ATTRIBUTE",
    ),
    "a folder of archives": (
        ("compute", "tars"),
        4,
        "no images in tars, but 2 .tar.gz files; name them: 'tars/**/*.tar.gz'",
    ),
    "a folder of Parquet files": (
        ("compute", "parquet/"),
        4,
        "no images in parquet/, but 1 .parquet file; name them: 'parquet/**/*.parquet'",
    ),
    "an empty folder": (
        ("compute", "empty"),
        4,
        f"no images in empty, which has no files; {ENDINGS}",
    ),
    "a folder of videos": (
        ("compute", "videos"),
        4,
        "no images in videos, but 2 video files, which bnstat does not read; save their frames as "
        "images first",
    ),
    "a folder of texts": (
        ("compute", "texts"),
        4,
        f"no images in texts, which has 2 other files (.txt); {ENDINGS}",
    ),
    "NUL in a list of lines": (
        ("compute", "--files-from", "nul"),
        4,
        "names in the list nul end in NUL; add -0 (--null)",
    ),
    "lines in a list of NUL": (
        ("compute", "--files-from", "lines", "-0"),
        4,
        "names in the list lines end in newlines, not in NUL; leave out -0",
    ),
    "an empty list": (
        ("compute", "--files-from", "none"),
        4,
        "the list none names no image",
    ),
    "an argument that is missing": (
        ("compute", "tiny", "--augment", "RandomResizedCrop"),
        4,
        "RandomResizedCrop needs size: RandomResizedCrop(size=...)",
    ),
    "an argument that is missing within": (
        ("compute", "tiny", "--augment", "RandomApply([RandomRotation()])"),
        4,
        "RandomRotation needs degrees: RandomRotation(degrees=...)",
    ),
    "an argument that is no value": (
        ("compute", "tiny", "--augment", "CenterCrop(x)"),
        4,
        "'x' in CenterCrop(...) is neither a number nor a known word; text stands in quotes",
    ),
    "a transform with a small letter": (
        ("compute", "tiny", "--augment", "RandomApply([resize])"),
        4,
        "no transform 'resize' in torchvision.transforms.v2; did you mean Resize?",
    ),
    "a preset with a typo": (
        ("compute", "tiny", "--augment", "colorjiter"),
        4,
        "no transform 'colorjiter' in torchvision.transforms.v2; did you mean colorjitter?",
    ),
    "a pipeline of albumentations": (
        ("compute", "tiny", "--augment", "A.Compose([])"),
        4,
        "'A.Compose' is of albumentations, whose pipelines are code of yours; name it as "
        "package.module:attribute, like my_pipelines:train",
    ),
    "a share as a sample": (
        ("compute", "tiny", "--sample", "0.125"),
        2,
        "Invalid value for '--sample': '0.125' is neither a number of images nor a percentage "
        "such as 5%; did you mean 12.5%?\nTry: bnstat compute --help",
    ),
    "an order of channels": (
        ("compute", "tiny", "--mode", "BGR"),
        2,
        "Invalid value for '--mode': images are measured as RGB; the order of channels is chosen "
        "where figures are written: bnstat export --channel-order bgr.\n"
        "Try: bnstat compute --help",
    ),
    "a folder to export": (
        ("export", "tiny"),
        4,
        "tiny is a folder, not a result; measure it first: bnstat compute tiny",
    ),
    "a result to measure": (
        ("compute", "list.json"),
        2,
        "list.json is a result or a list, not images; show a result with bnstat report list.json, "
        "or name a list with --files-from\nTry: bnstat compute --help",
    ),
    "a page as the result": (
        ("compute", "tiny", "-o", "page.html"),
        2,
        "--output is the result, as JSON; a page is --report page.html\nTry: bnstat compute --help",
    ),
    "a number in words": (
        ("compute", "tiny", "--batch-size", "many"),
        2,
        "Invalid value for '--batch-size': 'many' is not a whole number of at least 1.\n"
        "Try: bnstat compute --help",
    ),
    "a number out of range": (
        ("export", "--precision", "18"),
        2,
        "Invalid value for '--precision': '18' is not a whole number from 1 to 17.\n"
        "Try: bnstat export --help",
    ),
    "a real number in words": (
        ("compute", "tiny", "--confidence", "high"),
        2,
        "Invalid value for '--confidence': 'high' is not a number above 0, up to 99.9999.\n"
        "Try: bnstat compute --help",
    ),
    "a library": (
        ("export", "--format", "pytorch"),
        2,
        "Invalid value for '--format': no format 'pytorch'; did you mean normalize, state_dict, "
        f"module? {LIST}\nTry: bnstat export --help",
    ),
    "a typo": (
        ("export", "--format", "safetensor"),
        2,
        "Invalid value for '--format': no format 'safetensor'; did you mean safetensors? "
        f"{LIST}\nTry: bnstat export --help",
    ),
    "nothing like it": (
        ("export", "--format", "qqq"),
        2,
        f"Invalid value for '--format': no format 'qqq'; {LIST}\nTry: bnstat export --help",
    ),
}


@pytest.fixture
def kinds(here):
    """The current folder, with folders and lists in which there is no image."""
    names = (
        *("tars/a.tar.gz", "tars/deep/B.TAR.GZ", "tars/README", "parquet/train.parquet"),
        *("videos/a.mp4", "videos/b.MOV", "texts/a.txt", "texts/README", "empty/.hidden"),
    )
    for name in names:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).touch()
    (here / "nul").write_bytes(b"tiny/a.png\0tiny/b.png\0")
    (here / "lines").write_bytes(b"tiny/a.png\ntiny/b.png\n")
    (here / "none").touch()
    (here / "list.json").touch()
    return here


@pytest.mark.parametrize(("arguments", "status", "text"), HINTS.values(), ids=HINTS)
def test_hints(bnstat, kinds, arguments, status, text):
    """It is said what to type instead."""
    result = bnstat(*arguments)
    assert (status, "", f"bnstat: {text}\n") == (result.status, result.out, result.err)


def test_what_needs_torch_says_so(in_process, here, monkeypatch):
    """Where torch is not installed, one line names the command that adds it."""
    import sys

    for name in ("torch", "torchvision", "torchvision.transforms", "torchvision.transforms.v2"):
        monkeypatch.setitem(sys.modules, name, None)
    in_process("compute", "tiny", "-q", "--workers", "1")
    for arguments in (
        ("compute", "tiny", "--augment", "Resize(4)", "--workers", "1"),
        ("export", "--format", "state_dict", "-o", "x.pt"),
        ("fold", "torchvision:resnet18", "-o", "x.pt2", "--stats", "imagenet"),
    ):
        result = in_process(*arguments)
        assert (4, "bnstat: this needs torch: pip install torch torchvision\n") == (
            result.status,
            result.err,
        )


def test_the_case_of_a_mode_does_not_matter(bnstat, here):
    """rgb is RGB."""
    assert bnstat("compute", "tiny", "--mode", "rgb", "-q", "--workers", "1").status == 0
    assert '"mode": "RGB"' in (here / "bnstat.json").read_text()


def test_a_transform_that_changes_nothing_is_said_so(bnstat):
    """ColorJitter has all its strengths 0 by default."""
    err = bnstat("compute", "tiny", "--augment", "ColorJitter", "-q", "--workers", "1").err
    assert "ColorJitter without arguments changes nothing; the preset is colorjitter" in err
    err = bnstat("compute", "tiny", "--augment", "ColorJitter(0.2)", "-q", "--workers", "1").err
    assert "changes nothing" not in err


def test_a_baseline_that_is_measured_again_is_named_so(bnstat, here):
    """Its row says of how many images; the file's own stands beside it where it differs."""
    for i in range(4):
        Image.new("RGB", (2, 2), (60 * i, 0, 0)).save(here / "tiny" / f"{i}.png")
    alone = ("--workers", "1")
    bnstat("compute", "tiny", "-q", *alone)
    out = bnstat("compare", "bnstat.json", "--augment", "Pad(1)", "--sample", "2", *alone).out
    lines = [line for line in out.splitlines()[2:] if line and line[0] not in " *"]
    assert lines[:3] == ["2 of 6, measured again", "bnstat.json", "Pad(1)"]
