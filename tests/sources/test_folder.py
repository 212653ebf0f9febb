"""Folders: which files are images, in which order, and where links lead."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchvision.datasets.folder import IMG_EXTENSIONS as TORCHVISION

from bnstat.sources.folder import Folder
from bnstat.sources.naming import IMG_EXTENSIONS


def keys(root, prefix=b""):
    """Return the keys of a folder's images, and make sure that `count` agrees."""
    found = [reference.key for reference in Folder(os.fsencode(root), prefix)]
    assert Folder(os.fsencode(root), prefix).count() == len(found)
    return found


def problems(root):
    """Return key and problem of each image."""
    return [(reference.key, reference.problem) for reference in Folder(os.fsencode(root))]


def test_extensions_are_those_of_torchvision():
    """A folder holds the same images here as for ImageFolder."""
    assert TORCHVISION == IMG_EXTENSIONS


@pytest.mark.parametrize("suffix", IMG_EXTENSIONS)
def test_extension_in_any_case(touch, suffix):
    """An extension counts however it is written."""
    root = touch("a" + suffix, "b" + suffix.upper(), "c" + suffix.title())
    assert keys(root) == [
        f"a{suffix}".encode(),
        f"b{suffix.upper()}".encode(),
        f"c{suffix.title()}".encode(),
    ]


def test_other_files_are_counted_not_opened(touch):
    """Files without an image extension are skipped, and their number is known afterwards."""
    root = touch("a.jpg", "a.jpg.txt", "jpg", "notes", "sub/b.png", "sub/b.npy")
    folder = Folder(root)
    assert [reference.key for reference in folder] == [b"a.jpg", b"sub/b.png"]
    assert folder.skipped == 4


@pytest.fixture
def scanned(monkeypatch):
    """The folders that were listed, in order."""
    seen, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: seen.append(path) or scandir(path))
    return seen


@pytest.mark.parametrize("taken", [0, 1, 4])
def test_counting_lists_no_folder_again(touch, scanned, taken):
    """The number of images may be asked for before, while and after they are taken."""
    root = touch("a/1.jpg", "a/2.jpg", "b/3.jpg", "c/x.txt", "d/4.jpg")
    folder = Folder(root)
    images = iter(folder)
    first = [next(images).key for _ in range(taken)]
    assert folder.count() == 4
    assert len(scanned) == 5
    assert [*first, *(image.key for image in images)] == [
        *(b"a/1.jpg", b"a/2.jpg", b"b/3.jpg", b"d/4.jpg")
    ]
    assert (folder.count(), folder.skipped, len(scanned)) == (4, 1, 5)


def test_images_are_looked_for_anew_each_time(touch):
    """What came or went between two runs over a folder is seen."""
    root = touch("a.jpg", "b.txt")
    folder = Folder(root)
    assert folder.count() == 1
    assert [image.key for image in folder] == [b"a.jpg"]
    touch("c.jpg")
    assert [image.key for image in folder] == [b"a.jpg", b"c.jpg"]
    assert (folder.count(), folder.skipped) == (2, 1)


def test_hidden_files_and_folders_are_left_out(touch):
    """What begins with a dot is neither measured nor counted."""
    root = touch(".a.jpg", ".cache/b.jpg", "c.jpg", "sub/.d.jpg", "sub/._e.txt")
    folder = Folder(root)
    assert [reference.key for reference in folder] == [b"c.jpg"]
    assert folder.skipped == 0


