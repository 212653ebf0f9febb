"""The five forms of a spec: which text is which, and what all of them come to."""

import pytest
from torchvision.transforms import v2

from bnstat.augment import read
from bnstat.errors import SpecError

JITTER = "ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)"


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A file mine.toml in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text('[[transforms]]\nname = "Resize"\nsize = 8\n')
    return tmp_path / "mine.toml"


def test_five_forms(mine):
    """A preset, one with arguments, a TOML file, inline text and package.module:attribute."""
    forms = {
        "colorjitter": (JITTER,),
        " colorjitter\n": (JITTER,),
        "colorjitter(brightness=0.8, hue=0)": (
            "ColorJitter(brightness=0.8, contrast=0.4, saturation=0.4, hue=0)",
        ),
        "mine.toml": ("Resize(size=8)",),
        str(mine): ("Resize(size=8)",),
        "Resize(8) | Grayscale": ("Resize(8)", "Grayscale()"),
        "package.module:attribute.inner": ("package.module:attribute.inner",),
    }
    assert forms == {spec: read(spec).transforms for spec in forms}


def test_overriding_adds_what_a_preset_leaves_to_its_default():
    """Any argument of the transform can be given; those that are not stay the preset's."""
    (blurred,) = read(["cifar-train", "Grayscale"][1]).transforms
    assert "Grayscale()" == blurred
    assert ("Grayscale(num_output_channels=1)",) == read(
        "grayscale(num_output_channels=1)"
    ).transforms
    assert read("randaugment(fill=[1, 2, 3])").transforms[0].endswith("BILINEAR, fill=[1, 2, 3])")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (
            "simclr(p=1)",
            "simclr has 5 transforms, so that it takes no arguments; "
            "bnstat pipelines simclr > my.toml prints it to be edited",
        ),
        (
            "colorjitter(0.4)",
            "colorjitter takes arguments by name, such as colorjitter(brightness=0.4)",
        ),
        (
            "none.toml",
            "cannot read the pipeline none.toml: No such file or directory",
        ),
    ],
)
def test_says_what_is_wrong(spec, says, tmp_path, monkeypatch):
    """A spec that has no meaning is answered with what would have one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as error:
        read(spec)
    assert says == str(error.value)


@pytest.mark.parametrize("spec", ["imagenet-trian", "simclr-v2", "imagenet-train | Grayscale"])
def test_misspelt_preset_is_answered_with_the_presets(spec):
    """What looks like a preset's name and is none is not taken for a subtraction."""
    with pytest.raises(SpecError, match="preset"):
        read(spec)


def test_nothing_behind_an_overridden_preset_is_lost():
    """A preset with arguments stands alone: what follows it is refused, never dropped."""
    with pytest.raises(SpecError):
        read("colorjitter(brightness=0.4) | Resize(3)")
    with pytest.raises(SpecError):
        read("colorjitter(brightness=0.4) | colorjitter(hue=0.1)")


def test_reading_runs_no_code(tmp_path, monkeypatch):
    """A file that ends in .toml is never imported, and a module only when it is built."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harmful.py").write_text("open('harm', 'w')")
    (tmp_path / "harmful:x.toml").write_text('[[transforms]]\nname = "Grayscale"\n')
    read("harmful:x")
    assert ("Grayscale()",) == read("harmful:x.toml").transforms
    assert not (tmp_path / "harm").exists()


FLOATS = "ToImage | ToDtype(float32, scale=True)"


@pytest.mark.parametrize(
    ("spec", "kept", "transforms"),
    [
        (f"{FLOATS} | Normalize([0.5], [0.5])", False, 2),
        (f"{FLOATS} | Normalize([0.5], [0.5])", True, 3),
        (f"{FLOATS} | Normalize([0.5], [0.5]) | ToPureTensor", False, 3),
        (f"{FLOATS} | Normalize([0.5], [0.5]) | RandomErasing", False, 4),
        ("Normalize([0.5], [0.5])", False, 0),
    ],
)
def test_normalize_at_the_end_is_left_out_unless_kept(spec, kept, transforms):
    """Only a Normalize that nothing but a change of type follows goes; the pipeline says so."""
    pipeline = read(spec, keep_normalize=kept)
    applied = pipeline.build().transforms
    named = [text.partition("(")[0] for text in pipeline.transforms]
    assert transforms == len(pipeline.transforms)
    assert pipeline.before_normalize == ("Normalize" not in named)
    assert (named or ["Identity"]) == [type(transform).__name__ for transform in applied]


def test_stages_are_the_pipeline_cut_up():
    """Each stage is one transform of the pipeline, in order."""
    stages = read("Resize(8) | Grayscale | ToImage").stages()
    assert [v2.Resize, v2.Grayscale, v2.ToImage] == [type(stage) for stage in stages]


def test_recipes_are_values():
    """Recipes of one text are equal and hash alike; keeping Normalize makes another."""
    assert read("colorjitter") == read("colorjitter")
    assert hash(read("colorjitter")) == hash(read("colorjitter"))
    assert read("Normalize([0], [1])") != read("Normalize([0], [1])", keep_normalize=True)
