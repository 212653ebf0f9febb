"""Parquet files with images, in the layout of Hugging Face datasets."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import SourceError
from bnstat.sources.bounds import ReadLimits, UnreadableError
from bnstat.sources.locations import Opening
from bnstat.sources.parquet_layout import RowGroup, WatchedFile, page_header, row_groups
from bnstat.sources.sources import Sources

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})


@pytest.fixture
def written(tmp_path):
    """Write columns into a file, with what Hugging Face says of them; return its path."""

    def write(columns, features=None, **options):
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        table = pa.table(columns).replace_schema_metadata(metadata if features else None)
        pq.write_table(table, tmp_path / "x.parquet", **options)
        return tmp_path / "x.parquet"

    return write


@pytest.fixture
def rows(expected):
    """The images of `tree`, as datasets keeps them: bytes, and the name of the file."""
    return [{"bytes": data, "path": key.decode()} for key, data in sorted(expected.items())]


def test_images_are_those_of_the_column(written, rows, content):
    """Keys are the rows' numbers and names; bytes are as they are, over row groups."""
    path = written({"image": pa.array(rows, IMAGE), "label": range(12)}, row_group_size=5)
    assert content(path) == {
        f"{row:09}/{image['path']}".encode(): image["bytes"] for row, image in enumerate(rows)
    }


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()], ids=str)
def test_column_of_bytes(written, rows, content, kind):
    """A plain binary column has images without names."""
    path = written({"id": range(12), "jpg": pa.array([row["bytes"] for row in rows], kind)})
    assert content(path) == {f"{i:09}".encode(): row["bytes"] for i, row in enumerate(rows)}


def test_column_that_is_declared_wins(written, rows, found):
    """What the dataset calls an image is one, whatever else is binary."""
    columns = {"mask": pa.array(rows, IMAGE), "photo": pa.array(rows[::-1], IMAGE)}
    features = {"mask": {"_type": "Value"}, "photo": {"_type": "Image"}}
    assert found(written(columns, features)).keys[0] == b"000000000/" + rows[-1]["path"].encode()


def test_column_called_image_wins(written, rows, found):
    """Of several columns of images, `image` is measured; of others, none is guessed."""
    both = pa.array(rows, IMAGE)
    assert len(found(written({"image": both, "depth": both})).keys) == 12
    path = written({"left": both, "right": both})
    with pytest.raises(SourceError) as caught:
        found(path)
    reason = "has several columns of images (left, right); name one with --column"
    assert str(caught.value) == f"cannot read {path}: {reason}"


def test_column_that_is_named(written, rows, tmp_path):
    """--column names one of several, also for a sample, and again for what is made of a result."""
    path = written({"left": pa.array(rows, IMAGE), "right": pa.array(rows[:1] * 12, IMAGE)})
    first = bnstat.compute(path, column="right", workers=1)
    assert len({tuple(first.mean)}) == 1 and "right" == first.source.column
    assert first.exact.mean != bnstat.compute(path, column="left", workers=1).exact.mean
    assert first.exact.mean == bnstat.compute(path, column="right", sample=5, workers=1).exact.mean
    first.save(tmp_path / "own.json")
    assert first == bnstat.load(tmp_path / "own.json")
    again = bnstat.sweep(tmp_path / "own.json", batch_sizes=[4], repeats=1, workers=1)
    assert first.exact.mean == again.stats.exact.mean
    reason = r"has no column 'depth' of images \(--column\); it has left, right"
    with pytest.raises(SourceError, match=reason):
        bnstat.compute(path, column="depth", workers=1)