def test_folders_of_thumbnails_and_deleted_files_are_skipped(touch):
    """They are counted by name, and not entered; a file of such a name is an image."""
    root = touch(
        *("a/1.jpg", "a/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "b/@eaDir/2.jpg", ".thumbnails/3.png"),
        *("#recycle/4.jpg", "$RECYCLE.BIN/x/5.jpg", "lost+found/6.jpg", "__MACOSX/0.png"),
        "@eaDir.png",
    )
    folder = Folder(root)
    assert [image.key for image in folder] == [b"@eaDir.png", b"a/1.jpg"]
    assert folder.service_folders == {
        **{b"@eaDir": 2, b".thumbnails": 1, b"#recycle": 1, b"$RECYCLE.BIN": 1},
        **{b"lost+found": 1, b"__MACOSX": 1},
    }
    assert (folder.count(), folder.skipped) == (2, 0)
    alone = Folder(root + b"/b/@eaDir")
    assert [image.key for image in alone] == [b"2.jpg"]


def test_key_order_is_that_of_bytes(touch):
    """Keys come sorted as bytes, across the borders of folders: "-" and "." are before "/"."""
    names = ["a/b.jpg", "a-b.jpg", "a.jpg", "a/a-/x.jpg", "a/a.jpg", "a0.jpg", "A.jpg", "ä.jpg"]
    assert keys(touch(*names)) == sorted(name.encode() for name in names)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(
        st.lists(
            st.sampled_from(["a", "b", "a-", "a-b", "a.b", "a0", "é", "A"]), min_size=1, max_size=4
        ).map(tuple),
        max_size=12,
    )
)
def test_walk_meets_keys_in_order(touch, tmp_path_factory, paths):
    """Whatever folders there are, a walk meets all images, sorted by the bytes of their keys."""
    names = ["/".join(path) + ".jpg" for path in paths]
    root = touch(*names, root=tmp_path_factory.mktemp("tree"))
    assert keys(root) == sorted(name.encode() for name in names)


def test_prefix_stands_before_keys(touch):
    """With a prefix, keys have it, and paths do not."""
    root = touch("a.jpg")
    (reference,) = Folder(root, b"data/")
    assert (reference.key, reference.path) == (b"data/a.jpg", root + b"/a.jpg")


def test_names_that_are_no_text(touch):
    """Names not in UTF-8, with a newline or a leading dash are names like others."""
    names = [b"-rf.jpg", b"caf\xe9.jpg", b"two\nlines.jpg", b"\xff/\xfe.jpg"]
    assert keys(touch(*names)) == sorted(names)


def test_empty_folder(tmp_path):
    """A folder with nothing in it has no images."""
    assert keys(tmp_path) == []


def test_folder_named_like_an_image_is_walked(touch):
    """A folder is a folder, whatever its name."""
    assert keys(touch("x.jpg/a.png")) == [b"x.jpg/a.png"]


def test_pipe_named_like_an_image_is_not_opened(tmp_path):
    """Opening a pipe would wait forever; it is named as no regular file."""
    os.mkfifo(tmp_path / "x.jpg")
    assert problems(tmp_path) == [(b"x.jpg", "is not a regular file")]


def test_dangling_link_is_a_problem(tmp_path):
    """A link to nothing is an image that cannot be opened, with the reason."""
    (tmp_path / "x.jpg").symlink_to("nowhere.jpg")
    assert problems(tmp_path) == [(b"x.jpg", "No such file or directory")]


def test_link_to_itself_is_a_problem(tmp_path):
    """A link that leads to itself does not lead around for ever."""
    (tmp_path / "x.jpg").symlink_to("x.jpg")
    assert problems(tmp_path) == [(b"x.jpg", "Too many levels of symbolic links")]


def test_links_without_extension_that_lead_nowhere_are_skipped(tmp_path):
    """A link to nothing, or to itself, is skipped like any other file if named like one."""
    (tmp_path / "a").symlink_to("a")
    (tmp_path / "b").symlink_to("nowhere")
    folder = Folder(os.fsencode(tmp_path))
    assert (list(folder), folder.skipped) == ([], 2)


def test_linked_file_is_an_image(touch, tmp_path):
    """A link to a file counts under the link's name, and the file under its own."""
    root = touch("a.jpg")
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    assert keys(root) == [b"a.jpg", b"b.jpg"]


def test_linked_folder_outside_is_followed(touch, tmp_path):
    """Images behind a link to another folder belong to the set, under the link's name."""
    touch("outside/x.jpg", "data/a.jpg")
    (tmp_path / "data" / "link").symlink_to("../outside")
    assert keys(tmp_path / "data") == [b"a.jpg", b"link/x.jpg"]


def test_linked_folder_is_followed_once(touch, tmp_path):
    """Two links to one folder outside do not double its images."""
    touch("outside/x.jpg", "data/a.jpg")
    for name in ("one", "two"):
        (tmp_path / "data" / name).symlink_to("../outside")
    assert keys(tmp_path / "data") == [b"a.jpg", b"one/x.jpg"]


def test_folder_linked_from_inside_is_met_under_its_own_name(touch, tmp_path):
    """A link to a folder that is walked anyway adds nothing, though it may be met first."""
    touch("data/real/x.jpg")
    (tmp_path / "data" / "a-link").symlink_to("real")
    assert keys(tmp_path / "data") == [b"real/x.jpg"]


