"""`bnstat.explain`: constants that were made from images, by the code that made them."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.functional import to_tensor

import bnstat
from bnstat.errors import DocumentError, SourceError


def written(values, decimals=4):
    return ",".join(f"{value:.{decimals}f}" for value in np.atleast_1d(values))


def save(folder, images):
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image.squeeze()).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def pixels():
    """Two hundred images of three channels, uint8 of shape (200, 20, 20, 3)."""
    rng = np.random.default_rng(8)
    each = rng.normal(0, 1, (200, 20, 20, 3)) + rng.normal(0, 2, (200, 1, 1, 3))
    return np.clip(each * [20, 22, 25] + [110, 125, 140], 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(pixels, tmp_path_factory):
    return save(tmp_path_factory.mktemp("explain") / "data", pixels)


def explain(*arguments, **keywords):
    return bnstat.explain(*arguments, workers=1, **keywords)


def test_a_forum_loop(pixels, folder):
    """Mean and std of the loop that averages stds of images are found, each with its recipe."""
    unit = pixels / 255
    constants = f"{written(unit.mean((0, 1, 2)))}/{written(unit.std((1, 2), ddof=1).mean(0))}"
    found = explain(constants, folder)
    assert "the mean of all pixels" == found.mean.matches[0].recipe
    assert "the mean of the images' stds (ddof 1)" == found.std.matches[0].recipe
    assert found.found and 200 == found.images and ("R", "G", "B") == found.channels
    assert unit.std((0, 1, 2)) == pytest.approx(found.exact_std, abs=1e-12)
    assert (0, 0, 0) == pytest.approx(found.normalized_mean, abs=1e-3)
    expected = unit.std((0, 1, 2)) / unit.std((1, 2), ddof=1).mean(0)
    assert expected == pytest.approx(found.normalized_std, abs=2e-3)


def test_opencv_order_and_bytes(pixels, folder):
    """Constants for BGR and 0-255 are found, and normalize as they stand."""
    mean, std = (getattr(pixels[..., ::-1], name)((0, 1, 2)) for name in ("mean", "std"))
    found = explain(f"{written(mean, 2)}/{written(std, 2)}", folder)
    for each in (found.mean, found.std):
        assert ("0-255", ("B", "G", "R")) == (each.matches[0].units, each.matches[0].channels)
    assert (1, 1, 1) == pytest.approx(found.normalized_std, abs=1e-3)
    assert (0, 0, 0) == pytest.approx(found.normalized_mean, abs=1e-3)


def cifar(images):
    """Each image a tensor of its own, and the mean of torch's stds of these."""
    stacked = torch.stack([to_tensor(image) for image in images])
    return stacked.mean((0, 2, 3)), stacked.std((2, 3)).mean(0)


def skin(images):
    """One number for all channels, 0-255: numpy's std of each image, averaged."""
    return 255 * (images / 255).mean(), np.mean([image.std() for image in images])


def imagenet(images):
    """Resized and cropped, as models are evaluated."""
    views = v2.Compose([v2.Resize(14), v2.CenterCrop(12)])
    return cifar([np.array(views(Image.fromarray(image))) for image in images])


@pytest.mark.parametrize(
    ("thread", "augment", "recipe"),
    [
        (cifar, (), "the mean of the images' stds (ddof 1)"),
        (skin, (), "the mean of the images' stds over all channels"),
        (imagenet, "Resize(14) | CenterCrop(12)", "the mean of the images' stds (ddof 1)"),
    ],
    ids=["pytorch-cifar#129", "VM-UNet#38", "vision#1439"],
)
def test_threads(pixels, folder, thread, augment, recipe):
    """Questions that were asked, rebuilt with small images: the std is not that of all pixels."""
    mean, std = thread(pixels)
    found = explain(f"{written(mean, 4)}/{written(std, 4)}", folder, augment=augment)
    assert found.std.matches[0].recipe == recipe
    assert bool(augment) == bool(found.std.matches[0].pipeline)


def test_a_pipeline(pixels, folder):
    """Under the pipeline that is named, or one of the common sizes, the constants are found."""
    resized = np.stack(
        [np.asarray(Image.fromarray(p).resize((32, 32), Image.Resampling.BILINEAR)) for p in pixels]
    )
    std = (resized / 255).std((0, 1, 2))
    constants = f"0.111,0.222,0.333/{written(std)}"
    assert not explain(constants, folder).std.matches
    for more in ({"augment": "Resize((32, 32))"}, {"try_resize": True}):
        match = explain(constants, folder, **more).std.matches[0]
        assert ("the std of all pixels", 1) == (match.recipe, len(match.pipeline))
        assert match.pipeline[0].startswith("Resize(")


