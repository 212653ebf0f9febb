"""--dataset, --array and --layout: datasets and arrays on the command line."""

import numpy as np
import pytest

import bnstat

CODE = """
import numpy as np
from PIL import Image

class Pictures:
    classes = ["cat", "dog"]

    def __init__(self, number):
        self.number = number

    def __len__(self):
        return self.number

    def __getitem__(self, index):
        pixels = np.random.default_rng(index).integers(0, 256, (8, 9, 3), dtype=np.uint8)
        return {"image": Image.fromarray(pixels), "label": index % 2}

train = Pictures(30)

def val():
    print("loading")
    return Pictures(10)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a module of datasets."""
    (tmp_path / "pictures_of_mine.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_compute_writes_and_shows_a_dataset(folder, in_process):
    """Its name is in the document; what its code prints is not on stdout."""
    result = in_process("compute", "--dataset", "pictures_of_mine:val", "--by", "label")
    assert result.status == 0, result.err
    assert result.out.startswith("dataset: pictures_of_mine:val: 10 images")
    assert "loading" in result.err and "loading" not in result.out
    stats = bnstat.load("bnstat.json")
    assert stats.source.locations == ("dataset: pictures_of_mine:val",)
    assert stats.source.dataset.name == "pictures_of_mine:val"
    assert {name: group.images for name, group in stats.groups.items()} == {"cat": 5, "dog": 5}


def test_document_runs_no_code(folder, in_process):
    """What would measure a dataset again says what to type, and that does."""
    in_process("compute", "-q", "--dataset", "pictures_of_mine:train")
    again = in_process("compare", "--augment", "RandomHorizontalFlip()")
    assert again.status == 4
    assert again.err.endswith(
        "bnstat: the images of this result came from pictures_of_mine:train, which is code, and a "
        "document runs none; if you trust it, name it in place of the result: --dataset "
        "pictures_of_mine:train\n"
    )
    typed = in_process(
        "compare", "--dataset", "pictures_of_mine:train", "--augment", "RandomHorizontalFlip()"
    )
    assert typed.status == 0, typed.err
    two = ["--dataset", "pictures_of_mine:train", "--dataset", "pictures_of_mine:val"]
    assert "dataset: pictures_of_mine:val" in in_process("compare", *two).out


def test_other_commands_take_one_dataset(folder, in_process):
    """sweep, outliers, duplicates and explain; a source beside it is refused."""
    named = ("--dataset", "pictures_of_mine:train")
    in_process("compute", "-q", *named, "-o", "d.json")
    assert in_process("sweep", *named, "--repeats", "2").status == 0
    assert in_process("outliers", *named).status == 0
    twice = in_process("duplicates", *named, *named, "--fail")
    assert twice.status == 4 and "a dataset" in twice.err
    assert "no two have equal" in in_process("duplicates", *named).out
    assert in_process("duplicates").status == 2
    stats = bnstat.load("d.json")
    mean, std = (",".join(map(str, values)) for values in (stats.mean, stats.std))
    assert "the std of all pixels" in in_process("explain", f"{mean}/{std}", *named).out
    assert in_process("sweep", "other", *named).status == 2
    assert in_process("compute", "other", *named).status == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dataset", "pictures_of_mine:none"), "cannot load pictures_of_mine:none: Attribute"),
        (("--dataset", "no_such_module:x"), "cannot load no_such_module:x: ModuleNotFoundError"),
        (("--dataset", "pictures_of_mine:train", "--by", "folder"), "by folder is of files"),
        (("--dataset", "pictures_of_mine:train", "--journal", "j"), "a journal knows images by"),
        (("pictures_of_mine.py", "--by", "label"), "by 'label' is of the items of a dataset"),
    ],
)
def test_what_cannot_be_is_one_line(folder, in_process, arguments, said):
    """Exit status 4, and why."""
    result = in_process("compute", *arguments)
    assert (result.status, result.out) == (4, "")
    assert said in result.err.splitlines()[-1]


def test_arrays_have_names_and_layouts(folder, in_process):
    """A single image needs a layout, an .npz of several arrays a name."""
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 9, 3), dtype=np.uint8)
    np.save("one.npy", images[0])
    np.savez("medmnist.npz", train_images=images, val_images=images[:1])
    assert "name its layout, as in --layout NHWC" in in_process("compute", "one.npy").err
    assert in_process("compute", "-q", "one.npy", "--layout", "HWC").status == 0
    one = bnstat.load("bnstat.json")
    assert in_process("compute", "-q", "medmnist.npz", "--array", "val_images").status == 0
    assert bnstat.load("bnstat.json").sum == one.sum
    assert in_process("compute", "one.npy", "--layout", "XYZ").status == 2
