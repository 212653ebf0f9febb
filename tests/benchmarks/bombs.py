"""The most memory that `bnstat compute` takes of containers that inflate to far more than they are.

    python tests/benchmarks/bombs.py [WORD]...

With words, only those are measured that have one in their names.
Each is made in a temporary folder, and measured with --max-bytes 1000000, or with none where the
default is to hold. Memory is the kernel's VmHWM, of the main process and of the largest other one.
"Before" is what version 0.1 took of such files, when it was tried, or 0.2 of rows.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "sources"), str(TESTS)]

from hostile_server import Server  # noqa: E402
from sources.test_memory import write_tar, write_zip  # noqa: E402

MB = 1 << 20
ASKED = ("--max-bytes", "1000000")


def main() -> None:
    print(f"{'':44} {'file':>9} {'before':>8} {'main':>8} {'other':>8}  status")
    with tempfile.TemporaryDirectory() as folder:
        asked = [bomb for bomb in BOMBS if any(word in bomb[0] for word in sys.argv[1:] or [""])]
        for name, before, make, options in asked:
            with make(Path(folder)) as location:
                size = Path(location).stat().st_size if Path(location).exists() else 0
                status, own, other = measured(location, *options)
            print(
                f"{name:44} {size / 1000:6,.0f} kB {before:5,} MB {own:5,} MB {other:5,} MB"
                f"  {status}",
                flush=True,
            )


def measured(*arguments: str) -> tuple[int, int, int]:
    """Run `bnstat compute`; return status, and peaks of main and largest other process in MB."""
    command = [sys.executable, "-m", "bnstat", "compute", "-q", "-o", "/dev/null", *arguments]
    process = subprocess.Popen(
        [*command, "--workers", "2", "--network-timeout", "5"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    own, others = 0, {}
    while process.poll() is None:
        own = max(own, peak(process.pid))
        for child in below(process.pid):
            others[child] = max(others.get(child, 0), peak(child))
        time.sleep(0.002)
    return process.returncode, own // MB, max(others.values(), default=0) // MB


def peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(lines[0].split()[1]) if lines else 0


def below(pid: int) -> Iterator[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        for task in tasks:
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from below(child)
    except OSError:
        return


def zipped(method: int, size: int, declared: int | None) -> Callable[[Path], object]:
    @contextmanager
    def make(folder: Path) -> Iterator[str]:
        yield str(write_zip(folder / "x.zip", method, size, declared))

    return make


@contextmanager
def six_members(folder: Path) -> Iterator[str]:
    yield str(write_tar(folder / "x.tar.gz", "w:gz", *[250 * MB] * 6))


@contextmanager
def one_value(folder: Path) -> Iterator[str]:
    """Forty rows that are one value of 100 MB."""
    import pyarrow as pa
    from pyarrow import parquet

    indices, value = pa.array([0] * 40, pa.int32()), pa.array([bytes(100 * MB)], pa.binary())
    table = pa.table({"image": pa.DictionaryArray.from_arrays(indices, value)})
    file = folder / "x.parquet"
    options = {"compression": "zstd", "dictionary_pagesize_limit": 1 << 30, "store_schema": False}
    parquet.write_table(table, file, **options)
    del table, value
    yield str(file)


@contextmanager
def one_image(folder: Path) -> Iterator[str]:
    """Rows that are one image of 30 MB, which is measured each time."""
    import numpy as np
    import pyarrow as pa
    from PIL import Image
    from pyarrow import parquet

    image = folder / "x.bmp"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (3162, 3162, 3), np.uint8)).save(
        image
    )
    table = pa.table(
        {"image": pa.array([image.read_bytes()] * 2).dictionary_encode().take([0] * 200)}
    )
    parquet.write_table(table, folder / "x.parquet", dictionary_pagesize_limit=1 << 30)
    image.unlink()
    yield str(folder / "x.parquet")


@contextmanager
def nulls(folder: Path) -> Iterator[str]:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"image": pa.nulls(2_000_000, pa.binary())})
    parquet.write_table(table, folder / "x.parquet", row_group_size=2_000_000)
    yield str(folder / "x.parquet")


@contextmanager
def endless(folder: Path) -> Iterator[str]:
    server = Server()
    try:
        yield f"{server.url}/endless.png"
    finally:
        server.close()


BOMBS = [
    (
        "zip, bzip2: declares 100 bytes, has 1.8 GB",
        2029,
        zipped(zipfile.ZIP_BZIP2, 1800 * MB, 100),
        (),
    ),
    (
        "zip, lzma: declares 100 bytes, has 1.8 GB",
        2034,
        zipped(zipfile.ZIP_LZMA, 1800 * MB, 100),
        (),
    ),
    ("zip, deflate: 1 GB, declared", 2075, zipped(zipfile.ZIP_DEFLATED, 1024 * MB, None), ()),
    ("tar.gz: six members of 250 MB", 1953, six_members, ()),
    ("Parquet: forty rows of 100 MB, --max-bytes", 4388, one_value, ASKED),
    ("Parquet: 200 rows of one 30 MB image", 604, one_image, ()),
    ("Parquet: two million null rows", 932, nulls, ()),
    ("Parquet: two million null rows, all named", 932, nulls, ("--all-failures",)),
    ("HTTP: a body without end, --max-bytes", 5900, endless, ASKED),
]


if __name__ == "__main__":
    main()
