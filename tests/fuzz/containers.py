"""Archives and Parquet files from anywhere: what is inside is measured, or fails with a reason."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

import bnstat

# Of what is inflated, and of an image; the readers may take a few times as much.
LIMITS = {"max_bytes": 200_000, "max_pixels": 100_000}
MAX_MEGABYTES = 400


def take(suffix):
    """Return a target: whether anything in a file of such a name was measured."""

    def measure(data):
        if suffix == ".tar.gz":
            data = gzip.compress(data, 1, mtime=0)
        file = f"fuzzed{suffix}"
        Path(file).write_bytes(data)
        return measured(file, sample="50%" if len(data) % 4 == 0 else None)

    return measure


def measured(location, **settings):
    """Measure a source; whoever reads the errors must be told something, on one line."""
    try:
        stats = bnstat.compute(location, workers=1, **LIMITS, **settings)
    except bnstat.BnstatError as error:
        assert 0 < len(str(error)) < 10_000, error
        failures = getattr(error, "failures", [])
    else:
        failures = [(each.image, each.reason) for each in stats.source.failures]
    for name, reason in failures:
        assert name.strip() and reason.strip() and reason.isprintable(), (name, reason)
        assert "Traceback" not in reason and "0x" not in reason, reason
    return "stats" in locals()


def images():
    """Return small images by name, one of them in 16 bits, one cut short."""
    rng = np.random.default_rng(3)
    made = {}
    for name, pixels in {
        "a.png": rng.integers(0, 256, (6, 5, 3), dtype=np.uint8),
        "deep/b.png": rng.integers(0, 65536, (3, 4), dtype=np.uint16),
        "c.jpg": rng.integers(0, 256, (8, 8), dtype=np.uint8),
    }.items():
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG" if name.endswith("png") else "JPEG")
        made[name] = file.getvalue()
    return made | {"cut.png": made["a.png"][:40], "notes.txt": b"no image"}


def tars():
    """Return tar files of all formats, one with names that need headers of their own."""
    made = []
    for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=kind) as archive:
            for name, data in images().items():
                long = name if kind == tarfile.USTAR_FORMAT else "x" * 120 + "/" + name
                member = tarfile.TarInfo(long)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "a.png"
            archive.addfile(link)
        made.append(file.getvalue())
    return made


def zips():
    """Return zip files of all methods of compression."""
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    made = []
    for method in methods:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, data in images().items():
                archive.writestr(zipfile.ZipInfo(name), data, method)
        made.append(file.getvalue())
    return made


def parquets():
    """Return Parquet files: plain bytes, structs as Hugging Face writes them, a dictionary."""
    import pyarrow as pa
    from pyarrow import parquet

    data = list(images().values())
    structs = [{"bytes": each, "path": f"{i}.png"} for i, each in enumerate(data)]
    made = []
    for column, options in (
        (pa.array(data), {"compression": "none"}),
        (pa.array(structs), {"compression": "gzip", "row_group_size": 2}),
        (pa.array(data).dictionary_encode(), {"compression": "snappy"}),
    ):
        file = io.BytesIO()
        parquet.write_table(pa.table({"image": column, "label": range(5)}), file, **options)
        made.append(file.getvalue())
    return made


TAR_WORDS = [
    b"\0",
    b"ustar\0",
    b"00",
    b"ustar  \0",
    b"path=",
    b"size=",
    b"L",
    b"x",
    b"\x80",
    b"\0" * 512,
]
ZIP_WORDS = [
    *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"),
    *(b"\xff\xff\xff\xff", b"\x00\x00", b"\x08\x00", b"\x0c\x00", b"\x0e\x00", b"../", b"\x01\x00"),
]
PARQUET_WORDS = [
    b"PAR1",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\x7f",
    b"image",
    b"bytes",
    b"\x15",
    b"\x18",
]