def test_no_column_of_images(written, found):
    """A file without images is an error that names its columns."""
    path = written({"text": ["a"], "label": [1]})
    with pytest.raises(SourceError) as caught:
        found(path)
    reason = (
        "has no column of images, which is binary, or a struct with bytes; only text (string), "
        "label (int64)"
    )
    assert str(caught.value) == f"cannot read {path}: {reason}"


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
@pytest.mark.parametrize("inside", [False, True], ids=["plain", "struct"])
def test_dictionary_of_images(written, rows, content, kind, inside):
    """Images that are stored once and referred to, as pandas' categories are."""
    values = pa.array([row["bytes"] for row in rows], kind)
    if kind != pa.binary_view():
        values = values.dictionary_encode()
    elif int(pa.__version__.partition(".")[0]) < 21:
        pytest.skip("older pyarrow does not write it")
    if inside:
        values = pa.StructArray.from_arrays([values], ["bytes"])
    found = content(written({"image": values}))
    assert list(found.values()) == [row["bytes"] for row in rows]


def test_rows_of_one_value_share_its_bytes(written, rows, found):
    """A large value that many rows refer to is held once."""
    data = [rows[0]["bytes"]] * 40 + [rows[1]["bytes"]] * 2
    references = found(written({"image": pa.array(data).dictionary_encode()})).references.values()
    assert len({id(reference.content.data) for reference in references}) == 2
    assert len({id(reference.content) for reference in references}) == 42  # each is let go alone


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        (pa.string(), "a", "string"),
        (pa.int64(), 1, "int64"),
        (pa.list_(pa.uint8()), [1], "list<element: uint8>"),
        (pa.struct({"bytes": pa.string()}), {"bytes": "a"}, "struct<bytes: string>"),
    ],
    ids=str,
)
def test_image_of_another_type(written, found, kind, value, name):
    """A column that is declared or called an image, but is none, is named with its type."""
    path = written({"image": pa.array([value], kind)}, {"image": {"_type": "Image"}})
    with pytest.raises(SourceError) as caught:
        found(path)
    assert str(caught.value).endswith(f"or a struct with bytes; only image ({name})")


def test_path_of_another_type(written, content):
    """A path that is no text is left out of the keys."""
    rows = pa.array(
        [{"bytes": b"1", "path": 5}], pa.struct({"bytes": pa.binary(), "path": pa.int8()})
    )
    assert content(written({"image": rows})) == {b"000000000": b"1"}


def test_row_larger_than_allowed(written):
    """It is a failure; the others are measured."""
    path = written({"image": pa.array([b"1" * 100, b"2" * 101, b"3"], pa.binary())})
    found = Sources.open([str(path)], Opening(limits=ReadLimits(max_bytes=100)))
    assert [reference.problem for reference in found] == [
        None,
        "has 101 bytes, more than --max-bytes allows",
        None,
    ]


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"data_page_version": "2.0"}])
def test_large_pages_are_read_by_fewer_rows(written, content, monkeypatch, options):
    """Where 32 rows may be too much at once, all rows come all the same, each once."""
    monkeypatch.setattr("bnstat.sources.parquet._MAX_BATCH", 40_000)
    values = [bytes([i % 251]) * (i * 37) for i in range(200)]
    path = written(
        {"image": pa.array(values, pa.binary())},
        **{"row_group_size": 70, "write_batch_size": 8, "data_page_size": 4000, **options},
    )
    assert list(content(path).values()) == values


def test_page_larger_than_allowed(written, monkeypatch):
    """Nothing of it is decompressed, and the file is a failure after the rows before it."""
    monkeypatch.setattr("bnstat.sources.parquet.MAX_UNPACKED", 10_000)
    monkeypatch.setattr("bnstat.sources.bounds.MAX_UNPACKED", 10_000)
    values = [b"a" * 100] * 50 + [b"b" * 20_000] + [b"c"] * 5
    path = written({"image": pa.array(values, pa.binary())}, row_group_size=10)
    *rows, broken = Sources.open([str(path)])
    assert (len(rows), broken.key) == (50, b"x.parquet")
    assert broken.problem == (
        "is broken after 50 members: has a page of 20009 bytes, more than the 10000 that are "
        "decompressed at once; write smaller row groups, or raise --max-bytes"
    )


