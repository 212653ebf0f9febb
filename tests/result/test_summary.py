"""A result as a Python session shows it."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from bnstat.errors import DocumentError
from bnstat.result import Pipeline, Shards, Stats

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def stats():
    """The result of the golden document."""
    return Stats.load(GOLDEN / "stats-v2.json")


def named(stats, *names):
    """Return a result whose sources have other names."""
    return replace(stats, source=replace(stats.source, locations=names))


def test_repr_fits_on_a_few_lines(stats):
    """What was measured, and mean and std of each channel."""
    shown = repr(named(stats, "data"))
    failed = len(stats.source.failures)
    head, *lines = shown.splitlines()
    assert f"<Stats of data: {stats.source.images} images, {failed} failed, mode RGB" == head
    expected = zip(stats.channels, stats.mean, stats.std, strict=True)
    assert [f"  {c}: mean {m:.6f}, std {s:.6f}" for c, m, s in expected] == [
        line.removesuffix(">") for line in lines
    ]


def test_long_names_and_many_channels_are_cut(stats):
    """A result of a hundred bands and a thousand sources is as short."""
    estimate = stats.methods["two-pass"]
    wide = replace(estimate, mean=(0.5,) * 100, var=(0.25,) * 100)
    many = replace(
        named(stats, *map(str, range(1000))),
        channels=tuple(map(str, range(100))),
        methods={"two-pass": wide},
    )
    lines = repr(many).splitlines()
    assert (10, True) == (len(lines), max(map(len, lines)) < 200)
    assert "  and 92 more channels>" == lines[-1]


def test_pipeline_and_shard_are_named(stats):
    """They tell results of the same images apart."""
    other = replace(stats, pipeline=Pipeline("x", ("CenterCrop(8)",), 0, 1))
    source = replace(other.source, locations=("data",), shards=Shards((2,), 8), failures=())
    head = repr(replace(other, source=source)).splitlines()[0]
    images = stats.source.images
    assert f"<Stats of data | CenterCrop(8): {images} images, mode RGB, shard 2/8" == head


def test_a_shard_without_images_can_be_shown(stats):
    """It has no figures; nothing is raised."""
    empty = replace(stats, channels=(), methods={"two-pass": None})
    assert 1 == len(repr(empty).splitlines())


def test_a_notebook_has_no_bytes_on_stdout(stats, monkeypatch):
    """There the document is text."""
    monkeypatch.setattr("sys.stdout", text := io.StringIO())
    stats.save("-")
    assert Stats.from_json(text.getvalue().encode()) == stats


def test_closed_standard_input(monkeypatch):
    """It cannot be read."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(
        DocumentError, match=r"^cannot read the document: standard input is closed$"
    ):
        Stats.load("-")
