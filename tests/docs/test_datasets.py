"""The recipes of docs/datasets.md run as they stand, and their figures are numpy's."""

import hashlib
import importlib
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.user_code import draw_number, seed_generators

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "datasets.md").read_text()
SECTIONS = dict(re.findall(r"^##+ ([^\n]*)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))
RNG = np.random.default_rng(0)


def blocks(section):
    return re.findall(r"^```python\n(.*?)^```", SECTIONS[section], re.DOTALL | re.MULTILINE)


def noise(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the blocks of a section in a folder of their own; return the names that they leave."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = {"bnstat": bnstat, "Path": Path}

    def run_section(section, before=()):
        for block in [block for each in (*before, section) for block in blocks(each)]:
            if block.startswith("# mydata.py\n"):
                Path("mydata.py").write_text(block)
                sys.modules.pop("mydata", None)
                importlib.invalidate_caches()
            elif not block.startswith(("# lightning", "# transformers")):
                exec(block, names)
        return names

    yield run_section
    sys.modules.pop("mydata", None)


def photos(sizes=((24, 24),)):
    """Make a folder of images in two classes; return their pixels in the order of their paths."""
    pixels = []
    for name in ("cat", "dog"):
        Path("photos", name).mkdir(parents=True)
        for number in range(4):
            pixels.append(noise(*sizes[number % len(sizes)], 3))
            Image.fromarray(pixels[-1]).save(Path("photos", name, f"{number}.png"))
    return pixels


def check_exact(stats, samples):
    """Integers are those of the samples, (pixels, C)."""
    values = samples.reshape(-1, samples.shape[-1]).astype(np.int64)
    assert stats.sum == tuple(values.sum(axis=0).tolist())
    assert stats.sum_of_squares == tuple((values**2).sum(axis=0).tolist())


def check_close(stats, samples, rtol=1e-12):
    """Mean and std are numpy's in float64, of samples (pixels, C)."""
    values = samples.astype(np.float64).reshape(-1, samples.shape[-1])
    assert np.allclose(stats.mean, values.mean(axis=0), rtol=rtol)
    assert np.allclose(stats.std, values.std(axis=0), rtol=rtol)


def test_cifar_from_its_pickles(run, monkeypatch):
    """torchvision reads the pickles, which are small here; each class is a group."""
    from torchvision.datasets import CIFAR10

    folder = Path("cifar", CIFAR10.base_folder)
    folder.mkdir(parents=True)
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    files, pixels = {}, []
    for number in range(1, 6):
        pixels.append(noise(20, 3072))
        content = {"data": pixels[-1], "labels": [i % 10 for i in range(20)]}
        files[f"data_batch_{number}"] = pickle.dumps(content)
    files["test_batch"] = pickle.dumps({"data": noise(1, 3072), "labels": [0]})
    files["batches.meta"] = pickle.dumps({"label_names": names})
    sums = {name: hashlib.md5(data).hexdigest() for name, data in files.items()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    batches = [[name, sums[name]] for name in files if name.startswith("data")]
    monkeypatch.setattr(CIFAR10, "train_list", batches)
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": sums["batches.meta"]})
    stats = run("CIFAR-10")["stats"]
    planes = np.concatenate(pixels).reshape(-1, 3, 1024)
    check_exact(stats, np.moveaxis(planes, 1, -1))
    airplanes = np.moveaxis(planes[::10], 1, -1).reshape(-1, 3) / 255
    assert np.allclose(stats.groups["airplane"].mean, airplanes.mean(axis=0), rtol=1e-12)


def test_image_folder_with_its_transform(run):
    """The draws are those of the same seeds."""
    photos(sizes=[(30, 40), (50, 28)])
    names = run("An ImageFolder with its transform")
    data = names["ImageFolder"]("photos", names["crops"])
    drawn = []
    for epoch in range(3):
        for index in range(len(data)):
            seed_generators(draw_number(b"item", 0, epoch, b"%09d" % index))
            drawn.append(np.asarray(data[index][0]).reshape(-1, 3))
    check_exact(names["stats"], np.concatenate(drawn))
    assert names["stats"].uncertainty.of == ("draws",)


def test_weighted_sampler(run):
    """Draws of a loader are those of its seed; the second class comes four times as often."""
    pixels = photos()
    stats = run("A WeightedRandomSampler", ["An ImageFolder with its transform"])["stats"]
    assert stats.source.images == 200 and not stats.is_exact
    cats, dogs = (np.mean(pixels[half]) / 255 for half in (slice(0, 4), slice(4, 8)))
    expected = (cats + 4 * dogs) / 5
    assert np.allclose(np.mean(stats.mean), expected, atol=0.01)


def test_mixup_in_a_collate_function(run):
    """Mixed or not, the mean is that of the images; the std is smaller."""
    pixels = np.stack(photos()).reshape(-1, 3) / 255
    before = ["An ImageFolder with its transform", "A WeightedRandomSampler"]
    stats = run("MixUp in a collate function", before)["stats"]
    assert np.allclose(stats.mean, pixels.mean(axis=0), atol=1e-6)
    assert (np.array(stats.std) < pixels.std(axis=0)).all()
    assert stats.uncertainty.of == ("draws",)


def test_hugging_face_dataset(run):
    """Images are those of the files."""
    pytest.importorskip("datasets")
    pixels = photos()
    stats = run("A Hugging Face dataset")["stats"]
    check_exact(stats, np.stack(pixels))
    assert {name: group.images for name, group in stats.groups.items()} == {"0": 4, "1": 4}


def test_medmnist(run):
    """The array that is named is measured."""
    images = noise(30, 28, 28, 3)
    np.savez_compressed("pathmnist.npz", train_images=images, val_images=images[:2])
    check_exact(run("MedMNIST's npz")["stats"], images)


def test_hdf5(run):
    """Workers open the file themselves."""
    h5py = pytest.importorskip("h5py")
    tiles = noise(70, 16, 16, 3)
    with h5py.File("slides.h5", "w") as file:
        file["tiles"] = tiles
    stats = run("HDF5")["stats"]
    check_exact(stats, tiles)
    assert stats.source.dataset.here == ""


def test_dicom(run):
    """Hounsfield units, as floats."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset

    Path("scans").mkdir()
    expected = []
    for number in range(5):
        stored = RNG.integers(0, 4096, (12, 14), dtype=np.uint16)
        expected.append(stored.astype(np.float64) * 2.0 - 1024)
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
        meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        scan = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        scan.Rows, scan.Columns = stored.shape
        scan.SamplesPerPixel, scan.PhotometricInterpretation = 1, "MONOCHROME2"
        scan.BitsAllocated = scan.BitsStored = 16
        scan.HighBit, scan.PixelRepresentation = 15, 0
        scan.RescaleSlope, scan.RescaleIntercept = "2", "-1024"
        scan.PixelData = stored.tobytes()
        scan.save_as(Path("scans", f"{number}.dcm"), enforce_file_format=True)
    stats = run("DICOM, rescaled")["stats"]
    assert stats.scale == 1
    check_close(stats, np.stack(expected)[..., None])


def test_frames_of_videos(run):
    """Every tenth frame, as PyAV decodes it."""
    av = pytest.importorskip("av")
    Path("videos").mkdir()
    for number in range(2):
        with av.open(f"videos/{number}.mp4", "w") as video:
            stream = video.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
            for _ in range(25):
                frame = av.VideoFrame.from_ndarray(noise(32, 32, 3), format="rgb24")
                video.mux(stream.encode(frame))
            video.mux(stream.encode())
    stats = run("Frames of videos")["stats"]
    assert stats.uncertainty.clusters == 2
    expected = []
    for path in ("videos/0.mp4", "videos/1.mp4"):
        with av.open(path) as video:
            expected += [np.asarray(f.to_image()) for f in list(video.decode(video=0))[::10]]
    check_exact(stats, np.stack(expected))
    assert {name: group.images for name, group in stats.groups.items()} == {"0": 3, "1": 3}


def test_spectrograms(run):
    """Drawn five times with the seeds of epoch and index."""
    np.save("waves.npy", RNG.normal(0, 1, (40, 1000)).astype(np.float32))
    names = run("Spectrograms with SpecAugment")
    data, drawn = names["Spectrograms"]("waves.npy"), []
    for epoch in range(5):
        for index in range(40):
            seed_generators(draw_number(b"item", 0, epoch, b"%09d" % index))
            drawn.append(data[index].numpy())
    # A Fourier transform in float32 is rounded differently where memory is aligned differently.
    check_close(names["stats"], np.stack(drawn).reshape(-1, 1), rtol=1e-6)
    assert names["stats"].uncertainty.of == ("draws",)


def test_memory_mapped_array(run):
    """As in memory."""
    tiles = noise(50, 20, 20, 3)
    np.save("tiles.npy", tiles)
    check_exact(run("A memory-mapped array")["stats"], tiles)


LOOP = ["An ImageFolder with its transform", "A WeightedRandomSampler"]
LOOP.append("MixUp in a collate function")


def seen(names):
    """Return the samples of all batches of the loader, (pixels, C)."""
    return np.concatenate([np.moveaxis(images.numpy(), 1, -1) for images, _ in names["loader"]])


def test_loop_of_ones_own(run):
    """The figures of a training loop are those of its first epoch."""
    photos()
    names = run("A loop of one's own", LOOP)
    check_close(names["stats"], seen(names))
    assert names["model"][0].num_batches_tracked == 2 * names["stats"].methods["batchnorm"].batches


@pytest.mark.long
@pytest.mark.filterwarnings("default")  # its own
def test_lightning_callback(run):
    """A model that Lightning trains: the document is that of the images."""
    lightning = pytest.importorskip("lightning")
    import torch

    photos()
    names = run("A loop of one's own", LOOP)
    exec(next(b for b in blocks("A loop of one's own") if b.startswith("# lightning")), names)

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = names["model"]

        def training_step(self, batch, _):
            return torch.nn.functional.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01)

    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    quiet |= {"enable_model_summary": False, "accelerator": "cpu", "max_epochs": 2}
    trainer = lightning.Trainer(callbacks=[names["Statistics"]()], **quiet)
    trainer.fit(Module(), names["loader"])
    check_close(bnstat.load("bnstat.json"), seen(names))


@pytest.mark.long
@pytest.mark.filterwarnings("default")  # its own
def test_trainer_callback(run):
    """The same with Hugging Face's Trainer."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    import torch

    photos()
    names = run("A loop of one's own", LOOP)
    exec(next(b for b in blocks("A loop of one's own") if b.startswith("# transformers")), names)
    items = [{"pixel_values": image, "labels": label} for image, label in names["loader"].dataset]

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = names["model"]

        def forward(self, pixel_values, labels):
            scores = self.model(pixel_values)
            return {"loss": torch.nn.functional.cross_entropy(scores, labels), "logits": scores}

    arguments = transformers.TrainingArguments(
        "out", num_train_epochs=1, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True
    )
    callbacks = [names["Statistics"]()]
    transformers.Trainer(Model(), arguments, train_dataset=items, callbacks=callbacks).train()
    check_close(bnstat.load("bnstat.json"), seen(names))


def test_page_has_its_recipes():
    """Ten and one, each with code."""
    recipes = PAGE.split("## Recipes")[1].split("## A loop")[0]
    assert len(re.findall(r"^### ", recipes, re.MULTILINE)) == 11
