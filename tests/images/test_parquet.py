"""Parquet files with images, in the layout of Hugging Face datasets."""

import json
import subprocess
import sys

import pytest

from bnstat.errors import SourceError

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
    reason = "has several columns of images (left, right); call one 'image'"
    assert str(caught.value) == f"cannot read {path}: {reason}"


def test_no_column_of_images(written, found):
    """A file without images is an error that names its columns."""
    path = written({"text": ["a"], "label": [1]})
    with pytest.raises(SourceError) as caught:
        found(path)
    reason = "has no column of images, only text, label"
    assert str(caught.value) == f"cannot read {path}: {reason}"


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
