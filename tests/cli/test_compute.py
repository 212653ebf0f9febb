"""bnstat compute: exit status, and what goes where."""

import io
import json
import os
import re
import sys

import pytest

import bnstat as library


def without_date(text):
    return [line for line in text.splitlines() if '"created"' not in line]


def test_document_is_written(compute, here):
    """The result stands in bnstat.json, and is that of the Python API."""
    assert compute("tiny").status == 0
    expected = library.compute("tiny", workers=1).to_json()
    assert without_date((here / "bnstat.json").read_text()) == without_date(expected)
    assert sorted(path.name for path in here.iterdir()) == ["bnstat.json", "tiny"]


def test_dash_is_the_document_alone(compute, here):
    """With -o - the document is all there is on stdout, and no file is written."""
    result = compute("tiny", "-o", "-")
    assert json.loads(result.out)["source"]["images"] == 2
    assert without_date(result.out) == without_date(library.compute("tiny", workers=1).to_json())
    assert not (here / "bnstat.json").exists()


def test_options_reach_the_api(compute, here):
    """Each option of the command line is the one of the same name in Python."""
    options = {
        "mode": "RGBA",
        "batch_size": 3,
        "momentum": None,
        "order": "listed",
        "seed": 5,
        "epochs": 2,
        "max_pixels": 1000,
    }
    typed = [
        text
        for name, value in options.items()
        for text in ("--" + name.replace("_", "-"), "cumulative" if value is None else str(value))
    ]
    assert compute("tiny", *typed, "-o", "x.json", "-q").status == 0
    expected = library.compute("tiny", workers=1, **options).to_json()
    assert without_date((here / "x.json").read_text()) == without_date(expected)


def test_quiet_shows_no_table(compute, mixed):
    """With --quiet only failures are left."""
    result = compute("mixed", "--quiet")
    assert result.out == ""
    assert result.err == (
        "failed: cats/empty.jpg: is empty\nfailed: text.png: is not an image of a known format\n"
    )
    assert compute("tiny", "-q", "-o", "tiny.json").err == ""


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 3),
        (("--max-failures", "1"), 3),
        (("--max-failures", "2"), 0),
        (("--max-failures", "99"), 0),
    ],
    ids=str,
)
def test_failures_are_status_3_above_the_allowed(compute, mixed, here, options, status):
    """More failures than allowed are status 3; the result is written either way."""
    result = compute("mixed", *options)
    assert result.status == status
    assert result.err.count("failed: ") == 2
    stats = library.load(here / "bnstat.json")
    assert (stats.source.images, len(stats.source.failures)) == (6, 2)


def test_fail_fast(compute, mixed, here):
    """With --fail-fast the first failure is the end, and nothing is written."""
    result = compute("mixed", "--fail-fast")
    text = "bnstat: cats/empty.jpg: is empty (stopped at the first failure)\n"
    assert (result.status, result.out, result.err) == (4, "", text)
    assert not (here / "bnstat.json").exists()


def test_names_are_escaped(compute, here):
    """What is no text to a terminal is shown as escapes, in failures and in errors."""
    name = "a\n\x1b[2J\x9b\u202ez.jpg"
    (here / "tiny" / name).touch()
    (here / "tiny" / os.fsdecode(b"\xff.jpg")).touch()
    for result in (
        compute("tiny"),
        compute("tiny", "--fail-fast"),
        compute("nowhere\x1b[2J\n\r"),
        compute("tiny", "-o", "none\x1b[2J\n/x.json"),
        compute("--files-from", "none\x1b[2J"),
        compute(f"tiny/{name}"),
    ):
        lines = (result.out + result.err).split("\n")
        assert all(line.isprintable() for line in lines)
        assert "\\x1b[2J" in result.out + result.err
    assert "failed: a\\n\\x1b[2J\\x9b\\u202ez.jpg: is empty\n" in compute("tiny").err
    assert "failed: \\xff.jpg: is empty\n" in compute("tiny").err


@pytest.mark.parametrize("output", ["nowhere/x.json", ".", ""])
def test_output_that_cannot_be_written_is_found_first(compute, output):
    """Nothing is read for a result that could not be kept: not even a list that is not there."""
    result = compute("--files-from", "nowhere", "-o", output)
    assert result.status == 4
    assert result.err.startswith(f"bnstat: cannot write {output or '.'}: ")


