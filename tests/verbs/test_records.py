"""Files of records: each row against numpy, read by other people's readers."""

import json
import os

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import DocumentError, OutputError
from bnstat.result import record_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images of three depths in two folders, out of order of kinds, and two that fail."""
    top = tmp_path_factory.mktemp("records") / "data"
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (top / name).mkdir(parents=True)
    for i in range(12):
        deep = i % 3 == 1
        pixels = rng.integers(
            0, 65536 if deep else 256, (3, 4 + i), dtype=np.uint16 if deep else np.uint8
        )
        pixels[0, :2] = (0, 65535 if deep else 255)
        Image.fromarray(pixels).save(top / "ab"[i % 2] / f"{i:02}.png")
    (top / "a" / "broken.png").write_bytes(b"no image")
    (top / "b" / "empty.jpg").touch()
    return top


@pytest.fixture(scope="module", params=["parquet", "csv"])
def written(request, folder, tmp_path_factory):
    """The file of records of the folder, and the result."""
    path = tmp_path_factory.mktemp("files") / f"r.{request.param}"
    stats = bnstat.compute(folder, mode="L", by="folder", records=path, workers=1)
    return path, stats


def test_each_row_is_what_numpy_says(folder, written):
    """Size, depth, sums, mean, std and shares of the ends of each image."""
    table = record_files.read(str(written[0]))
    assert sorted(table.key) == list(table.key)
    for i, key in enumerate(table.key):
        path = folder / key
        assert (str(path), os.stat(path).st_size) == (table.location[i], table.bytes[i])
        assert key.split("/")[0] == table.group[i]
        if table.failure[i] is not None:
            continue
        values = np.asarray(Image.open(path)).astype(np.int64)
        deep = values.max() > 255
        scale = 65535 if deep else 255
        assert values.shape == (table.height[i], table.width[i])
        assert (16 if deep else 8, scale) == (table.depth[i], table.scale[i])
        assert values.size == table.n[i, 0]
        assert values.sum() == table.sum[i, 0]
        assert (values**2).sum() == table.sum_of_squares[i, 0]
        assert np.isclose(values.mean() / scale, table.mean[i, 0], rtol=1e-14)
        assert np.isclose(values.std() / scale, table.std[i, 0], rtol=1e-12)
        assert np.isclose((values == 0).mean(), table.low[i, 0])
        assert np.isclose((values == scale).mean(), table.high[i, 0])
        shares = np.unique(values, return_counts=True)[1] / values.size
        assert np.isclose(-(shares * np.log2(shares)).sum(), table.entropy[i, 0])
        assert deep == (table.histogram_hash[i] == 0)


def test_a_file_of_0_2_has_no_entropy(tmp_path):
    """It is read as before; what else is missing is an error."""
    Image.new("L", (3, 2), 7).save(tmp_path / "a.png")
    bnstat.compute(tmp_path / "a.png", mode="L", records=tmp_path / "r.csv", workers=1)
    heading, row = (line.split(",") for line in (tmp_path / "r.csv").read_text().splitlines())
    for name in ("entropy_L", "high_L"):
        place = heading.index(name)
        del heading[place], row[place]
        (tmp_path / "old.csv").write_text(",".join(heading) + "\n" + ",".join(row) + "\n")
        if name == "entropy_L":
            assert np.isnan(record_files.read(str(tmp_path / "old.csv")).entropy).all()
    with pytest.raises(DocumentError, match="high_L"):
        record_files.read(str(tmp_path / "old.csv"))


def test_failures_are_rows_in_their_place(written):
    """What could not be measured has its reason, and no figures."""
    path, stats = written
    table = record_files.read(str(path))
    reasons = {key: reason for key, reason in zip(table.key, table.failure, strict=True) if reason}
    assert {f.image: f.reason for f in stats.source.failures} == reasons
    failed = ~table.measured
    assert np.isnan(table.mean[failed]).all() and (table.width[failed] == -1).all()
    assert len(table) == 14


def test_sums_add_up_to_the_result(written):
    """The integers of all rows, in the unit of the result, are its sums."""
    path, stats = written
    table = record_files.read(str(path))
    factor = np.where(table.scale == 0, 0, stats.scale // np.maximum(table.scale, 1))
    assert stats.sum[0] == (table.sum[:, 0] * factor).sum()
    assert stats.count[0] == table.n.sum()


def test_other_readers(folder, written):
    """pandas, pyarrow or DuckDB read the file, with types and without surprises."""
    path, stats = written
    pandas = pytest.importorskip("pandas")
    read = pandas.read_parquet if path.suffix == ".parquet" else pandas.read_csv
    frame = read(path)
    assert 14 == len(frame) and 2 == frame.failure.notna().sum()
    assert stats.count[0] == int(frame.n_L.sum())
    duckdb = pytest.importorskip("duckdb")
    ((images, samples),) = duckdb.sql(
        f"select count(*), sum(n_L) from '{path}' where failure is null"
    ).fetchall()
    assert (12, stats.count[0]) == (images, int(samples))
    if path.suffix == ".parquet":
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        header = json.loads(file.schema_arrow.metadata[b"bnstat.records"])
        assert (["L"], "L", [str(folder)]) == (
            header["channels"],
            header["mode"],
            header["locations"],
        )
        assert "uint64" == str(file.schema_arrow.field("histogram_hash").type)


@pytest.mark.parametrize("workers", [1, 2])
def test_draws_have_a_row_each(folder, tmp_path, workers):
    """Under a pipeline, rows are of image and epoch; workers do not matter."""
    options = {"mode": "L", "augment": "RandomInvert(p=0.5)", "epochs": 3}
    bnstat.compute(folder, records=tmp_path / "r.csv", workers=workers, **options)
    table = record_files.read(str(tmp_path / "r.csv"))
    measured = table.take(table.measured)
    assert 36 == len(measured) and [0, 1, 2] * 12 == measured.epoch.tolist()
    one = bnstat.compute(folder, workers=1, **options)
    assert one.sum == (measured.sum.sum(),)


def test_float_samples_have_no_sums(folder, tmp_path):
    """Of float samples, a row has mean and std, and no integers."""
    spec = "ToImage | ToDtype(torch.float32, scale=True)"
    path = tmp_path / "r.parquet"
    stats = bnstat.compute(folder / "a" / "00.png", mode="L", augment=spec, records=path, workers=1)
    from pyarrow import parquet

    (row,) = parquet.read_table(path).to_pylist()
    assert (None, None, None, None) == (
        row["sum_L"],
        row["low_L"],
        row["histogram_hash"],
        row["group"],
    )
    assert stats.mean[0] == row["mean_L"] and 1 == row["scale"]


def test_an_image_of_another_mode_than_the_sets(tmp_path):
    """Under native, images of other modes are rows of failures."""
    for i, mode in enumerate(["RGB", "RGB", "L"]):
        Image.new(mode, (2, 2), 7 if mode == "L" else (1, 2, 3)).save(tmp_path / f"{i}.png")
    (tmp_path / "3.png").write_bytes(b"broken")
    bnstat.compute(tmp_path, mode="native", records=tmp_path / "r.csv", workers=1)
    table = record_files.read(str(tmp_path / "r.csv"))
    assert [None, None, "is of mode L; the set's own is RGB"] == table.failure[:3]
    assert [None, str(tmp_path / "3.png")] == table.location[2:] and 6 == table.bytes[3]
    assert ("R", "G", "B") == table.channels


def test_names_that_are_not_utf_8_and_formulas(tmp_path):
    """Such names are escaped, and a comma or a quote in one does not end a cell."""
    for name in (b"\xff.png", b'a,"b\n.png'):
        Image.new("L", (2, 2)).save(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    bnstat.compute(tmp_path, mode="L", records=tmp_path / "r.csv", workers=1)
    table = record_files.read(str(tmp_path / "r.csv"))
    assert [r'a,"b\n.png', r"\xff.png"] == [key.replace("\n", r"\n") for key in table.key]


def test_what_cannot_be_done(folder, tmp_path, monkeypatch):
    """Another ending, a journal beside it, a folder that is not there, a file of another kind."""
    with pytest.raises(ValueError, match=r"'r\.txt' is neither FILE\.parquet nor FILE\.csv"):
        bnstat.compute(folder, records="r.txt")
    with pytest.raises(ValueError, match="do not go with a journal"):
        bnstat.compute(folder, records="r.csv", journal=tmp_path / "j.db")
    with pytest.raises(OutputError, match="cannot write"):
        bnstat.compute(folder, records=tmp_path / "none" / "r.csv")
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DocumentError, match="is no file of records"):
        record_files.read(str(tmp_path / "r.csv"))
    with pytest.raises(DocumentError, match="make one: bnstat compute FOLDER --records"):
        record_files.read(str(tmp_path / "none.parquet"))


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_archive_in_another_order(tmp_path, suffix):
    """Rows are in the order of keys, each with the figures of its own image."""
    import tarfile

    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for value in (10, 30, 20, 40):
            Image.new("L", (3, 2), value).save(tmp_path / f"{value}.png")
            archive.add(tmp_path / f"{value}.png", f"{value}.png")
    path = tmp_path / f"r.{suffix}"
    bnstat.compute(tmp_path / "x.tar", mode="L", records=path, workers=1)
    table = record_files.read(str(path))

    assert ["10.png", "20.png", "30.png", "40.png"] == list(table.key)
    assert [6 * value for value in (10, 20, 30, 40)] == table.sum[:, 0].tolist()


def test_records_that_stay_where_the_report_fails_are_named(folder, tmp_path, monkeypatch):
    """Its folder goes away while images are measured."""
    from bnstat.verbs import report as reporting

    (tmp_path / "pages").mkdir()
    render = reporting.page_of

    def without_folder(*arguments):
        html = render(*arguments)
        (tmp_path / "pages").rmdir()
        return html

    monkeypatch.setattr(reporting, "page_of", without_folder)
    records, output = tmp_path / "r.csv", tmp_path / "pages" / "r.html"
    with pytest.raises(
        OutputError, match=rf"No such file or directory; the records are in {records}$"
    ):
        bnstat.compute(folder, mode="L", records=records, report=output, workers=1)
    assert records.exists()