@pytest.mark.parametrize(
    "options",
    [
        *({}, {"use_dictionary": False}, {"compression": "none"}, {"data_page_version": "2.0"}),
        *({"write_page_checksum": True}, {"write_page_index": True}, {"row_group_size": 7}),
        {"column_encoding": {"image": "DELTA_BYTE_ARRAY"}, "use_dictionary": False},
        {"write_statistics": True, "data_page_size": 100, "write_batch_size": 1},
    ],
    ids=str,
)
def test_each_page_is_looked_at_before_it_is_read(written, monkeypatch, options):
    """However a file is written, the headers that are checked are all that it has."""
    checked = []
    monkeypatch.setattr(
        "bnstat.sources.parquet._Pages.check", lambda self, header: checked.append(header)
    )
    values = [bytes([i]) * (i * 50) for i in range(100)]
    path = written({"id": range(100), "image": pa.array(values, pa.binary())}, **options)
    assert len(list(Sources.open([str(path)]))) == 100
    metadata = pq.ParquetFile(path).metadata
    chunks = [metadata.row_group(i).column(1) for i in range(metadata.num_row_groups)]
    assert sum(header.length + header.compressed for header in checked) == sum(
        chunk.total_compressed_size for chunk in chunks
    )
    assert sum(header.length + header.uncompressed for header in checked) == sum(
        chunk.total_uncompressed_size for chunk in chunks
    )


def test_paths_are_never_opened(written, tmp_path, found, content):
    """A row with a path and no bytes fails; a path that leads out is part of a key."""
    (tmp_path / "secret.png").write_bytes(b"x")
    path = written(
        {
            "image": pa.array(
                [
                    {"bytes": None, "path": str(tmp_path / "secret.png")},
                    {"bytes": b"1", "path": "../../x.png"},
                    {"bytes": b"2", "path": None},
                    None,
                ],
                IMAGE,
            )
        }
    )
    result = found(path)
    assert [key.rpartition(b"/")[2] for key in result.keys] == [
        b"secret.png",
        b"x.png",
        b"000000002",
        b"000000003",
    ]
    assert set(result.problems.values()) == {"has no bytes in the file"}
    assert len(result.problems) == 2


def test_cut_file_is_an_error(written, rows, found):
    """The directory is at the end: without it nothing can be read."""
    path = written({"image": pa.array(rows, IMAGE)})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceError, match=f"cannot read {path}: "):
        found(path)


def test_damaged_page_is_told(written, found):
    """A page with a checksum is not read with changed bytes."""
    path = written(
        {"image": pa.array([b"a" * 5000], pa.binary())},
        **{"compression": "none", "write_page_checksum": True, "use_dictionary": False},
    )
    data = bytearray(path.read_bytes())
    data[data.index(b"aaaa")] ^= 1
    path.write_bytes(data)
    (problem,) = found(path, path).problems.values()
    assert "CRC checksum verification failed" in problem


def test_header_of_a_page():
    """Numbers, and all that may stand beside them; what is none is refused."""
    numbers = bytes([0x15, 0, 0x15, 200, 1, 0x15, 20])  # type, and both sizes
    assert page_header(numbers + b"\0rest") == (8, 100, 10)
    struct = (
        bytes([0x2C, 0x15, 2, 0x1C, 0x18, 3]) + b"abc" + bytes([0x11, 0x17]) + bytes(8) + b"\0\0"
    )
    assert page_header(numbers + struct + b"\0") == (len(numbers + struct) + 1, 100, 10)
    for i in range(len(numbers + struct)):
        assert page_header((numbers + struct)[:i]) is None
    for damaged in (b"\0", b"\x19", b"\x15" + b"\xff" * 10, b"\x1c" * 20, numbers[:-1] + b"\1\0"):
        with pytest.raises(UnreadableError):
            page_header(damaged + bytes(10))


