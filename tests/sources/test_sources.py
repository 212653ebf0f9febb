"""Several sources as one stream: keys, duplicates, counts."""

import os

import pytest

from bnstat.errors import SourceError
from bnstat.sources.listing import Listing
from bnstat.sources.sources import Sources


@pytest.fixture
def here(touch, tmp_path, monkeypatch):
    """A current folder with two folders of images, and files beside them."""
    touch("a/1.jpg", "a/sub/2.png", "a/notes.txt", "b/1.jpg", "b/x.csv", "single", "-x.jpg")
    monkeypatch.chdir(tmp_path)


def keys(*locations):
    """Return the keys of all images, and make sure that `count` agrees with them."""
    sources = Sources.open(locations)
    found = [reference.key for reference in sources]
    assert sources.count() == len(found) + sources.duplicates
    return found


@pytest.mark.parametrize("location", ["a", "a/", "./a", "a//"])
def test_one_folder_is_left_out_of_keys(here, location):
    """With one source, keys are paths below it, however it is typed."""
    assert keys(location) == [b"1.jpg", b"sub/2.png"]


def test_several_stand_before_their_keys_as_typed(here):
    """With several sources, the source as typed stands before each key, with one slash."""
    assert keys("./b/", "a") == [b"./b/1.jpg", b"a/1.jpg", b"a/sub/2.png"]


def test_a_file_is_an_image_whatever_its_name(here):
    """A file named as a source is opened, with or without an extension."""
    assert keys("single") == [b"single"]
    assert keys("a/notes.txt") == [b"notes.txt"]
    assert keys("a", "single", "b/x.csv") == [b"a/1.jpg", b"a/sub/2.png", b"b/x.csv", b"single"]


def test_leading_dash(here):
    """A name with a leading dash is a name."""
    assert keys("-x.jpg") == [b"-x.jpg"]


def test_name_not_in_utf_8(touch, tmp_path):
    """A source whose name is no text has its bytes in the keys, and escapes in its location."""
    root = os.fsdecode(touch(b"caf\xe9/x.jpg"))
    locations = [f"{root}/caf\udce9", root]
    assert keys(*locations) == [os.fsencode(f"{root}/caf\udce9/x.jpg")]
    assert Sources.open(locations).locations[0] == f"{root}/caf\\xe9"


def test_equal_keys_are_measured_once(here):
    """A source given twice, or inside another one, adds duplicates and no images."""
    sources = Sources.open(["a", "a", "a/sub", "a/1.jpg"])
    assert [reference.key for reference in sources] == [b"a/1.jpg", b"a/sub/2.png"]
    assert sources.duplicates == 4


def test_equal_names_of_a_list_are_measured_once(tmp_path):
    """A name that a list has three times is one image and two duplicates."""
    (tmp_path / "list").write_text("x.jpg\ny.jpg\nx.jpg\nx.jpg\n")
    sources = Sources.listed(Listing(os.fspath(tmp_path / "list")))
    assert [reference.key for reference in sources] == [b"x.jpg", b"y.jpg"]
    assert (sources.duplicates, sources.count()) == (2, 4)


def test_skipped_files_of_all_sources(here):
    """The files without an image extension are counted over all folders."""
    sources = Sources.open(["a", "b", "single"])
    list(sources)
    assert sources.skipped == 2


def test_iterating_twice_gives_the_same(here):
    """A second pass finds the same images, and the same numbers of skipped and duplicate ones."""
    sources = Sources.open(["a", "a", "b"])
    once = (list(sources), sources.duplicates, sources.skipped)
    assert (list(sources), sources.duplicates, sources.skipped) == once


@pytest.mark.parametrize("location", ["nowhere", "single/", "", "a/1.jpg/x"])
def test_what_is_not_there_is_an_error(here, location):
    """A source that does not exist is named at once, before anything is measured."""
    with pytest.raises(SourceError) as caught:
        Sources.open(["a", location])
    assert str(caught.value) == f"no folder or file {location}; check the path"


def test_dangling_link_as_source_is_an_image_that_fails(here):
    """A link that leads nowhere is there: its image fails with the reason."""
    os.symlink("nowhere", "link.jpg")
    (reference,) = Sources.open(["link.jpg"])
    assert reference.problem == "No such file or directory"
