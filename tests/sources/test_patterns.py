"""Patterns: what the shell would have made of them."""

import os
import shutil
import subprocess

import pytest

from bnstat.errors import SourceError
from bnstat.sources.locations import Opening
from bnstat.sources.naming import expand_braces
from bnstat.sources.sources import Sources

BRACES = [
    "shards/{000..003}.tar",
    "{8..11}",
    "{08..11}",
    "{3..1}",
    "x{-1..1}y",
    "{train,val}/{0..1}.tar",
    "{a,}b",
    "plain",
    "{}",
    "{a}",
    "a{b",
    "{1..}",
    "{a..c}.png",
]


@pytest.mark.parametrize("text", [text for text in BRACES if text != "{a..c}.png"])
def test_braces_are_those_of_bash(text):
    """The oracle is bash itself."""
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    command = ["bash", "-c", f"printf '%s\\n' {text}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert expand_braces(text) == printed.splitlines()


def test_letters_are_no_range():
    """WebDataset and bnstat count in numbers alone; what is no range stands for itself."""
    assert expand_braces("{a..c}.png") == ["{a..c}.png"]


@pytest.fixture
def here(touch, tmp_path, monkeypatch):
    touch("d/a.jpg", "d/b.PNG", "d/notes.txt", "d/.h.jpg", "d/e/c.jpg", "d/e/f/g.jpg", "x{1,2}.jpg")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "keys", "skipped"),
    [
        ("d/*.jpg", ["d/a.jpg"], 0),
        ("d/**/*.jpg", ["d/a.jpg", "d/e/c.jpg", "d/e/f/g.jpg"], 0),
        ("d/**", ["d/a.jpg", "d/b.PNG", "d/e/c.jpg", "d/e/f/g.jpg"], 1),
        ("d/*", ["d/a.jpg", "d/b.PNG", "d/e/c.jpg", "d/e/f/g.jpg"], 1),
        ("d/?.jpg", ["d/a.jpg"], 0),
        ("d/[ab].*", ["d/a.jpg", "d/b.PNG"], 0),
        ("{d,d/e}/*.jpg", ["d/a.jpg", "d/e/c.jpg"], 0),
        ("./d/{a,b}.{jpg,PNG}", None, 0),
    ],
)
def test_what_matches_has_itself_as_key(here, found, pattern, keys, skipped):
    """Matches are several sources, though there be one: keys do not change when more come."""
    if keys is None:
        with pytest.raises(SourceError, match="no folder or file"):
            found(pattern)
        return
    result = found(pattern)
    assert ([os.fsdecode(key) for key in result.keys], result.skipped) == (keys, skipped)
    assert result.duplicates == 0


def test_quoted_or_not_is_the_same(here, found):
    """A pattern that bnstat expands gives the keys that the shell's expansion gives."""
    quoted = found("d/{a.jpg,b.PNG,e}").keys
    assert quoted == found("d/a.jpg", "d/b.PNG", "d/e").keys


def test_name_that_looks_like_a_pattern(here, found):
    """What exists is taken at its name."""
    assert found("x{1,2}.jpg").keys == [b"x{1,2}.jpg"]


def test_nothing_matches(here):
    """A pattern that nothing matches is an error that names it."""
    with pytest.raises(SourceError) as caught:
        Sources.open(["d/*.webp"])
    assert str(caught.value) == "nothing matches d/*.webp; check the pattern"


def test_patterns_are_relative_to_the_folder_of_the_document(here, tmp_path, monkeypatch):
    """Read again from elsewhere, a pattern has the same matches."""
    monkeypatch.chdir("/")
    keys = [
        reference.key for reference in Sources.open(["d/*.jpg"], Opening(os.fsencode(tmp_path)))
    ]
    assert keys == [b"d/a.jpg"]