def test_link_to_a_hidden_folder_is_followed(touch, tmp_path):
    """What is hidden under its own name can be shown by a link."""
    touch(".store/x.jpg")
    (tmp_path / "shown").symlink_to(".store")
    assert keys(tmp_path) == [b"shown/x.jpg"]


@pytest.mark.parametrize("target", [".", "..", "../../data", "../../link"])
def test_loop_inside_ends(touch, tmp_path, target):
    """A link to the folder it is in, or to one above, adds nothing."""
    touch("data/sub/a.jpg")
    (tmp_path / "link").symlink_to("data/sub")
    (tmp_path / "data" / "sub" / "up").symlink_to(target)
    assert keys(tmp_path / "data") == [b"sub/a.jpg"]


def test_loop_through_a_folder_above_ends(touch, tmp_path):
    """A link to a folder that holds the source leads, if followed, to what else is there, once."""
    touch("data/a.jpg", "beside/b.jpg")
    (tmp_path / "data" / "up").symlink_to("..")
    folder = Folder(os.fsencode(tmp_path / "data"), follow_links=True)
    assert [reference.key for reference in folder] == [b"a.jpg", b"up/beside/b.jpg"]


def test_root_that_is_a_link(touch, tmp_path):
    """A source that is itself a link is walked, and a loop back into it ends."""
    touch("real/sub/a.jpg")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "sub" / "back").symlink_to("../../link")
    assert keys(tmp_path / "link") == [b"sub/a.jpg"]


def test_folder_too_deep_to_read_is_a_problem(tmp_path):
    """A folder that cannot be read is named, and the images beside it are found."""
    (tmp_path / "z.jpg").write_bytes(b"x")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # 20 names of 250 bytes: longer than a path may be
        os.mkdir("d" * 250, dir_fd=here)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    (unread, image) = problems(tmp_path)
    assert image == (b"z.jpg", None)
    assert unread[0].endswith(b"d/") and unread[1] == "cannot be read: File name too long"


@pytest.fixture
def deep(tmp_path):
    """1,200 folders in one another and an image in the last: more than functions may nest."""
    folders = [os.path.join(tmp_path, *["d"] * depth) for depth in range(1, 1201)]
    for folder in folders:
        os.mkdir(folder)
    image = os.path.join(folders[-1], "x.jpg")
    with open(image, "wb"):
        pass
    yield tmp_path
    os.unlink(image)  # pytest's own cleaning would nest as deep
    for folder in reversed(folders):
        os.rmdir(folder)


def test_many_folders_in_one_another(deep):
    """Folders may be nested deeper than Python functions may call each other."""
    assert keys(deep) == [b"d/" * 1200 + b"x.jpg"]


def test_iterating_twice_gives_the_same(touch):
    """A second look finds the same images, and counts the skipped files anew."""
    folder = Folder(touch("a.jpg", "b.txt", "c/d.png"))
    first, skipped = list(folder), folder.skipped
    assert (list(folder), folder.skipped) == (first, skipped)


def test_links_to_folders_above_are_named(touch, tmp_path):
    """A link to a folder that contains the source, or to the system's, is followed if asked for."""
    root = tmp_path / "data"
    touch("data/a.jpg", "b.jpg")
    for name, target in {"up": "..", "all": "/", "proc": "/proc/self", "dev": "/dev"}.items():
        (root / name).symlink_to(target)
    folder = Folder(os.fsencode(root), b"data/")
    assert [reference.key for reference in folder] == [b"data/a.jpg"]
    assert sorted(folder.walk.unfollowed) == [b"data/all", b"data/dev", b"data/proc", b"data/up"]
    for name in ("all", "proc", "dev"):
        (root / name).unlink()
    folder = Folder(os.fsencode(root), follow_links=True)
    assert [reference.key for reference in folder] == [b"a.jpg", b"up/b.jpg"]
    assert (folder.walk.unfollowed, folder.count()) == ([], 2)


def test_links_to_shared_memory_are_followed(tmp_path):
    """Data sets are kept in /dev/shm; so are links to folders beside the source."""
    if not os.path.isdir("/dev/shm"):
        pytest.skip("needs /dev/shm")
    (tmp_path / "shm").symlink_to("/dev/shm")
    folder = Folder(os.fsencode(tmp_path))
    list(folder)
    assert folder.walk.unfollowed == []
