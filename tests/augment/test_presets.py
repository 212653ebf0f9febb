"""The presets: found wherever bnstat is installed, sound, and what their files say."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnstat.augment import read, toml
from bnstat.augment.spec import compose
from bnstat.augment.steps import parse
from bnstat.errors import SpecError

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "configs").glob("*.toml"))
AGREED = {
    *("colorjitter", "imagenet-eval", "imagenet-train", "randaugment", "trivialaugment"),
    *("autoaugment", "augmix", "simclr", "cifar-train", "grayscale"),
}


def test_names_are_those_of_the_files():
    """Each file in configs is a preset; those that the docs promise are among them."""
    assert NAMES == toml.preset_names()
    assert set(NAMES) >= AGREED


@pytest.mark.parametrize("name", NAMES)
def test_file_says_what_it_is_and_where_its_values_are_from(name):
    """A preset begins with a comment, has a description of one line, and a source on the web."""
    file = toml.preset(name)
    lines = toml.preset_path(name).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 120
    assert file.source.startswith("https://")
    assert "" != file.description == file.description.strip()


@pytest.mark.parametrize("name", NAMES)
def test_ends_in_8_bit_images(name):
    """A preset makes an 8-bit RGB image of one, and draws without a warning."""
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 256, (240, 320, 3), dtype=np.uint8))
    output = read(name).build()(image)
    assert isinstance(output, Image.Image)
    assert "RGB" == output.mode


@pytest.mark.parametrize("name", NAMES)
def test_canonical_text_is_the_same_pipeline(name):
    """The transforms that a document records read back to the preset's steps."""
    pipeline = read(name)
    assert pipeline.steps == parse(" | ".join(pipeline.transforms))
    assert pipeline.transforms == read(" | ".join(pipeline.transforms)).transforms


def test_plain_colorjitter():
    """Plain colorjitter is brightness, contrast, saturation 0.4 and hue 0.1."""
    (jitter,) = read("colorjitter").build().transforms
    ranges = jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
    assert ((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), (-0.1, 0.1)) == ranges


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("imagenet-eval", "Resize(256, BILINEAR) | CenterCrop(224)"),
        (
            "imagenet-train",
            "RandomResizedCrop(224, interpolation=BILINEAR) | RandomHorizontalFlip(0.5)",
        ),
        ("cifar-train", "RandomCrop(32, padding=4) | RandomHorizontalFlip"),
        ("grayscale", "Grayscale(3)"),
        ("randaugment", "RandAugment(interpolation=BILINEAR)"),
        ("trivialaugment", "TrivialAugmentWide(interpolation=BILINEAR)"),
        ("autoaugment", "AutoAugment(interpolation=BILINEAR)"),
        ("augmix", "AugMix(interpolation=BILINEAR)"),
    ],
)
def test_values_are_those_of_the_recipe(name, text):
    """A preset builds what the cited recipe writes, with torchvision's defaults for the rest."""
    assert str(compose(parse(text))) == str(read(name).build())


def test_unknown_preset():
    """A name that is no preset is answered with those there are; a path is none."""
    for name in ("colourjitter", "../pyproject", "colorjitter.toml"):
        with pytest.raises(SpecError) as error:
            toml.preset_path(name)
        assert f"no preset {name!r}; there are {', '.join(NAMES)}" == str(error.value)


@pytest.fixture
def checkout(tmp_path):
    """A copy of what an installation needs, to be changed at will."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("bnstat", "configs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def install(tmp_path):
    """Install a checkout into a virtual environment of its own; return what runs bnstat in it."""

    def into(checkout, *options):
        home = tmp_path / "venv"
        venv = [sys.executable, "-m", "venv", "--without-pip", home]
        subprocess.run(venv, check=True)
        (site,) = home.glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python"]
        subprocess.run([*pip, "install", "-q", "--no-deps", *options, checkout], check=True)

        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

        def run(*arguments):
            command = [home / "bin" / "bnstat", *arguments]
            options = {"cwd": home, "env": environment, "capture_output": True, "text": True}
            return subprocess.run(command, check=True, **options).stdout

        return run

    return into


@pytest.mark.long
def test_wheel_has_the_presets(checkout, install):
    """A wheel carries the presets: they are there when the checkout has gone."""
    bnstat = install(checkout)
    expected = {name: (checkout / "configs" / f"{name}.toml").read_text() for name in NAMES}
    shutil.rmtree(checkout / "configs")
    shutil.rmtree(checkout / "bnstat")
    assert expected == {name: bnstat("pipelines", name) for name in NAMES}


@pytest.mark.long
def test_editable_install_reads_the_checkout(checkout, install):
    """An editable install shows an edited preset, a new one and no removed one, at once."""
    bnstat = install(checkout, "-e")
    configs = checkout / "configs"
    assert (configs / "simclr.toml").read_text() == bnstat("pipelines", "simclr")
    edited = '# Mine\ndescription = "edited"\n[[transforms]]\nname = "Grayscale"\n'
    (configs / "simclr.toml").write_text(edited)
    (configs / "simclr.toml").rename(configs / "mine.toml")
    listed = bnstat("pipelines")
    assert edited == bnstat("pipelines", "mine")
    assert "mine            edited\n                  Grayscale()\n" in listed
    assert "simclr" not in listed
