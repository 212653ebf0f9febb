"""The same images in a folder, archives, shards, Parquet and at URLs: one set of figures."""

import io
import os
import tarfile
import zipfile

import fsspec
import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import compare
from bnstat.errors import MeasureError, NothingMeasuredError, SourceError
from bnstat.sources.sources import Sources

FIGURES = ("count", "sum", "sum_of_squares", "histogram", "methods", "conventions")


def figures(stats):
    return {name: getattr(stats, name) for name in FIGURES}


def files(folder):
    """Return name and bytes of what is below a folder, last names first."""
    paths = sorted((path for path in folder.rglob("*") if path.is_file()), reverse=True)
    return [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths]


def tar(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.fixture
def mixed(photos, tmp_path):
    """`photos`, and a 16-bit image, so that records are of two kinds."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, data in files(photos):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    deep = np.random.default_rng(2).integers(0, 65536, (9, 7), dtype=np.uint16)
    Image.fromarray(deep).save(folder / "dogs" / "deep.png")
    return folder


@pytest.mark.parametrize(
    ("workers", "options"),
    [(1, {"augment": "RandomHorizontalFlip()", "epochs": 2}), (2, {})],
    ids=["pipeline", "plain"],
)
def test_archives_have_the_figures_of_the_folder(mixed, tmp_path, workers, options):
    """In any order of members: all figures to the last digit, welford and batchnorm too."""
    expected = bnstat.compute(mixed, workers=1, **options)
    for source in (
        tar(tmp_path / "x.tar", files(mixed)),
        tar(tmp_path / "x.tgz", files(mixed), "w:gz"),
        zipped(tmp_path / "x.zip", files(mixed)),
    ):
        found = bnstat.compute(source, workers=workers, **options)
        assert figures(found) == figures(expected)
        assert found.source.skipped == expected.source.skipped == 1


def test_shards_have_the_figures_of_their_folders(mixed, tmp_path, monkeypatch):
    """Quoted braces, the shell's expansion and folders of the same names are one set."""
    monkeypatch.chdir(tmp_path)
    for where in ("shards", "folders"):
        (tmp_path / where).mkdir()
    members = files(mixed)
    for shard in range(4):
        part = members[shard::4]
        tar(tmp_path / "shards" / f"{shard:03}.tar", part)
        for name, data in part:
            path = tmp_path / "folders" / f"{shard:03}.tar" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    quoted = bnstat.compute("shards/{000..003}.tar", workers=2)
    typed = bnstat.compute(*(f"shards/{shard:03}.tar" for shard in range(4)), workers=1)
    globbed = bnstat.compute("shards/*.tar", workers=1)
    os.rename("shards", "archives")
    os.rename("folders", "shards")
    folders = bnstat.compute(*(f"shards/{shard:03}.tar" for shard in range(4)), workers=1)
    assert figures(quoted) == figures(typed) == figures(globbed) == figures(folders)
    assert figures(quoted)["sum"] == bnstat.compute(mixed, workers=1).sum
    assert quoted.source.fingerprint == typed.source.fingerprint
    assert quoted.source.locations == ("shards/{000..003}.tar",)


def test_parquet_has_the_figures_of_the_folder(mixed, tmp_path):
    """Keys are other ones, and so is their order: all but welford and batchnorm are the same."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    images = [
        {"bytes": data, "path": name} for name, data in files(mixed) if not name.endswith(".txt")
    ]
    parquet.write_table(pa.table({"image": images}), tmp_path / "x.parquet")
    found, expected = (bnstat.compute(s, workers=2) for s in (tmp_path / "x.parquet", mixed))
    assert (found.count, found.sum, found.exact.mean, found.exact.std) == (
        *(expected.count, expected.sum, expected.exact.mean, expected.exact.std),
    )


def test_cut_shard_is_measured_as_far_as_it_goes(mixed, tmp_path, monkeypatch):
    """What can be read of a broken shard is measured; the rest is a failure that names it."""
    monkeypatch.chdir(tmp_path)
    whole = tar(tmp_path / "a.tar", files(mixed))
    cut = whole.read_bytes()[: whole.stat().st_size // 2]
    (tmp_path / "b.tar").write_bytes(cut)
    stats = bnstat.compute("{a,b}.tar", workers=2)
    assert 7 < stats.source.images < 14
    failures = {failure.image: failure.reason for failure in stats.source.failures}
    assert "b.tar" in failures and failures["b.tar"].startswith("is broken after ")
    with pytest.raises(SourceError, match="cannot read none"):
        (tmp_path / "none.tar").write_bytes(b"")
        bnstat.compute("none.tar", workers=1)


def test_bomb_is_a_failure_of_its_own(photos, tmp_path):
    """An image of too many pixels in an archive fails as in a folder, beside the others."""
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "png")
    members = [*files(photos), ("bomb.png", buffer.getvalue())]
    for source in (tar(tmp_path / "x.tgz", members, "w:gz"), zipped(tmp_path / "x.zip", members)):
        stats = bnstat.compute(source, workers=1)
        ((name, reason),) = [(f.image, f.reason) for f in stats.source.failures]
        assert name == "bomb.png"
        assert reason == "has 400000000 pixels, more than --max-pixels allows"
        assert stats.source.images == 6


def test_archive_in_which_all_fail(photos, tmp_path):
    """An archive of nothing but images that fail is an error that names them."""
    path = zipped(tmp_path / "x.zip", [("a.png", b"no image"), ("b.png", b"")])
    with pytest.raises(NothingMeasuredError) as caught:
        bnstat.compute(path, workers=1)
    assert caught.value.failures == [
        ("a.png", "is not an image of a known format"),
        ("b.png", "is empty"),
    ]


def test_fail_fast_in_an_archive(photos, tmp_path):
    """With fail_fast, the first failure that is met ends the run."""
    path = tar(tmp_path / "x.tgz", [("bad.png", b"x"), *files(photos)], "w:gz")
    with pytest.raises(MeasureError, match=r"bad.png: .* \(stopped at the first failure\)"):
        bnstat.compute(path, workers=2, fail_fast=True)


@pytest.mark.parametrize("source", ["x.tar", "memory://again/x.tgz", "*.zip"])
def test_compare_reads_sources_again(photos, tmp_path, monkeypatch, source):
    """A document says where its images are, from whichever folder it is read."""
    tar(tmp_path / "x.tar", files(photos))
    zipped(tmp_path / "x.zip", files(photos))
    tar(tmp_path / "x.tgz", files(photos), "w:gz")
    fsspec.filesystem("memory").pipe("/again/x.tgz", (tmp_path / "x.tgz").read_bytes())
    monkeypatch.chdir(tmp_path)
    bnstat.compute(source, workers=1).save("bnstat.json")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    comparison = compare("../bnstat.json", augment=["grayscale"], workers=1)
    assert len(comparison.rows) == 2
    # Unchanged since, by sizes and times: the document's own figures are the baseline.
    assert not comparison.rows[0].fresh
    fsspec.filesystem("memory").rm("/again", recursive=True)


def test_progress_of_an_archive(photos, tmp_path):
    """How many images there are is known of what need not be read for it."""
    seen = []
    for name, mode, total in (("x.tar", "w", 6), ("x.tgz", "w:gz", None)):
        tar(tmp_path / name, files(photos), mode)
        found = bnstat.compute(tmp_path / name, workers=1, progress=seen.append)
        assert (found.source.images, seen[-1].images) == (6, 6)
        assert Sources.open([str(tmp_path / name)]).count() == total


def test_nothing_is_written(photos, tmp_path, python):
    """An archive is read without a file being made, in temporary folders or anywhere."""
    path = tar(tmp_path / "x.tgz", [("../../out.png", b"x"), *files(photos)], "w:gz")
    (tmp_path / "temporary").mkdir()
    program = f"import bnstat; bnstat.compute({os.fspath(path)!r}, workers=1)"
    result = python("-c", program, env={"TMPDIR": os.fspath(tmp_path / "temporary")})
    assert result.returncode == 0, result.stderr
    assert [*(tmp_path / "temporary").iterdir()] == []
    assert not (tmp_path.parent / "out.png").exists()


def test_an_updated_archive_is_measured_as_it_unpacks(tmp_path):
    """The old image of a name does not count, and the document says how many there were."""
    for color in ("red", "lime"):
        Image.new("RGB", (2, 2), color).save(tmp_path / "a.png")
        mode = "w" if color == "red" else "a"
        with tarfile.open(tmp_path / "x.tar", mode) as tar:
            tar.add(tmp_path / "a.png", "a.png")
    stats = bnstat.compute(tmp_path / "x.tar", workers=1)
    assert (stats.exact.mean, stats.source.images, stats.source.replaced) == ((0.0, 1.0, 0.0), 1, 1)
    text = "1 image of archives stands there again later: the last counted"
    assert [("replaced", text, 1)] == [(w.code, w.text, w.images) for w in stats.warnings]
    again = bnstat.Stats.from_json(stats.to_json())
    assert (again.source.replaced, '"replaced": 1' in stats.to_json()) == (1, True)


def test_the_first_in_a_stream_counts_and_it_is_said(tmp_path):
    """A compressed tar with a name twice gives the image that came first."""
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        for color in ("red", "lime"):
            Image.new("RGB", (2, 2), color).save(tmp_path / "a.png")
            tar.add(tmp_path / "a.png", "a.png")
    stats = bnstat.compute(tmp_path / "x.tgz", workers=1)
    assert (stats.exact.mean, stats.source.not_replaced) == ((1.0, 0.0, 0.0), 1)
    (warning,) = stats.warnings
    assert (warning.code, warning.text.startswith("1 image came again")) == ("not-replaced", True)
