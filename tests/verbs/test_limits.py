"""Limits of an image, and what Pillow warns of, from end to end."""

import struct
import zlib

import pytest
from PIL import Image

import bnstat
from bnstat.errors import MeasureError

SLOW = """
import time

def transform(image):
    time.sleep(60 if image.width == 31 else 0)
    return image
"""


@pytest.mark.long
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_image_that_takes_too_long(python, photos, tmp_path, workers):
    """It is a failure with its reason, its worker is replaced, and the others are measured."""
    (tmp_path / "slow.py").write_text(SLOW)
    young, palette = photos / "cats" / "young", photos / "palette.png"
    options = ("--augment", "slow:transform", "--timeout", "1.5", "--workers", workers)
    result = python("-m", "bnstat", "compute", young, palette, *options, "-q", timeout=300)
    assert result.returncode == 3
    assert result.stderr == f"failed: {young}/2.PNG: takes longer than --timeout 1.5\n"
    assert bnstat.load(tmp_path / "bnstat.json").source.images == 1


def test_files_of_too_many_bytes(photos):
    """They fail with their size; a limit that nothing passes changes nothing."""
    sizes = sorted(path.stat().st_size for path in photos.rglob("*.*") if path.suffix != ".txt")
    stats = bnstat.compute(photos, max_bytes=sizes[3], workers=1)
    assert stats.source.images == 4
    assert {f.reason for f in stats.source.failures} == {
        f"has {size} bytes, more than --max-bytes allows" for size in sizes[4:]
    }
    assert bnstat.compute(photos, max_bytes=sizes[5], workers=1).sum == bnstat.compute(photos).sum


@pytest.mark.parametrize(
    "option", [{"timeout": -1.0}, {"timeout": float("nan")}, {"timeout": 1e9}, {"max_bytes": 0}]
)
def test_limits_without_a_meaning(photos, option):
    """Are errors that name the option."""
    with pytest.raises(ValueError, match=next(iter(option))):
        bnstat.compute(photos, **option)


@pytest.mark.parametrize("option", [{"workers": 1}, {"workers": 1, "timeout": 0}])
def test_one_worker_has_no_time_limit_unless_asked(photos, option, monkeypatch):
    """It is this process, which nobody could end; the limit of others is 300 s."""
    monkeypatch.setattr("bnstat.engines.ProcessEngine", None)
    assert bnstat.compute(photos, **option).source.images == 6


@pytest.mark.parametrize("engine", ["dask://localhost:1", "dask+tls://localhost:1"])
def test_no_time_limit_on_a_cluster(photos, engine):
    """It would end workers that others use; the error says what to do."""
    with pytest.raises(MeasureError) as refused:
        bnstat.compute(photos, timeout=1.0, engine=engine)
    assert str(refused.value) == (
        "a time limit ends workers, which on a cluster are not bnstat's alone: "
        "leave out --timeout, or use --engine processes"
    )


@pytest.fixture
def warned(tmp_path):
    """A folder of 25 images that Pillow warns of, and one that it does not."""
    folder = tmp_path / "warned"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "fine.png")
    data = (folder / "fine.png").read_bytes()
    no_frames = b"acTL" + bytes(8)
    chunk = struct.pack(">I", 8) + no_frames + struct.pack(">I", zlib.crc32(no_frames))
    for i in range(25):
        (folder / f"{i:02}.png").write_bytes(data[:33] + chunk + data[33:])
    return folder


WARNING = "Invalid APNG, will use default PNG image if possible"


@pytest.mark.parametrize("workers", [1, 2])
def test_warnings_are_counted_and_the_first_are_kept(warned, workers):
    """By key, twenty of them; the document keeps them when it is read again."""
    stats = bnstat.compute(warned, workers=workers)
    warnings = stats.source.warnings
    assert (stats.source.images, warnings.images, len(warnings.first)) == (26, 25, 20)
    assert [(w.image, w.warning) for w in warnings.first] == [
        (f"{i:02}.png", WARNING) for i in range(20)
    ]
    stats.save(warned.parent / "a.json")
    assert bnstat.load(warned.parent / "a.json").source.warnings == warnings


def test_warnings_are_summed_up_in_one_line(python, warned):
    """On stderr, beside what else is said; not sprayed."""
    result = python("-m", "bnstat", "compute", warned, "-q", "-o", "-", "--mode", "L")
    assert result.stderr.splitlines()[0] == (
        f"Pillow warned of 25 images, such as 00.png: {WARNING}"
    )
    assert len(result.stderr.splitlines()) == 1


def test_warnings_of_shards_add_up(warned):
    """Merged, they are those of one run."""
    shards = [bnstat.compute(warned, shard=(i, 3), workers=1) for i in (1, 2, 3)]
    whole = bnstat.compute(warned, workers=1)
    assert bnstat.merge(*shards).source.warnings == whole.source.warnings


def test_warnings_stay_with_a_journal(warned, tmp_path):
    """A second run says the same."""
    runs = [bnstat.compute(warned, journal=tmp_path / "j.db", workers=1) for _ in range(2)]
    assert runs[0].source.warnings == runs[1].source.warnings
    assert runs[0].sum == runs[1].sum


@pytest.mark.long
def test_a_pipeline_that_ends_its_process(python, photos, tmp_path):
    """It is an error that says so, and not one of the images."""
    (tmp_path / "deadly.py").write_text("import os\nos.abort()\n")
    done = python(
        *("-m", "bnstat", "compute", photos, "--workers", "2", "--augment", "deadly:transform")
    )
    assert (done.returncode, done.stderr) == (
        4,
        "bnstat: the pipeline ends the process that it is made in (signal 6)\n",
    )
