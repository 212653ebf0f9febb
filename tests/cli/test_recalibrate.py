"""`bnstat recalibrate`: files, words and refusals."""

import json
import re
import sys

import pytest
import torch
from torch import nn

CODE = """\
import torch
from torch import nn

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images):
        return self.norm(self.norm(images).relu())

def twice():
    return Twice()

def make():
    return nn.Sequential(
        nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4)
    )

def without():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.InstanceNorm2d(4), nn.GroupNorm(2, 4))

def untracked():
    return nn.Sequential(nn.BatchNorm2d(3), nn.BatchNorm2d(3, track_running_stats=False))

def infinite():
    model = make()
    model[0].weight.data[1, 2] = torch.inf
    return model

def gray():
    return nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4))

def vectors():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(3))
"""


@pytest.fixture
def nets(here, monkeypatch):
    """The current folder, with models, and with the weights of one of them."""
    (here / "own_nets.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [str(here), *sys.path])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4)
        )
    torch.save(model.state_dict(), here / "w.pt")
    yield here
    sys.modules.pop("own_nets", None)


@pytest.fixture
def recalibrate(bnstat, nets):
    """Run `bnstat recalibrate` in this process, without other processes."""

    def call(name, *arguments):
        return bnstat("recalibrate", f"own_nets:{name}", *arguments, "--workers", "1")

    return call


MAKE = ("make", "tiny", "--weights", "w.pt", "--stats", "imagenet")

SAID = """\
The running statistics were far off: the farthest layer, 1, was off by N std in the mean of a \
channel; its variances were N to N times those measured.

2 images, normalized with imagenet, 2 passes. By layer, the farthest first: |Δmean|/std, the \
largest of any channel and its root mean square; running variance / measured, the least and the \
largest:

layer  channels  Δmean   rms  var least  largest
"""


def words(text):
    """Return text with its figures as N."""
    return re.sub(r"\d[\d.]*(e[-+]\d+)? (?=s\b|std|to|times)", "N ", text)


def test_what_is_said_and_written(nets, recalibrate):
    """How long it takes first; then how far the statistics were off; and the file."""
    done = recalibrate(*MAKE, "-o", "new.pt")
    before, after = (torch.load(name, weights_only=True) for name in ("w.pt", "new.pt"))

    assert done.status == 0, done.err
    assert words(done.out).startswith(SAID)
    assert words(done.err) == (
        "2 BatchNorm layers, 2 images: at most 2 passes of N s\nwritten: new.pt\n"
    )
    assert list(before) == list(after)
    assert torch.equal(before["0.weight"], after["0.weight"])
    assert after["1.num_batches_tracked"] == 2


def test_stored_statistics_that_no_images_can_give(nets, recalibrate):
    """They are replaced, and named."""
    weights = torch.load("w.pt", weights_only=True)
    weights["1.running_var"][2] = -1.0
    weights["3.running_mean"][0] = torch.nan
    torch.save(weights, "w.pt")
    done = recalibrate(*MAKE, "-o", "new.pt")

    assert done.status == 0, done.err
    assert done.out.startswith(
        "The running statistics were broken: negative or not finite in 1, 3.\n"
    )
    assert done.out.splitlines()[-2:] == [
        "stored as negative or not finite: 1",
        "stored as negative or not finite: 3",
    ]
    after = torch.load("new.pt", weights_only=True)
    assert all(tensor.isfinite().all() for tensor in after.values())


def test_passes(nets, recalibrate):
    """With -v, each of them; and that there were too few."""
    done = recalibrate(*MAKE, "-o", "new.pt", "-v", "--max-passes", "1", "--tolerance", "0")
    said = re.sub(r"by [\d.]+|\d+\.\d+ s", "N", done.err).splitlines()

    assert done.status == 0
    assert said == [
        "2 BatchNorm layers, 2 images: 1 pass of N",
        "pass 1: moved N, N",
        "not settled: the last pass moved statistics N; allow more passes",
        "written: new.pt",
    ]


def test_quiet(nets, recalibrate):
    """Nothing is said but what was written."""
    done = recalibrate(*MAKE, "-o", "new.pt", "-q")

    assert (done.status, done.out, done.err) == (0, "", "written: new.pt\n")


def test_check(nets, recalibrate):
    """One pass, all layers; no file."""
    before = sorted(path.name for path in nets.iterdir())
    done = recalibrate(*MAKE, "--check")

    assert done.status == 0
    assert re.match(
        "The running statistics are far off: the farthest layer, [13], is off", done.out
    )
    assert "2 images, normalized with imagenet, 1 pass. " in done.out
    assert words(done.err) == "2 BatchNorm layers, 2 images: 1 pass of N s\n"
    after = sorted(path.name for path in nets.iterdir() if path.name != "__pycache__")
    assert before == after


def test_formats(nets, recalibrate):
    """The same figures as JSON, CSV and Markdown."""
    read = json.loads(recalibrate(*MAKE, "--check", "--format", "json").out)
    [head, *lines] = recalibrate(*MAKE, "--check", "--format", "csv").out.splitlines()
    table = recalibrate(*MAKE, "--check", "--format", "markdown").out

    assert (read["format"], read["version"], read["images"]) == ("bnstat.recalibration", 1, 2)
    assert (read["model"], read["weights"], read["output"]) == ("own_nets:make", "w.pt", None)
    assert head.split(",") == list(read["layers"][0])
    assert [line.split(",") for line in lines] == [
        [str(value) for value in layer.values()] for layer in read["layers"]
    ]
    assert "| 1 | 4 | " in table