def test_old_result_stays_if_the_new_one_fails(compute, here):
    """A run that ends in an error leaves the old document, and no other file."""
    (here / "bnstat.json").write_text("old")
    assert compute("tiny/notes.txt").status == 4
    assert (here / "bnstat.json").read_text() == "old"
    assert sorted(path.name for path in here.iterdir()) == ["bnstat.json", "tiny"]


def test_result_may_be_written_into_a_device(compute, here):
    """-o /dev/null is no file to be replaced."""
    assert compute("tiny", "-o", "/dev/null", "-q").status == 0
    assert os.stat("/dev/null").st_rdev


def test_list_from_standard_input(compute, monkeypatch):
    """Names come from stdin, by line or by NUL, and are recorded as not readable again."""
    listed = "tiny/b.png\ntiny/notes.txt\ntiny/a.png\n"
    for options, text in (((), listed), (("-0",), listed.replace("\n", "\0"))):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        result = compute("--files-from", "-", *options, "--root", "tiny", "-o", "-")
        assert result.status == 3
        source = json.loads(result.out)["source"]
        assert (source["images"], source["locations"]) == (2, ["-"])
        assert source["failures"][0]["image"] == "notes.txt"
        assert source["files_from"] == {"null": bool(options), "root": "tiny", "again": False}


def test_leading_dash(compute, here):
    """After --, a name with a leading dash is a source."""
    (here / "tiny" / "a.png").rename(here / "-a.png")
    assert compute("-q", "--", "-a.png").status == 0


def test_name_not_in_utf_8(compute, here):
    """A source and an output whose names are no text are like others."""
    folder = os.fsencode(here) + b"/caf\xe9"
    os.rename(here / "tiny", folder)
    result = compute(os.fsdecode(b"caf\xe9"), "-o", os.fsdecode(b"\xff.json"))
    assert (result.status, result.out.splitlines()[0][:18]) == (0, "caf\\xe9: 2 images,")
    stats = library.load(os.fsdecode(b"\xff.json"))
    assert stats.source.locations == ("caf\\xe9",)


def test_no_progress_off_a_terminal(compute):
    """Off a terminal there is no bar, unless asked for."""
    assert not {"%", "\r"} & set(compute("tiny").err)


def test_progress_shows_where_the_run_is(process, here, endless):
    """The bar is on stderr: images of how many, images/s, failures, time left."""
    names = ["/dev/null", *(f"{endless}/{i:04}.jpg" for i in range(80))]
    (here / "names").write_text("\n".join(names))
    result = process(
        *("compute", "--files-from", "names", "--workers", "2", "--progress", "-q"),
        *("--max-failures", "1"),
    )
    assert (result.returncode, result.stdout) == (0, "")
    bar = r"\d+%\|.*\| \d+/81 \[\d\d:\d\d<\d\d:\d\d, .* images/s, 1 failed\]"
    assert re.search(bar, result.stderr)
    assert "\nfailed: /dev/null: is not a regular file\n" in result.stderr


def test_workers_of_the_command_line(process, photos):
    """Several workers give the same document as one."""
    one, two = (
        process("compute", photos, "-q", "-o", "-", "--workers", str(n)).stdout for n in (1, 2)
    )
    assert without_date(one) == without_date(two)
    assert '"images": 6' in one


def test_keys_and_document_are_utf_8_in_any_locale(process, here):
    """The document on stdout is UTF-8, and the table is shown, whatever the locale's encoding."""
    (here / "tiny" / "größe.png").touch()
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    result = process("compute", "tiny", "-o", "-", env=ascii_only, text=False)
    assert result.returncode == 3
    (failure,) = json.loads(result.stdout.decode("utf-8"))["source"]["failures"]
    assert failure["image"] == "größe.png"
    table = process("compute", "tiny", env=ascii_only)
    assert (table.returncode, table.stdout[:5]) == (3, "tiny:")


def test_the_current_folder_was_removed(compute, tmp_path, monkeypatch):
    """It is said so, and not that workers die."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    done = compute(tmp_path / "tiny", "-o", tmp_path / "x.json")
    assert (4, "bnstat: the current folder was removed; change to one that exists\n") == (
        done.status,
        done.err,
    )
