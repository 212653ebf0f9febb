"""A journal changes nothing but the time: what is known is not read again, image by image."""

import os
import resource
import shutil
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import JournalError
from bnstat.measure.measure import Measure
from bnstat.sources.reference import Reference

SETTINGS = [
    {},
    {"mode": "native"},
    {"mode": "L", "epochs": 2, "batch_size": 3},
    pytest.param(
        {"augment": "RandomCrop(5, pad_if_needed=True)", "epochs": 3}, marks=pytest.mark.long
    ),
    pytest.param(
        {"augment": "ToImage() | ToDtype(float32, scale=True)", "mode": "RGB"},
        marks=pytest.mark.long,
    ),
]


@pytest.fixture
def folder(photos, tmp_path):
    """`photos`, many small images, 16-bit and float ones, and one that is broken."""
    folder = tmp_path / "data"
    shutil.copytree(photos, folder)
    rng = np.random.default_rng(9)
    for i in range(40):
        image = rng.integers(0, 256, (9, 5 + i % 7, 3)).astype(np.uint8)
        Image.fromarray(image).save(folder / f"{i:02}.png")
    deep = rng.integers(0, 65536, (9, 6)).astype(np.uint16)
    Image.fromarray(deep).save(folder / "07-deep.png")
    (folder / "11-broken.png").write_bytes(b"no image")
    return folder


@pytest.fixture
def compute(folder, tmp_path):
    """Measure the folder, with the journal or without."""

    def measure(journal=True, workers=1, **settings):
        stats = bnstat.compute(
            folder, journal=tmp_path / "j.db" if journal else None, workers=workers, **settings
        )
        return replace(stats, created="")

    return measure


@pytest.fixture
def opened(monkeypatch):
    """The keys of the images that are opened in this process, in order, each once."""
    keys, really = [], Reference.open

    def spy(reference, *arguments):
        if (key := reference.key.decode()) not in keys:  # what is no image is read again
            keys.append(key)
        return really(reference, *arguments)

    monkeypatch.setattr(Reference, "open", spy)
    return keys


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_document_is_the_same(compute, opened, settings):
    """Without a journal, with a new one, and from it alone, to the last bit; no file is read."""
    expected = compute(journal=False, **settings)
    assert compute(workers=2, **settings) == expected
    opened.clear()
    assert (compute(**settings), opened) == (expected, ["11-broken.png"])


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_changed_folder_one_by_one(folder, compute, opened, settings):
    """New, changed and removed images between known ones, none of which is read again."""
    compute(**settings)
    Image.new("RGB", (7, 7), (1, 2, 3)).save(folder / "05.png")
    shutil.copy(folder / "05.png", folder / "06b.png")
    (folder / "20.png").unlink()
    (folder / "dogs" / "gray.png").rename(folder / "z.png")
    opened.clear()
    found = compute(**settings)
    assert opened == ["05.png", "06b.png", "11-broken.png", "z.png"]
    assert found == compute(journal=False, **settings)


def test_a_file_changed_under_its_old_time_is_measured_again(folder, compute, opened):
    """Size and mtime are as they were; the file system's own time of change is not."""
    compute()
    status = (folder / "00.png").stat()
    data = bytearray((folder / "00.png").read_bytes())
    Image.new("RGB", (3, 3)).save(folder / "00.png", compress_level=0)
    data[: (folder / "00.png").stat().st_size] = (folder / "00.png").read_bytes()
    (folder / "00.png").write_bytes(data)
    os.utime(folder / "00.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    opened.clear()
    found = compute()
    assert "00.png" in opened
    assert found == compute(journal=False)
    assert (folder / "00.png").stat().st_size == status.st_size


def test_a_copied_folder_is_measured_anew(folder, compute, opened):
    """Copies have new times of change of their own, even with their old mtimes."""
    first = compute()
    for path in [*folder.rglob("*.png")]:
        shutil.copy2(path, path.with_suffix(".copy"))
        os.replace(path.with_suffix(".copy"), path)
    opened.clear()
    found = compute()
    assert len(opened) >= 40
    assert found == first


@pytest.mark.parametrize("settings", [{"alpha": "exclude"}, {"nodata": "0"}, {}], ids=str)
def test_what_a_selection_left_out_is_kept(folder, compute, opened, settings):
    """A run from the journal alone says the same of transparent pixels and of those left out."""
    pixels = np.random.default_rng(4).integers(0, 2, (9, 7, 4), dtype=np.uint8) * 255
    Image.fromarray(pixels).save(folder / "12-clear.png")
    expected = compute(journal=False, **settings)
    assert expected.selection.transparent == 1
    assert any(expected.selection.excluded) == bool(settings)
    compute(**settings)
    opened.clear()
    assert (compute(**settings), opened) == (expected, ["11-broken.png"])


def test_failures_are_tried_again(folder, compute):
    """What failed for a reason that is gone, such as a lack of memory, is measured."""
    assert len(compute().source.failures) == 1
    good = (folder / "00.png").read_bytes()
    status = (folder / "11-broken.png").stat()
    (folder / "11-broken.png").write_bytes(good)
    os.utime(folder / "11-broken.png", ns=(0, status.st_mtime_ns))
    assert compute().source.failures == ()


def test_another_schedule_is_replayed(compute, opened):
    """Batches, momentum and, without a pipeline, seed and epochs need no image again."""
    compute()
    other = {"batch_size": 7, "momentum": None, "seed": 3, "epochs": 4}
    expected = compute(journal=False, **other)
    opened.clear()
    assert (compute(**other), opened) == (expected, ["11-broken.png"])


def refusal(*arguments, **settings):
    with pytest.raises(JournalError) as caught:
        bnstat.compute(*arguments, workers=1, **settings)
    assert caught.value.stats is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "difference"),
    [
        ({"mode": "L"}, "mode: RGB there, L here"),
        ({"max_pixels": 9**9}, "max-pixels: 178956970 there, 387420489 here"),
        ({"augment": "Resize(8)"}, "pipeline: none there, Resize(8) here"),
        ({"shard": "1/2"}, "shard: none there, 1/2 here"),
    ],
    ids=str,
)
def test_other_settings_are_refused(folder, compute, tmp_path, settings, difference):
    """Those that the moments of an image depend on, naming the first that differs."""
    compute()
    said = refusal(folder, journal=tmp_path / "j.db", **settings)
    assert f"of runs that differ in {difference}; name another journal" in said


