"""transformers reads what `hf` writes."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from bnstat.errors import ExportError
from bnstat.targets.figures import shortest

pytestmark = pytest.mark.skipif(
    not find_spec("transformers"), reason="transformers is missing: pip install transformers"
)

PROCESSORS = pytest.mark.parametrize("name", ["ViTImageProcessor", "CLIPImageProcessor"])
CROPPED = "Resize(256) | CenterCrop(224)"

# As google/vit-base-patch16-224 has it.
CONFIG = """\
{
  "do_convert_rgb": null,
  "do_normalize": true,
  "do_rescale": true,
  "do_resize": true,
  "image_mean": [
    0.5,
    0.5,
    0.5
  ],
  "image_processor_type": "ViTImageProcessor",
  "image_std": [
    0.5,
    0.5,
    0.5
  ],
  "resample": 2,
  "rescale_factor": 0.00392156862745098,
  "size": {
    "height": 224,
    "width": 224
  }
}
"""


def processor(name, file):
    import transformers

    return getattr(transformers, name).from_pretrained(file.parent)


def processed(processor, image, **keywords):
    """Return what a processor makes of one image, of shape (C, H, W)."""
    return processor(image, return_tensors="np", **keywords)["pixel_values"][0]


def save_clip(folder):
    """Save a CLIP processor as transformers does, with a tokenizer of a few words."""
    import transformers

    (folder / "vocab.json").write_text(
        json.dumps({w: i for i, w in enumerate(["a", "a</w>", "<|startoftext|>", "<|endoftext|>"])})
    )
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    transformers.CLIPProcessor(transformers.CLIPImageProcessor(), tokenizer).save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "clip"}')


def rounded(values):
    """Return numbers with as many digits as read back to the same float32."""
    return [float(shortest(value)) for value in values]


@pytest.fixture
def photo():
    """An image that is neither square nor small."""
    pixels = np.random.default_rng(5).integers(0, 256, (12, 20, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((500, 300), Image.Resampling.BICUBIC)


@PROCESSORS
@pytest.mark.parametrize("scale", ["1", "255"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_it_normalizes(measured, export, name, scale, mode):
    """Images as Pillow opens them, in the size that they have."""
    result = measured(mode)
    reader = processor(name, export(result, "hf", "--scale", scale))
    with Image.open(result.image) as image:
        assert result.agrees(processed(reader, image))


def test_gray_images_are_brought_to_the_mode_that_was_measured(measured, export):
    """As they were when they were measured as RGB."""
    reader = processor("ViTImageProcessor", export(measured(), "hf"))

    assert processed(reader, Image.new("L", (8, 4), 7)).shape == (3, 4, 8)


def test_a_model_s_folder_is_read_by_the_model_s_processor(measured, export):
    """Found by the model's own config, beside."""
    result = measured()
    file = export(result, "hf")
    (file.parent / "config.json").write_text('{"model_type": "vit"}')
    reader = processor("AutoImageProcessor", file)
    with Image.open(result.image) as image:
        assert type(reader).__name__.startswith("ViTImageProcessor")
        assert result.agrees(processed(reader, image))


@PROCESSORS
@pytest.mark.parametrize(
    "augment",
    [
        CROPPED,
        "Resize((256, 240), interpolation=BICUBIC) | CenterCrop(224)",
        "RandomResizedCrop(224)",
        "Resize((224, 224))",
    ],
)
def test_sizes_are_those_of_the_pipeline(measured, export, photo, name, augment):
    """What was measured at 224x224 is processed at 224x224."""
    reader = processor(name, export(measured("RGB", augment), "hf"))

    assert processed(reader, photo).shape == (3, 224, 224)


@PROCESSORS
def test_images_are_resized_and_cropped_as_they_were_measured(measured, export, photo, name):
    """By torchvision, to half an 8-bit step on average: the processor resizes with its tensors."""
    result = measured("RGB", CROPPED)
    reader = processor(name, export(result, "hf"))
    wanted = v2.Compose([v2.Resize(256), v2.CenterCrop(224)])(photo)
    found = processed(reader, photo, do_normalize=False)

    assert np.abs(found.transpose(1, 2, 0) * 255 - np.asarray(wanted)).mean() < 0.5


def test_nothing_is_resized_by_default(measured, export, photo):
    """Even by a processor that crops if nobody says no."""
    reader = processor("CLIPImageProcessor", export(measured(), "hf"))

    assert processed(reader, photo).shape == (3, 300, 500)


def test_a_processor_saves_where_the_figures_come_from(measured, export, tmp_path):
    """They go on with the model."""
    result = measured("RGB", CROPPED)
    processor("ViTImageProcessor", export(result, "hf")).save_pretrained(tmp_path / "again")
    saved = json.loads((tmp_path / "again" / "preprocessor_config.json").read_text())

    assert saved["bnstat"]["pipeline"] == CROPPED


def test_three_digits(measured, export):
    """So many as were asked for."""
    result = measured()
    found = json.loads(export(result, "hf", "--precision", "3").read_text())

    assert found["image_mean"] == [float(f"{mean:.3g}") for mean in result.stats.mean]


