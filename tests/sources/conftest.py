"""Folders and files that sources are opened on, and what is found there."""

import os
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bnstat.sources.sources import Sources


@pytest.fixture
def touch(tmp_path):
    """Make small files, with the folders they are in; return the folder that holds all."""

    def make(*names, root=tmp_path):
        for name in names:
            path = os.path.join(os.fsencode(root), os.fsencode(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(b"x")
        return os.fsencode(root)

    return make


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A folder of twelve small images at several depths, and what is none; not to be changed."""
    folder = tmp_path_factory.mktemp("tree") / "data"
    rng = np.random.default_rng(5)
    for i, name in enumerate(["z", "a/1", "a/b/2", "a-b/3", "c/ü", "c/d/e/4"]):
        for suffix in ("png", "JPG"):
            path = folder / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (8 + i, 11, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path)
    for name in ("notes.txt", "c/labels.json", ".hidden.png", "a/.cache/x.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"no image")
    return folder


@pytest.fixture(scope="session")
def members(tree):
    """The files of `tree` in no order: name and bytes."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    np.random.default_rng(1).shuffle(files)
    return [(path.relative_to(tree).as_posix(), path.read_bytes()) for path in files]


@pytest.fixture
def found():
    """Iterate locations: the references by key, and how many are skipped and duplicates."""

    def find(*locations):
        sources = Sources.open([os.fspath(location) for location in locations])
        references = {reference.key: reference for reference in sources}
        counted = sources.count()
        assert counted is None or counted == len(references) + sources.duplicates + sources.replaced
        return SimpleNamespace(
            references=references,
            keys=sorted(references),
            skipped=sources.skipped,
            duplicates=sources.duplicates,
            replaced=sources.replaced,
            not_replaced=sources.not_replaced,
            problems={key: r.problem for key, r in references.items() if r.problem},
        )

    return find


@pytest.fixture
def content(found):
    """Return the bytes of each image of locations, as a worker would read them."""

    def read(*locations):
        data = {}
        for key, reference in found(*locations).references.items():
            with pickle.loads(pickle.dumps(reference)).open() as file:
                data[key] = file.read()
        return data

    return read


@pytest.fixture(scope="session")
def expected(tree):
    """What must be found of `tree`: key and bytes of each image."""
    folder = Sources.open([os.fspath(tree)])
    return {r.key: (tree / os.fsdecode(r.key)).read_bytes() for r in folder}
