"""An error names the way out."""

import pytest

LIST = "bnstat export --list shows them all."
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


@pytest.mark.parametrize(("arguments", "status", "text"), HINTS.values(), ids=HINTS)
def test_hints(bnstat, arguments, status, text):
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
