"""Globs on paths below a source: as git has them, for every kind of source."""

import os
import subprocess
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import MergeError, SourceError
from bnstat.sources.folder import Folder
from bnstat.sources.patterns import Globs

PATHS = [
    *("1.png", "a.jpg", "a_mask.png", "img1.png", "img12.png", "x[1].png", "a b.png", "é.png"),
    *("masks/1.png", "masks/a_mask.png", "train/1.png", "train/masks/1.png", "train/deep/er/1.png"),
    *("val/1.png", "val/img1.png", "masks.png/1.png", "a/masksx/1.png"),
]
GLOBS = [
    *("*.png", "*_mask.png", "masks", "masks/", "/masks", "/masks/", "train/*.png", "train/**"),
    *("**/masks", "**/masks/", "train/**/1.png", "img?.png", "img[0-9].png", "img[!2].png"),
    *("a*", "/a*", "*/1.png", "train/", "deep/er", "train/deep", "x\\[1\\].png", "é.png", "?.jpg"),
    *("1.png", "/1.png", "**/er/*", "*.jpg", "a b.png", "[a-b]*", "val/img1.png", "*/"),
]


def write(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((2, 3), value, np.uint8)).save(path)


def ignored_by_git(folder, glob, tmp_path):
    """Return which files git ignores with this line in .gitignore."""
    (folder / ".gitignore").write_text(glob + "\n")
    found = subprocess.run(
        ["git", "-c", "core.quotePath=false", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=folder,
        input="\0".join(PATHS).encode(),
        capture_output=True,
    )
    return {name.decode() for name in found.stdout.split(b"\0") if name}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    top = tmp_path_factory.mktemp("globs") / "data"
    for path in PATHS:
        write(top / path)
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    return top


@pytest.mark.parametrize("glob", GLOBS)
def test_a_glob_stands_for_what_git_ignores(repository, tmp_path, glob):
    """To exclude it leaves out what git ignores; to include it measures just that."""
    ignored = ignored_by_git(repository, glob, tmp_path)
    assert ignored == {p for p in PATHS if not Globs(exclude=[glob]).has(os.fsencode(p))}
    assert ignored == {p for p in PATHS if Globs(include=[glob]).has(os.fsencode(p))}


@pytest.mark.parametrize("glob", GLOBS)
def test_a_folder_that_is_excluded_holds_nothing_that_is_measured(glob):
    """What is not entered is left out as a whole."""
    globs = Globs(exclude=[glob])
    for path in PATHS:
        folders = [path[: i + 1] for i, c in enumerate(path) if c == "/"]
        if not all(globs.enters(os.fsencode(folder)) for folder in folders):
            assert not globs.has(os.fsencode(path))


def test_a_folder_that_is_excluded_is_not_walked(repository, monkeypatch):
    """Nor is anything below it listed."""
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    folder = Folder(os.fsencode(repository), globs=Globs(exclude=["train/"]))
    keys = [reference.key for reference in folder]
    assert keys == sorted(os.fsencode(p) for p in PATHS if not p.startswith("train/"))
    assert not [path for path in listed if b"train" in path]


def test_every_kind_of_source(repository, tmp_path, monkeypatch):
    """A folder, archives, a list and single files have the same images by the same globs."""
    monkeypatch.chdir(repository)
    with (
        tarfile.open(tmp_path / "a.tar", "w") as tar,
        zipfile.ZipFile(tmp_path / "a.zip", "w") as z,
    ):
        for path in PATHS:
            tar.add(path)
            z.write(path)
    (tmp_path / "list").write_text("\n".join(PATHS))
    chosen = {"include": ["*.png"], "exclude": ["masks/", "*_mask.png"], "workers": 1}
    expected = [p for p in PATHS if p.endswith(".png") and "masks/" not in p and "_mask" not in p]
    for named in ([repository], [tmp_path / "a.tar"], [tmp_path / "a.zip"]):
        assert len(expected) == bnstat.compute(*named, **chosen).source.images
        assert 3 == bnstat.compute(*named, **chosen, sample=3).source.images
    assert len(expected) == bnstat.compute(files_from=tmp_path / "list", **chosen).source.images
    several = bnstat.compute(repository / "train", repository / "val", exclude=["deep/"], workers=1)
    assert 4 == several.source.images


def test_shards_are_of_the_images_that_are_chosen(repository):
    """Together they are the whole."""
    chosen = {"exclude": ["masks/", "*.jpg"], "workers": 1}
    whole = bnstat.compute(repository, **chosen)
    shards = [bnstat.compute(repository, shard=(i, 3), **chosen) for i in (1, 2, 3)]
    merged = bnstat.merge(*shards)
    assert whole.source.fingerprint == merged.source.fingerprint
    assert whole.source.exclude == merged.source.exclude == ("masks/", "*.jpg")
    other = bnstat.compute(repository, shard=(1, 3), workers=1)
    with pytest.raises(MergeError, match="they differ in exclude, no images and masks/"):
        bnstat.merge(other, *shards[1:])


def test_a_result_is_measured_again_with_its_globs(repository, tmp_path):
    """By compare and outliers; what is given goes before."""
    stats = bnstat.compute(repository, exclude=["train/", "a*"], workers=1)
    stats.save(tmp_path / "own.json")
    assert stats == bnstat.load(tmp_path / "own.json")
    rows = bnstat.compare(tmp_path / "own.json", augment="Identity", workers=1).rows
    assert stats.count == rows[-1].result.count
    found = bnstat.outliers(tmp_path / "own.json", workers=1)
    assert stats.source.images == found.images


def test_nothing_left_is_said(repository):
    """And a glob without a meaning is refused."""
    with pytest.raises(SourceError, match="--include and --exclude leave no image of"):
        bnstat.compute(repository, include=["nothing"], workers=1)
    for glob in ("", "/", "!a"):
        with pytest.raises(ValueError, match="exclude: "):
            bnstat.compute(repository, exclude=[glob], workers=1)


def test_the_command_line_repeats_them(repository, in_process, monkeypatch, tmp_path):
    """Each option is one glob, commas and all."""
    monkeypatch.chdir(tmp_path)
    options = ("--exclude", "masks/", "--exclude", "*.jpg", "--include", "*1.png")
    result = in_process("compute", str(repository), *options, "--workers", "1")
    assert 0 == result.status
    source = bnstat.load("bnstat.json").source
    assert (("masks/", "*.jpg"), ("*1.png",)) == (source.exclude, source.include)