@pytest.mark.parametrize(
    ("mode", "options", "error"),
    [
        (
            "RGBA",
            (),
            "hf holds 1 or 3 channels, not 4 (R, G, B, A); --format json holds any",
        ),
        (
            "RGB",
            ("--channel-order", "bgr"),
            "hf cannot have channel order bgr: it has none of its own",
        ),
    ],
)
def test_what_it_cannot_hold_is_refused(measured, export, mode, options, error):
    """With the reason."""
    with pytest.raises(ExportError) as refused:
        export(measured(mode), "hf", *options)

    assert str(refused.value) == error


class TestUpdate:
    """A model's own preprocessor_config.json."""

    def test_only_the_normalization_changes(self, measured, update, tmp_path, photo):
        """In the file, and in what its processor does to an image."""
        result = measured()
        file = tmp_path / "preprocessor_config.json"
        changed = update(result, "hf", file, CONFIG)
        reader = processor("AutoImageProcessor", file)
        found = processed(reader, photo)
        rescaled = processed(reader, photo, do_normalize=False)
        mean, std = np.array(result.stats.mean), np.array(result.stats.std)
        wanted = (rescaled - mean[:, None, None]) / std[:, None, None]

        assert len(changed) == 6
        assert json.loads(file.read_text()).keys() == json.loads(CONFIG).keys()
        assert found.shape == (3, 224, 224)
        assert np.abs(found - wanted).max() < 1e-5

    def test_the_file_that_transformers_5_writes(self, measured, update, tmp_path):
        """Has the processor's values below image_processor, and they are what is read."""
        result = measured()
        save_clip(tmp_path)
        file = tmp_path / "processor_config.json"
        before = file.read_text()
        changed = update(result, "hf", file, before)
        reader = processor("AutoImageProcessor", file)

        assert [line.strip(" ,") for line in changed] == [
            repr(number) for number in (*rounded(result.stats.mean), *rounded(result.stats.std))
        ]
        assert list(reader.image_mean) == rounded(result.stats.mean)
        assert list(reader.image_std) == rounded(result.stats.std)
        with Image.open(result.image) as image:
            found = processed(reader, image, do_resize=False, do_center_crop=False)
            assert result.agrees(found)

    def test_a_file_that_is_not_read_is_refused(self, measured, update, tmp_path):
        """Beside a processor_config.json with an image_processor; until both say the same."""
        result = measured()
        save_clip(tmp_path)
        file, preferred = tmp_path / "preprocessor_config.json", tmp_path / "processor_config.json"
        with pytest.raises(ExportError) as refused:
            update(result, "hf", file, CONFIG)
        update(result, "hf", preferred, preferred.read_text())

        assert str(refused.value) == (
            f"cannot update {file}: transformers reads processor_config.json beside it instead; "
            "update that first"
        )
        assert len(update(result, "hf", file, CONFIG)) == 6

    def test_an_old_file_gets_what_it_does_not_say(self, measured, update, tmp_path):
        """Feature extractors rescaled without saying so; what they said stays."""
        file = tmp_path / "preprocessor_config.json"
        before = '{\n  "do_normalize": true,\n  "image_mean": [0.5, 0.5, 0.5],\n  "size": 224\n}\n'
        update(measured(), "hf", file, before)
        found = json.loads(file.read_text())

        assert list(found)[:3] == ["do_normalize", "image_mean", "size"]
        assert (found["size"], found["do_rescale"]) == (224, True)
        assert found["rescale_factor"] == 1 / 255

    @pytest.mark.parametrize(
        ("name", "does"),
        [
            ("rescale_offset", "shifts images to [-1, 1]"),
            ("offset", "shifts images to [-1, 1]"),
            ("include_top", "divides by image_std a second time"),
        ],
    )
    def test_a_processor_that_does_more_is_refused(self, measured, update, tmp_path, name, does):
        """EfficientNet's and ViViT's: the figures would not be for what they make of images."""
        file = tmp_path / "preprocessor_config.json"
        with pytest.raises(ExportError) as refused:
            update(measured(), "hf", file, f'{{"do_rescale": true, "{name}": true}}\n')

        assert str(refused.value) == (f"cannot update {file}: its {name} {does}; set it to false")
        assert file.read_text() == f'{{"do_rescale": true, "{name}": true}}\n'

    def test_what_efficientnet_does_more(self, measured, export, update, tmp_path):
        """Set to false as the refusal says, it normalizes like all others; left, it does not."""
        result = measured()
        file = tmp_path / "preprocessor_config.json"
        update(result, "hf", file, export(result, "hf").read_text())
        reader = processor("EfficientNetImageProcessor", file)
        with Image.open(result.image) as image:
            assert result.agrees(processed(reader, image, include_top=False, rescale_offset=False))
            assert not result.agrees(processed(reader, image, include_top=True))

    def test_other_numbers_of_channels_are_refused(self, measured, update, tmp_path):
        """A model for RGB has no use for one number."""
        file = tmp_path / "preprocessor_config.json"
        with pytest.raises(ExportError) as refused:
            update(measured("L"), "hf", file, CONFIG)

        assert str(refused.value) == (
            f"cannot update {file}: it has image_mean for 3 channels, and the result has 1"
        )
