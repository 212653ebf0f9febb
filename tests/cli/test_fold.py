"""`bnstat fold`: files, words and refusals."""

import re
import sys

import pytest
import torch
from torch import nn

CODE = """\
import torch
from torch import nn

def make():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4)
    )

def fixed():
    class Fixed(nn.Module):
        def forward(self, images):
            assert images.shape[-1] == 32
            return images.flatten(1) @ torch.ones(3 * 32 * 32, 2)
    return Fixed()
"""


@pytest.fixture
def result(here, compute, monkeypatch):
    """The current folder, with a result, a model and its weights."""
    compute("tiny", "-q", "--mode", "RGB")
    document = (here / "bnstat.json").read_text()
    assert '"bnstat.stats"' in document
    (here / "own_nets.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [str(here), *sys.path])
    torch.manual_seed(0)
    norms = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
    for norm in norms:
        norm.running_mean.normal_(), norm.running_var.uniform_(0.5, 2)
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), norms[0], nn.ReLU(), norms[1])
    torch.save(model.state_dict(), here / "w.pt")
    yield here
    sys.modules.pop("own_nets", None)


FOLD = ("fold", "own_nets:make", "--weights", "w.pt", "--stats", "imagenet")
SAID = """\
folded: 1 of 2 BatchNorm layers
stays: 3, as no convolution or linear layer stands in front of it
normalization: 1/std in 0, the mean in front of its zero padding
written: {file}
checked: {images}: outputs differ by N of the largest, N at the first layer's border
"""


def words(text):
    """Return text with its differences as N."""
    return re.sub(r"\d\.\de[-+]\d+", "N", text)


def test_pt2(result, bnstat):
    """What was done, and what torch.export reads takes images as they are."""
    done = bnstat(*FOLD, "--input", "uint8", "-o", "folded.pt2")
    program = torch.export.load("folded.pt2").module()

    assert (done.status, done.out) == (0, "")
    assert words(done.err) == SAID.format(file="folded.pt2", images="noise")
    assert program(torch.zeros(5, 3, 20, 10, dtype=torch.uint8)).shape == (5, 4, 20, 10)
    assert not [path for path in result.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(
    torch.__version__.startswith("2.6."), reason="torch 2.6 cannot write a BatchNorm that stays"
)
def test_onnx(result, bnstat):
    """The same for onnxruntime."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is missing")
    pytest.importorskip("onnxscript", reason="onnxscript is missing")
    done = bnstat(*FOLD, "--layout", "nhwc", "-o", "folded.onnx")
    session = onnxruntime.InferenceSession("folded.onnx", providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()

    assert (done.status, done.out) == (0, "")
    assert words(done.err) == SAID.format(file="folded.onnx", images="noise")
    assert (given.name, given.shape[3]) == ("images", 3)
    images = torch.zeros(2, 20, 10, 3).numpy()
    assert session.run(None, {"images": images})[0].shape == (2, 4, 20, 10)


def test_images_of_the_result(result, bnstat, photos, compute):
    """What was written is run on them."""
    compute(str(photos), "-q")
    done = bnstat(*FOLD[:4], "-o", "folded.pt2")

    assert done.status == 0
    assert words(done.err) == SAID.format(file="folded.pt2", images="4 images")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["fold", "torchvision:resnet18", "-o", "x.pt2", "--stats", "imagenet"],
            "torchvision:resnet18 has random weights; name a file of yours with --weights",
        ),
        ([*FOLD, "-o", "x.pt"], "a folded model is written as .pt2 or .onnx, not '.pt'"),
        ([*FOLD, "-o", "none/x.pt2"], "cannot write none/x.pt2: No such file or directory"),
        (
            ["fold", "own_nets:make", "-o", "x.pt2", "--stats", "none.json"],
            "no result document none.json; make one: bnstat compute FOLDER",
        ),
        (
            ["fold", "own_nets:make", "-o", "x.pt2"],
            "channel B has std 0; nothing can be divided by it",
        ),
        (
            ["fold", "own_nets:make", "-o", "x.pt2", "--stats", "mnist"],
            "torch.export cannot trace the model: ",
        ),
        (
            ["fold", "own_nets:fixed", "-o", "x.pt2", "--stats", "imagenet"],
            "torch.export cannot trace the model: ",
        ),
    ],
)
def test_refusals(result, bnstat, arguments, says):
    """One line with the reason; nothing is written."""
    done = bnstat(*arguments)

    assert (done.status, done.out) == (4, "")
    assert done.err.startswith(f"bnstat: {says}")
    assert len(done.err.splitlines()) == 1
    assert not [path for path in result.iterdir() if "x.p" in path.name]


def test_a_model_of_one_size(result, bnstat):
    """Is told what to give, and with it is written."""
    refused = bnstat("fold", "own_nets:fixed", "-o", "x.pt2", "--stats", "imagenet")
    done = bnstat(
        *("fold", "own_nets:fixed", "-o", "x.pt2", "--stats", "imagenet", "--input-size", "32")
    )

    assert refused.err.endswith("if it takes images of one size alone, give --input-size\n")
    assert done.status == 0, done.err
    assert done.err.splitlines()[:2] == [
        "folded: 0 of 0 BatchNorm layers",
        "normalization: in front of the model, as other than convolutions take the images",
    ]


@pytest.mark.parametrize(
    "arguments", [["--input-size", "0"], ["--input-size", "1x2x3"], ["--input", "int"], []]
)
def test_a_malformed_command_line(here, bnstat, arguments):
    """Exit status 2."""
    output = ["-o", "x.pt2"] if arguments else []

    assert bnstat("fold", "torchvision:resnet18", *output, *arguments).status == 2


def test_a_wrong_fold_would_be_found(result, bnstat, monkeypatch):
    """The check can fail: with a mean that is off, nothing is written."""
    from bnstat.models import folding

    convert = folding._convert
    monkeypatch.setattr(
        folding, "_convert", lambda module, form, mean, std: convert(module, form, mean + 0.01, std)
    )
    done = bnstat(*FOLD, "-o", "x.pt2")

    assert done.status == 4
    assert re.match(r"bnstat: the written model is off by \d\.\de-0\d of the largest", done.err)
    assert not (result / "x.pt2").exists()


def test_onnx_without_its_libraries(result, bnstat, monkeypatch):
    """One line says what adds them, before anything is done."""
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    done = bnstat(*FOLD, "-o", "x.onnx")

    assert (done.status, done.out) == (4, "")
    assert done.err == (
        "bnstat: to write ONNX, bnstat needs onnx, onnxruntime and onnxscript: "
        "pip install 'bnstat[onnx]'\n"
    )