@pytest.fixture
def photos(written):
    """A file with five small images, a row group each, and what they are."""
    pixels = np.random.default_rng(1).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
    files = [io.BytesIO() for _ in pixels]
    for each, file in zip(pixels, files, strict=True):
        Image.fromarray(each).save(file, "PNG")
    rows = [{"bytes": file.getvalue(), "path": f"{i}.png"} for i, file in enumerate(files)]
    return written({"image": pa.array(rows, IMAGE)}, row_group_size=1), pixels


@pytest.mark.parametrize(
    ("sample", "step"),
    [
        ("50%", 31),
        pytest.param(None, 2, marks=pytest.mark.long),
        pytest.param("50%", 3, marks=pytest.mark.long),
    ],
)
def test_a_damaged_footer_does_not_end_the_process(photos, python, sample, step):
    """Of some bytes a bit is flipped: the file is read or refused, in bnstat's words."""
    program = """
import sys, bnstat, pathlib
path, sample = pathlib.Path(sys.argv[1]), None if sys.argv[2] == "None" else sys.argv[2]
whole, refused = path.read_bytes(), 0
length = int.from_bytes(whole[-8:-4], "little")
for at in range(len(whole) - length - 8, len(whole), int(sys.argv[3])):
    data = bytearray(whole)
    data[at] ^= 1 << at % 8
    path.write_bytes(data)
    try:
        bnstat.compute(path, workers=1, sample=sample)
    except bnstat.BnstatError:
        refused += 1
print(refused > 10)
"""
    done = python("-c", program, photos[0], str(sample), str(step), timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_a_sample_of_a_file_that_breaks(photos):
    """Where it cannot be read further, each chosen image that is left is a failure."""
    path, pixels = photos
    with path.open("rb") as file:
        places = [group.columns["image.bytes"][0] for group in row_groups(file)]
    data = bytearray(path.read_bytes())
    data[places[2] : places[2] + 10] = b"\xff" * 10
    path.write_bytes(data)
    stats = bnstat.compute(path, workers=1, sample="100%")

    assert stats.sum == tuple(pixels[:2].sum((0, 1, 2), dtype=np.int64).tolist())
    assert [failure.image for failure in stats.source.failures] == [
        f"{row:09}/{row}.png" for row in (2, 3, 4)
    ]
    assert {failure.reason for failure in stats.source.failures} == {
        "is in a broken archive: its description is damaged"
    }


def test_more_rows_than_bytes(written, photos, monkeypatch):
    """A file that says so is read for what it has."""
    rows = pq.read_table(photos[0])["image"].to_pylist()
    path = written({"image": pa.array([row["bytes"] for row in rows])})
    with path.open("rb") as file:
        many = [RowGroup(10**12, group.columns) for group in row_groups(file)]
    monkeypatch.setattr(WatchedFile, "row_groups", many)
    stats = bnstat.compute(path, workers=1, sample="100%")

    assert stats.sum == tuple(photos[1].sum((0, 1, 2), dtype=np.int64).tolist())


def test_fingerprint_is_of_the_bytes(written, rows, found):
    """The same rows have the same fingerprints in another file."""
    one = found(written({"image": pa.array(rows, IMAGE)})).references
    two = found(written({"image": pa.array(rows, IMAGE)}, compression="gzip")).references
    assert {r.fingerprint() for r in one.values()} == {r.fingerprint() for r in two.values()}
    assert len({r.fingerprint() for r in one.values()}) == 12


def test_pyarrow_missing_is_one_line(tmp_path):
    """Without pyarrow, the command that adds it is named."""
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    program = "import sys; sys.modules['pyarrow'] = None; from bnstat.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", program, "compute", "x.parquet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    expected = "bnstat: a Parquet file needs the package pyarrow: pip install 'bnstat[parquet]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (4, "", expected)