def test_without_weights_its_own_code_is_asked(nets, recalibrate):
    """Then a whole new file is written."""
    done = recalibrate("make", "tiny", "--stats", "none", "-o", "new.pt")

    assert done.status == 0, done.err
    assert "2 images, not normalized, 2 passes." in done.out
    assert list(torch.load("new.pt", weights_only=True)) == list(
        torch.load("w.pt", weights_only=True)
    )


def test_images_that_fail(nets, recalibrate):
    """They are named, and the exit status is 3 if they are more than allowed."""
    (nets / "tiny" / "bad.jpg").write_bytes(b"text")
    done = recalibrate(*MAKE, "--check")
    allowed = recalibrate(*MAKE, "--check", "--max-failures", "1")

    assert (done.status, allowed.status) == (3, 0)
    assert "bad.jpg" in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("make", "tiny", "--weights", "w.pt", "-o", "x.pt"),
            "nothing normalizes the model's input: name what it was trained with, --stats imagenet "
            "or --stats bnstat.json, or --stats none",
        ),
        (
            (*MAKE, "--augment", "ToImage | ToDtype(float32, scale=True) | Normalize([0], [1])"),
            "the pipeline has a Normalize; leave out --stats, or that",
        ),
        (
            ("without", "tiny", "--stats", "imagenet"),
            "the model has no BatchNorm layer, so there is nothing to measure again",
        ),
        (
            ("untracked", "tiny", "--stats", "imagenet"),
            "layer 1 has no running statistics (track_running_stats=False); it normalizes each "
            "batch with its own",
        ),
        (
            ("twice", "tiny", "--stats", "imagenet"),
            "layer norm is used twice in one forward pass; its statistics would be of both uses. "
            "Give each use a BatchNorm layer of its own",
        ),
        (
            ("infinite", "tiny", "--stats", "imagenet"),
            "layer 1 is given NaN or infinite values; the weights in front of it, or the images, "
            "are to blame",
        ),
        (
            ("gray", "tiny", "--stats", "imagenet"),
            "the model fails on images of 3 × 2 × 4: RuntimeError: Given groups=1, weight of ",
        ),
        (
            ("make", "tiny", "--stats", "mnist"),
            "the drawn images have 3 channels, and the constants 1",
        ),
        (
            ("vectors", "tiny/a.png", "--stats", "imagenet"),
            "layer 2 is given a single sample of each channel, which has no variance; measure more "
            "images",
        ),
        (("make", "none", "--stats", "imagenet"), "no folder or file none; check the path"),
        (("make", "--stats", "imagenet"), "no result document bnstat.json; make one: "),
        (("make", "tiny", "--stats", "none.json"), "no result document none.json; make one: "),
        (
            (*MAKE, "--mode", "bands"),
            "a model is given decoded images here, not the bands of rasters",
        ),
        (
            (*MAKE, "--nodata", "0"),
            None,
        ),
        ((*MAKE, "--device", "cuda:99"), "the model cannot be put on cuda:99: "),
        (
            (*MAKE, "--device", "cpu", "--timeout", "1"),
            "a model on a device is run in this process; leave out --engine and --timeout",
        ),
        ((*MAKE, "-o", "none/x.pt"), "cannot write none/x.pt: No such file or directory"),
        ((*MAKE, "-o", "w.pt"), "w.pt is both the weights and the output; name another the output"),
        (
            (*MAKE, "-o", "x.safetensors"),
            "x.safetensors would be of another format than w.pt; name it alike",
        ),
        (
            ("make", "tiny", "--weights", "own_nets.py", "--stats", "imagenet"),
            "cannot read own_nets.py with weights_only=True; save the model's state_dict()",
        ),
    ],
)
def test_refusals(nets, recalibrate, arguments, says):
    """One line with the reason; nothing is written."""
    output = () if "-o" in arguments else ("-o", "x.pt")
    done = recalibrate(*arguments, *output)

    assert not [path for path in nets.iterdir() if path.name.startswith("x.")]
    if says is None:
        assert (done.status, done.out) == (2, "")
        return
    assert (done.status, done.out) == (4, "")
    assert done.err.startswith(f"bnstat: {says}")
    assert len(done.err.splitlines()) == 1


def test_models_of_libraries_need_weights(nets, bnstat):
    """Random ones would be recalibrated for nothing."""
    done = bnstat("recalibrate", "torchvision:resnet18", "tiny", "--check", "--stats", "imagenet")

    assert (done.status, done.out) == (4, "")
    assert done.err == (
        "bnstat: torchvision:resnet18 has random weights; name a file of yours with --weights\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-o", "x.pt", "--check"),
        ("--check", "--cache", "much"),
        ("--check", "--device", "gpu"),
        ("--check", "--tolerance", "2"),
        ("--check", "--max-passes", "0"),
        ("--check", "--format", "xml"),
    ],
)
def test_a_malformed_command_line(nets, recalibrate, arguments):
    """Exit status 2."""
    assert recalibrate(*MAKE, *arguments).status == 2


def test_workers_must_make_the_same_model(nets, bnstat):
    """Weights that are random in each process would give figures of no model."""
    done = bnstat(
        *("recalibrate", "own_nets:make", "tiny", "--stats", "none", "--check", "--workers", "2")
    )

    assert (done.status, done.out) == (4, "")
    assert done.err == (
        "bnstat: own_nets:make makes other parameters in each process; save its state_dict(), and "
        "name the file with --weights\n"
    )
