"""The files that a command writes: what they replace, and what they must not."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from bnstat import load
from bnstat.cli.compare import described
from bnstat.cli.outputs import replaced


@pytest.fixture
def other(here):
    """A second folder, `other`, with one of the images of `tiny`."""
    (here / "other").mkdir()
    os.link(here / "tiny" / "a.png", here / "other" / "a.png")
    return "other"


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "table"])
def test_a_replaced_result_of_other_images_is_said(compute, other, quiet):
    """On stderr, whether the table is wanted or not; the same images again are nothing to say."""
    arguments = ["-q"] * quiet
    assert "replaced" not in compute("tiny", *arguments).err
    assert "replaced" not in compute("tiny", *arguments).err
    line = "replaced bnstat.json, a result of other images: tiny\n"
    assert line in compute(other, *arguments).err
    line = "replaced bnstat.json, a result of other images: other\n"
    assert line in compute("tiny", "--shard", "1/2", *arguments).err
    line = "replaced bnstat.json, a result of other images: tiny, shard 1/2\n"
    assert line in compute("tiny", *arguments).err


def test_a_replaced_result_of_other_settings_is_said(compute, here):
    """With those settings of the old one that the new one has not."""
    compute("tiny", "-q", "--mode", "L", "--epochs", "2", "--momentum", "cumulative")
    line = "replaced bnstat.json, a result of other settings: epochs 2, mode L, momentum cumulative"
    assert f"{line}\n" == compute("tiny", "-q").err
    compute("tiny", "-q", "--augment", "CenterCrop(2)")
    line = "replaced bnstat.json, a result of other settings: pipeline CenterCrop(size=2)"
    assert "CenterCrop(2)" in compute("tiny", "-q").err


def test_the_same_folder_from_elsewhere_is_the_same(compute, here, monkeypatch):
    """A relative source is where it was relative to."""
    compute("tiny", "-q")
    monkeypatch.chdir(here / "tiny")
    assert "other images: tiny" in compute(".", "-q", "-o", "../bnstat.json").err
    monkeypatch.chdir(here)
    compute("tiny", "-q")
    assert "" == compute(here / "tiny", "-q").err


def test_what_is_no_result_is_replaced_in_silence(compute, here):
    """As is a new file, and standard output."""
    (here / "x.json").write_text("{}")
    assert "" == compute("tiny", "-q", "-o", "x.json").err
    assert "" == compute("tiny", "-q", "-o", "-").err


def test_merge_says_what_it_replaces(bnstat, compute, here):
    """As compute does: the whole is of the same folder, but not of the same shard."""
    for i in (1, 2):
        compute("tiny", "-q", "--shard", f"{i}/2", "-o", f"{i}.json")
    compute("tiny", "-q", "--mode", "L")
    done = bnstat("merge", "1.json", "2.json", "-q")
    assert "replaced bnstat.json, a result of other settings: mode L" in done.err


def test_compare_names_its_implicit_baseline(bnstat, compute, other):
    """Without a source, or with one alone; not where the baseline is typed."""
    compute("tiny", "-q")
    line = "baseline: bnstat.json, of tiny (2 images), measured just now\n"
    for arguments in ([other], ["--augment", "grayscale"], ["--to", "imagenet"]):
        assert line == bnstat("compare", "--workers", "1", *arguments).err
    for arguments in (["bnstat.json", other], [other, "--augment", "grayscale"]):
        assert "baseline" not in bnstat("compare", "--workers", "1", *arguments).err


@pytest.mark.parametrize(
    ("age", "says"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=1000, hours=3), "1,000 days ago"),
        (timedelta(hours=-1), "at 2026-01-02T03:04:05Z, which is yet to come"),
    ],
    ids=str,
)
def test_age_in_words(compute, here, age, says):
    """In the largest unit of which there is one."""
    compute("tiny", "-q")
    document = json.loads((here / "bnstat.json").read_text())
    document["created"] = "2026-01-02T03:04:05Z"
    (here / "bnstat.json").write_text(json.dumps(document))
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) + age
    assert described(load("bnstat.json"), "x", now) == f"x, of tiny (2 images), measured {says}"


def test_a_date_that_is_none_is_shown(compute, here):
    """What another program wrote there is text, and on one line."""
    compute("tiny", "-q")
    document = json.loads((here / "bnstat.json").read_text()) | {"created": "yester\nday"}
    (here / "bnstat.json").write_text(json.dumps(document))
    assert described(load("bnstat.json"), "x").endswith(", measured at yester\\nday")
    assert replaced(load("bnstat.json"), load("bnstat.json")) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compute", "tiny", "--journal", "x", "-o", "x"], "x is both --journal and --output"),
        (["compute", "tiny", "--journal", "x", "-o", "./x"], "./x is both --journal and --output"),
        (["compute", "tiny", "--journal", "x", "-o", "tiny/../x"], "--journal and --output"),
        (["compute", "tiny/a.png", "-o", "tiny/a.png"], "tiny/a.png is both SOURCE and --output"),
        (["compute", "tiny/a.png", "-o", "link.json"], "link.json is both SOURCE and --output"),
        (["compute", "--files-from", "list", "-o", "list"], "list is both --files-from and --outp"),
        (["compute", "--files-from", "list", "--journal", "list"], "both --files-from and --journ"),
        (["compute", "tiny", "-o", "tiny/a.png"], "tiny/a.png is an image or an archive"),
        (["compare", "tiny", "-o", "bnstat.json"], "bnstat.json is both the baseline and --output"),
        (["compare", "s.json", "tiny", "-o", "s.json"], "s.json is both SOURCE and --output"),
        (["compare", "tiny", "--to", "s.json", "-o", "s.json"], "s.json is both --to and --output"),
        (["sweep", "s.json", "-o", "s.json"], "s.json is both SOURCE and --output"),
        (["merge", "s.json", "-o", "s.json"], "s.json is both STATS and --output"),
        (["export", "s.json", "--format", "json", "-o", "s.json"], "s.json is both STATS and --ou"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_file_of_a_run_is_written_over_another(bnstat, compute, here, arguments, says):
    """Status 4 before anything is read or written, and every file is as it was."""
    compute("tiny", "-q")
    compute("tiny", "-q", "-o", "s.json")
    (here / "list").write_text("tiny/a.png\n")
    (here / "link.json").symlink_to("tiny/a.png")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    done = bnstat(*arguments)
    assert (4, "", 1) == (done.status, done.out, done.err.count("\n"))
    assert says in done.err
    assert "; name another --" in done.err
    assert before == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}


def test_what_holds_no_data_may_be_named_twice(bnstat, here):
    """/dev/null is no file to be destroyed."""
    assert bnstat("compute", "tiny", "--workers", "1", "-q", "-o", "/dev/null").status == 0