def test_gray_of_rgb(pixels, folder):
    """One constant for all channels of colored images may be of the gray images."""
    gray = np.stack([np.asarray(Image.fromarray(p).convert("L")) for p in pixels]) / 255
    number = f"{gray.std():.6f}"
    match = explain(f"0.1,0.1,0.1/{number},{number},{number}", folder).std.matches[0]
    assert ("the std of all pixels", 1) == (match.recipe, len(match.pipeline))
    assert match.pipeline[0].startswith("Grayscale(")


def test_two_sources(pixels, tmp_path):
    """Of training and validation images, each is tried, and both together."""
    halves = {"train": pixels[:120], "val": pixels[120:]}
    names = [save(tmp_path / name, half) for name, half in halves.items()]
    for source, images in (*halves.items(), ("all sources together", pixels)):
        std = (images / 255).std((0, 1, 2))
        match = explain(f"0.1,0.2,0.3/{written(std, 5)}", *names).std.matches[0]
        assert match.recipe == "the std of all pixels" and match.source.endswith(source)


def test_documents_and_records(pixels, folder, tmp_path):
    """A document's images are measured again; records are read, without images."""
    copied = shutil.copytree(folder, tmp_path / "copy")
    document, records = tmp_path / "bnstat.json", tmp_path / "records.csv"
    bnstat.compute(copied, workers=1, records=records).save(document)
    stds = (pixels / 255).std((1, 2)).mean(0)
    constants = f"0.1,0.2,0.3/{written(stds, 6)}"
    assert "the mean of the images' stds (ddof 0)" == (
        explain(constants, document).std.matches[0].recipe
    )
    shutil.rmtree(copied)
    found = explain(constants, records)
    assert "the mean of the images' stds (ddof 0)" == found.std.matches[0].recipe
    assert () == found.results
    with pytest.raises(SourceError, match="holds records, not images, which pipelines need"):
        explain(constants, records, try_resize=True)


def test_a_document_of_a_pipeline(folder, tmp_path):
    """The images of a result under a pipeline are measured plain, and under it."""
    stats = bnstat.compute(folder, workers=1, augment="Resize((8, 8))")
    found = explain(f"0.1,0.2,0.3/{written(stats.std, 5)}", stats)
    match = found.std.matches[0]
    assert match.pipeline == stats.pipeline.transforms
    assert match.recipe == "the std of all pixels"


def test_other_images(folder):
    """Constants of other images match no recipe; the nearest have their distance."""
    found = explain("cifar10", folder)
    assert not found.found
    assert 3 == len(found.std.nearest) == len(found.std.looks)
    assert found.std.nearest[0].distance <= found.std.nearest[1].distance
    json.dumps(found.to_dict(), allow_nan=False)


def test_images_that_are_alike(tmp_path):
    """Where all images are equal, recipes agree, and all of them are named."""
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3) // 2
    data = save(tmp_path / "data", [image] * 5)
    std = (image / 255).std((0, 1))
    names = [m.recipe for m in explain(f"0.1,0.2,0.3/{written(std)}", data).std.matches]
    assert "the std of all pixels" == names[0]
    assert {"the mean of the images' stds (ddof 0)", "the std of the first 1 images"} <= {*names}


@pytest.mark.parametrize(
    ("constants", "said"),
    [
        ("0.1,0.2,0.3,0.4/0.1,0.2,0.3,0.4", "the constants have 4 channels, the images 3"),
        ("0.1,0.2/0.1,0.2", "the constants have 2 channels, the images 3"),
        ("0.5/0", "a std must be above 0"),
    ],
)
def test_constants_that_cannot_be_of_the_images(folder, constants, said):
    """Another number of channels and a std of 0 are refused."""
    with pytest.raises(SourceError, match=said):
        explain(constants, folder)


def test_no_document(tmp_path, monkeypatch):
    """Without a source and bnstat.json, it is said how to make one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError, match=r"no result document bnstat\.json; make one"):
        explain("imagenet")


def test_sources_of_different_channels(folder, tmp_path):
    """Sources that cannot stand together are refused."""
    records = tmp_path / "gray.csv"
    bnstat.compute(folder, workers=1, mode="L", records=records)
    with pytest.raises(SourceError, match="have different channels or depth"):
        explain("imagenet", folder, records)
