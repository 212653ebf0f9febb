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
from bnstat.scan import Measure

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


def spoil(folder):
    """Make every file garbage, and let none show it: whoever opens one will fail."""
    for path in folder.rglob("*.*"):
        status = path.stat()
        path.write_bytes(b"?" * status.st_size)
        os.utime(path, ns=(0, status.st_mtime_ns))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_document_is_the_same(folder, compute, settings):
    """Without a journal, with a new one, and from it alone, to the last bit; no file is read."""
    expected = compute(journal=False, **settings)
    assert compute(workers=2, **settings) == expected
    spoil(folder)
    again = compute(**settings)
    reasons = [(failure.image, failure.reason) for failure in expected.source.failures]
    assert [(f.image, f.reason) for f in again.source.failures] == reasons
    assert again == expected


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_changed_folder_one_by_one(folder, compute, settings):
    """New, changed and removed images between known ones, none of which is read again."""
    compute(**settings)
    spare = folder.parent / "spare"
    shutil.copytree(folder, spare, copy_function=shutil.copy2)
    spoil(folder)
    for place in (folder, spare):
        Image.new("RGB", (7, 7), (1, 2, 3)).save(place / "05.png")
        shutil.copy(place / "05.png", place / "06b.png")
        for name in ("05.png", "06b.png"):
            os.utime(place / name, ns=(0, 10**9))
        (place / "20.png").unlink()
        (place / "dogs" / "gray.png").rename(place / "z.png")
    found = compute(**settings)
    assert [f.image for f in found.source.failures if f.image == "z.png"] == ["z.png"]
    (folder / "z.png").write_bytes((spare / "z.png").read_bytes())
    shutil.copystat(spare / "z.png", folder / "z.png")
    found = compute(**settings)
    expected = bnstat.compute(spare, workers=1, **settings)
    source = replace(expected.source, locations=found.source.locations)
    assert found == replace(expected, source=source, created="")


def test_failures_are_tried_again(folder, compute):
    """What failed for a reason that is gone, such as a lack of memory, is measured."""
    assert len(compute().source.failures) == 1
    good = (folder / "00.png").read_bytes()
    status = (folder / "11-broken.png").stat()
    (folder / "11-broken.png").write_bytes(good)
    os.utime(folder / "11-broken.png", ns=(0, status.st_mtime_ns))
    assert compute().source.failures == ()


def test_another_schedule_is_replayed(folder, compute):
    """Batches, momentum and, without a pipeline, seed and epochs need no image again."""
    compute()
    other = {"batch_size": 7, "momentum": None, "seed": 3, "epochs": 4}
    expected = compute(journal=False, **other)
    spoil(folder)
    assert compute(**other) == expected


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


def test_an_empty_folder_forgets_nothing(folder, compute, tmp_path):
    """A disk that is not mounted is no reason to forget what was on it."""
    expected = compute()
    folder.rename(tmp_path / "away")
    folder.mkdir()
    with pytest.raises(bnstat.BnstatError, match="no images in"):
        compute()
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    (folder / "11-broken.png").chmod(0o644)
    spoil(folder)
    assert compute() == expected


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


def test_a_full_disk_costs_no_result(compute, tmp_path):
    """The run ends with its result; the next one knows what was recorded until then."""
    expected = compute(journal=False)
    (tmp_path / "j.db").unlink(missing_ok=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
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
