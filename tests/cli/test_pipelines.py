"""`bnstat pipelines`, and pipelines given to `bnstat compute`: text, statuses, what is said."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BNSTAT = "-m", "bnstat"

OPENED = """
import os, sys
from bnstat.cli.run import run

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str | bytes):
        if os.fsdecode(arguments[0]).endswith((".png", ".jpg", ".jpeg", ".PNG")):
            print("opened", arguments[0])

sys.addaudithook(note)
sys.exit(run(sys.argv[1:]))
"""

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
        "import sys; from bnstat.cli.run import run; "
        "run(['pipelines']); print('torch' in sys.modules)"
    )
    assert "False" == python("-c", code).stdout.splitlines()[-1]


def test_prints_a_preset_to_be_edited(python):
    """One preset is printed as its very file."""
    done = python(*BNSTAT, "pipelines", "simclr", text=False)
    assert (0, b"") == (done.returncode, done.stderr)
    assert (ROOT / "configs" / "simclr.toml").read_bytes() == done.stdout


def test_unknown_preset(python):
    """A name that is no preset is answered with those there are."""
    done = python(*BNSTAT, "pipelines", "simclr2")
    assert (4, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("bnstat: no preset 'simclr2'; there are augmix, autoaugment, ")


def test_help_says_what_runs_code(python):
    """The help of compute says that one form runs code, and which."""
    text = " ".join(python(*BNSTAT, "compute", "--help").stdout.split())
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
def test_spec_error_ends_with_status_4_before_any_image(spec, says, python, photos, tmp_path):
    """What is wrong with a spec is said in one line; no image is opened, nothing written."""
    done = python("-c", OPENED, "compute", photos, "--augment", spec, "--workers", "1")
    assert (4, "", f"bnstat: {says}\n") == (done.returncode, done.stdout, done.stderr)
    assert not (tmp_path / "bnstat.json").exists()


def test_training_transform_that_ends_in_normalize(python, photos, tmp_path):
    """The user's own Compose is measured before its Normalize, and a line says so."""
    (tmp_path / "aug.py").write_text(TRAINING)
    done = python(*BNSTAT, "compute", photos, "--augment", "aug:T", "--workers", "1", "-o", "-")
    assert 0 == done.returncode
    assert ["aug:T ends in Normalize: measured before it (--keep-normalize measures after it)"] == [
        line for line in done.stderr.splitlines() if "Normalize" in line
    ]
    document = json.loads(done.stdout)
    assert document["pipeline"]["before_normalize"]
    assert all(0 < mean < 1 for mean in document["methods"]["two-pass"]["mean"])


def test_opening_an_image_is_noticed(python, photos):
    """What says that no image was opened does say so where one is."""
    done = python("-c", OPENED, "compute", photos, "--workers", "1", "-o", "stats.json", "-q")
    assert 6 == done.stdout.count("opened ")
