"""Files that strangers made: each is measured whole, or is a failure with a reason."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Whole, and yet not to be measured: Pillow reads no 12-bit JPEG, and 32 bits have no known scale.
REFUSED = {"jpeg-12-bit", "tiff-32-bit"}


def listed(corpus):
    return (corpus / "files").read_bytes().removesuffix(b"\0").split(b"\0")


@pytest.fixture(scope="module")
def ended(corpus):
    """`bnstat compute` on the corpus, as a process of its own that has ended in time."""
    command = [sys.executable, "-m", "bnstat", "compute", "--files-from", "files", "--null"]
    options = ["--workers", "2", "--max-failures", "1000000", "--max-pixels", "30000000"]
    return subprocess.run(
        [*command, *options, "-o", "-"], cwd=corpus, capture_output=True, timeout=300
    )


def test_command_line_counts_each_failure_and_says_nothing_else(corpus, ended):
    """Its stderr has the first failures of each kind, how many more, and warnings; no trace."""
    assert ended.returncode == 0
    document = json.loads(ended.stdout)
    lines = ended.stderr.decode().splitlines()
    failures = [line for line in lines if line.startswith("failed: ")]
    *others, speed = (line for line in lines if not line.startswith("failed: "))

    folded = [re.fullmatch(r"failed: ([\d,]+) more like .+", line) for line in failures]
    counts = [int(line[1].replace(",", "")) if line else 1 for line in folded]
    assert sum(counts) == len(document["source"]["failures"])
    assert others == [warning["text"] for warning in document["warnings"]]
    assert {"deep", "transparent", "mixed-floats", "pillow"} <= {
        warning["code"] for warning in document["warnings"]
    }
    assert re.fullmatch(r"[\d,]+ images in [\d.]+ s, [\d,]+ images/s", speed)
    assert all(line.isprintable() for line in lines)
    assert not any("worker died" in line for line in failures)


def test_command_line_accounts_for_each_file(corpus, ended):
    """What was measured and what failed are all that there was; each reason says something."""
    source = json.loads(ended.stdout)["source"]

    assert source["images"] + len(source["failures"]) == len(listed(corpus))
    assert [f for f in source["failures"] if not f["reason"].strip()] == []


def test_each_file_is_ok_or_a_failure(corpus):
    """No crash, no hang, no silence; and what counts is what an independent decode gives."""
    script = HERE / "outcomes.py"
    judged = subprocess.run(
        [sys.executable, script, corpus], capture_output=True, text=True, timeout=600
    )

    assert (judged.stderr, judged.returncode) == ("", 0), judged.stdout
    total = next(line for line in judged.stdout.splitlines() if line.startswith("all"))
    ok, failed, *others = map(int, total.split()[1:])
    assert (ok + failed, others) == (len(listed(corpus)), [0, 0, 0, 0])
    assert ok > 100 and failed > 200


def test_whole_images_are_measured(making, tmp_path):
    """In every form that this Pillow writes; the others are skipped by name."""
    images, missing = making["whole"].images()
    for name, data in images.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "files").write_bytes(b"".join(name.encode() + b"\0" for name in images))
    found = dict(making["outcomes"].outcomes(tmp_path))

    failed = {os.fsdecode(name).rpartition(".")[0] for name in found if found[name] != "ok"}
    assert failed == REFUSED
    if missing:
        pytest.skip("; ".join(f"{name}: {reason}" for name, reason in missing.items()))


def test_corpus_has_all_forms_and_damages(corpus):
    """Nothing is left out without being seen to be."""
    names = [os.fsdecode(name) for name in listed(corpus)]
    forms = {name.split("/")[1].partition("-")[0] for name in names if name.startswith("form/")}
    damages = Counter(
        re.match(r"[a-z]+", name.split("/")[2])[0] for name in names if name.startswith("form/")
    )

    assert {"jpeg", "png", "gif", "webp", "tiff", "bmp", "ppm", "ico"} <= forms
    assert {"cut", "flip", "drop", "double", "swap", "reversed", "claims"} <= damages.keys()
    parts = Counter(name.partition("/")[0] for name in names)
    assert parts.keys() == {"form", "bomb", "metadata", "extension", "kind", "name"}
    assert parts["kind"] >= 9


def test_corpus_is_the_same_every_time(making, tmp_path):
    """The same names in the same order, with the same bytes."""

    def digest(folder):
        folder.mkdir()
        making["make"].corpus(folder, every=40)
        found = hashlib.blake2b((folder / "files").read_bytes())
        for name in listed(folder):
            path = folder / os.fsdecode(name)
            found.update(path.read_bytes() if path.is_file() else b"-")
        return found.hexdigest()

    assert digest(tmp_path / "one") == digest(tmp_path / "two")