def test_other_seeds_of_a_pipeline_are_refused(folder, tmp_path):
    """There every image is drawn anew."""
    settings = {"journal": tmp_path / "j.db", "augment": "RandomCrop(2)"}
    bnstat.compute(folder / "00.png", workers=1, **settings)
    said = refusal(folder / "00.png", seed=1, **settings)
    assert "differ in seed: 0 there, 1 here" in said


def test_other_sources_are_refused(folder, compute, tmp_path, monkeypatch):
    """As typed; and relative ones from another folder, too."""
    compute()
    said = refusal(folder / "cats", journal=tmp_path / "j.db")
    assert f"differ in sources: {folder} there, {folder}/cats here" in said
    monkeypatch.chdir(folder)
    bnstat.compute("cats", journal=tmp_path / "k.db", workers=1)
    (folder / "dogs" / "cats").mkdir()
    monkeypatch.chdir(folder / "dogs")
    said = refusal("cats", journal=tmp_path / "k.db")
    assert f"differ in working folder: {folder} there, {folder}/dogs here" in said


def test_an_empty_folder_forgets_nothing(folder, compute, opened, tmp_path):
    """A disk that is not mounted is no reason to forget what was on it."""
    expected = compute()
    folder.rename(tmp_path / "away")
    folder.mkdir()
    with pytest.raises(bnstat.BnstatError, match="no images in"):
        compute()
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    opened.clear()
    assert (compute(), opened) == (expected, ["11-broken.png"])


def test_a_damaged_journal_costs_no_result(compute, tmp_path):
    """The error has the whole result with it, measured where the journal could not be read."""
    expected = compute(journal=False)
    compute()
    data = bytearray((tmp_path / "j.db").read_bytes())
    for at in range(8192, len(data), 997):
        data[at] ^= 0x55
    (tmp_path / "j.db").write_bytes(data)
    with pytest.raises(JournalError) as caught:
        compute()
    assert str(caught.value).startswith(f"the journal {tmp_path / 'j.db'} is damaged (")
    assert replace(caught.value.stats, created="") == expected


def test_a_full_disk_costs_no_result(folder, compute):
    """The run ends with its result; the next one knows what was recorded until then."""
    compute()
    for path in folder.rglob("*.png"):
        os.utime(path)
    expected = compute(journal=False)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(JournalError) as caught:
            compute(augment=None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "could not be written to the end (" in str(caught.value)
    assert replace(caught.value.stats, created="") == expected
    assert compute() == expected


def test_an_archive_in_an_order_of_its_own(photos, tmp_path, monkeypatch):
    """It is known as a whole the second time, whatever the order of its members."""
    names = ["palette.png", "cats/1.jpg", "dogs/gray.png", "cats/young/2.PNG", "dogs/1.jpeg"]
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name in names:
            tar.add(photos / name, arcname=name)
    monkeypatch.chdir(tmp_path)
    first = bnstat.compute("a.tar", journal="j.db", workers=1)
    monkeypatch.setattr(Measure, "__call__", lambda *_: pytest.fail("measured again"))
    second = bnstat.compute("a.tar", journal="j.db", workers=1)
    assert replace(second, created="") == replace(first, created="")
