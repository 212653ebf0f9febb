"""`bnstat pipelines`, and pipelines given to `bnstat compute`: text, statuses, what is said."""

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BNSTAT = "-m", "bnstat"

TRAINING = """
import torch
from torchvision.transforms import v2
T = v2.Compose([
    v2.RandomCrop(12, pad_if_needed=True),
    v2.ToImage(),
    v2.ToDtype(torch.float32, scale=True),
    v2.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
])
"""


@pytest.fixture(scope="module")
def openings():
    """The list that the opening of an image is noted in, while it is one; audit hooks stay."""
    noted = [None]

    def note(event, arguments):
        if event == "open" and noted[0] is not None and isinstance(arguments[0], str | bytes):
            name = os.fsdecode(arguments[0])
            noted[0].extend([name] * name.lower().endswith((".png", ".jpg", ".jpeg")))

    sys.addaudithook(note)
    return noted


@pytest.fixture
def opened(openings):
    """The images that have been opened in this test."""
    openings[0] = []
    yield openings[0]
    openings[0] = None


def test_lists_the_presets_with_their_transforms(python):
    """Each preset stands with its description, and below it its transforms as spec text."""
    done = python(*BNSTAT, "pipelines")
    assert (0, "") == (done.returncode, done.stderr)
    lines = done.stdout.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert sorted(path.stem for path in (ROOT / "configs").glob("*.toml")) == names
    start = lines.index("cifar-train     Random crop of 32 with padding 4, flip")
    assert [
        "                  RandomCrop(size=32, padding=4)",
        "                  RandomHorizontalFlip(p=0.5)",
    ] == lines[start + 1 : start + 3]


def test_listing_needs_no_torch(python):
    """The presets are listed without importing torch."""
    code = (
        "import sys; from bnstat.cli.app import run; "
        "run(['pipelines']); print('torch' in sys.modules)"
    )
    assert "False" == python("-c", code).stdout.splitlines()[-1]


def test_prints_a_preset_to_be_edited(bnstat):
    """One preset is printed as its very file."""
    done = bnstat("pipelines", "simclr")
    assert (0, "") == (done.status, done.err)
    assert (ROOT / "configs" / "simclr.toml").read_text() == done.out


def test_unknown_preset(bnstat):
    """A name that is no preset is answered with those there are."""
    done = bnstat("pipelines", "simclr2")
    assert (4, "") == (done.status, done.out)
    assert done.err.startswith("bnstat: no preset 'simclr2'; there are augmix, autoaugment, ")


def test_help_says_what_runs_code(bnstat):
    """The help of compute says that one form runs code, and which."""
    text = " ".join(bnstat("compute", "--help").out.split())
    assert "package.module:attribute, the only form that runs code of yours" in text


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (
            "ColourJitter(0.4)",
            "no transform 'ColourJitter' in torchvision.transforms.v2; did you mean ColorJitter?",
        ),
        ("nosuch.toml", "cannot read the pipeline nosuch.toml: No such file or directory"),
        ("nosuch:T", "cannot load nosuch:T: ModuleNotFoundError: No module named 'nosuch'"),
    ],
)
def test_spec_error_ends_with_status_4_before_any_image(spec, says, compute, here, photos, opened):
    """What is wrong with a spec is said in one line; no image is opened, nothing written."""
    done = compute(photos, "--augment", spec)
    assert (4, "", f"bnstat: {says}\n") == (done.status, done.out, done.err)
    assert not (here / "bnstat.json").exists()
    assert [] == opened


def test_training_transform_that_ends_in_normalize(compute, here, photos, monkeypatch):
    """The user's own Compose is measured before its Normalize, and a line says so."""
    (here / "aug.py").write_text(TRAINING)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "aug", None)
    monkeypatch.delitem(sys.modules, "aug")
    done = compute(photos, "--augment", "aug:T", "-o", "-")
    assert 0 == done.status
    assert ["aug:T ends in Normalize: measured before it (--keep-normalize measures after it)"] == [
        line for line in done.err.splitlines() if "Normalize" in line
    ]
    document = json.loads(done.out)
    assert document["pipeline"]["before_normalize"]
    assert all(0 < mean < 1 for mean in document["methods"]["two-pass"]["mean"])


def test_opening_an_image_is_noticed(compute, photos, opened):
    """What says that no image was opened does say so where one is."""
    assert 0 == compute(photos, "-q").status
    assert 6 == len(opened)
