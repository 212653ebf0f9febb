"""Files that have several names, and paths that are spelt in several ways."""

import os
import tarfile

import pytest
from PIL import Image

import bnstat
from bnstat.sources.naming import spelt_alike


@pytest.fixture
def ov(tmp_path, monkeypatch):
    """A folder of three images, in the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png", "sub/c.png"):
        (tmp_path / "ov" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2), len(name)).save(tmp_path / "ov" / name)
    return tmp_path / "ov"


def compute(*sources, **settings):
    return bnstat.compute(*sources, mode="L", workers=1, **settings)


def codes(stats):
    return [warning.code for warning in stats.warnings]


@pytest.mark.parametrize(
    "sources",
    [
        ("ov", "./ov"),
        ("ov/", "ov"),
        ("./ov", "ov/sub"),
        ("ov/sub", "ov/../ov"),
        ("ov/a.png", "./ov/b.png", "ov"),
        ("ov", "ABSOLUTE"),
    ],
)
def test_a_path_counts_once_however_it_is_spelt(sources, ov):
    """A folder, or what is in it, named twice: equal keys, which are duplicates."""
    stats = compute(*(os.fspath(ov) if name == "ABSOLUTE" else name for name in sources))
    assert 3 == stats.source.images
    assert stats.source.duplicates >= 1
    assert list(stats.source.locations) == [
        os.fspath(ov) if name == "ABSOLUTE" else name for name in sources
    ]


def test_a_name_in_a_list_counts_once_however_it_is_spelt(ov, tmp_path):
    """With and without "./", and absolute."""
    (tmp_path / "l.txt").write_text(f"ov/a.png\n./ov/a.png\n{ov}/a.png\nov//b.png\nov/b.png\n")
    stats = compute(files_from="l.txt")
    assert (2, 3, []) == (stats.source.images, stats.source.duplicates, codes(stats))


def test_what_stands_before_two_dots_may_be_a_link(tmp_path):
    """link/../x.png is beside the folder that the link leads to."""
    (tmp_path / "far" / "down").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/down")
    names = [b"x.png", b"link/../x.png", b"far/x.png"]
    assert [b"x.png", b"link/../x.png", b"link/../x.png"] == spelt_alike(
        names, os.fsencode(tmp_path)
    )


def test_links_to_images_get_a_line(ov):
    """Each counts; the line gives their number."""
    os.link(ov / "a.png", ov / "hard.png")
    (ov / "soft.png").symlink_to("b.png")
    (ov / "again.png").symlink_to("b.png")
    stats = compute("ov")
    assert (6, 3, ["links"]) == (stats.source.images, stats.source.links, codes(stats))
    assert "3 images are links to others; each name counts" == stats.warnings[0].text
    assert bnstat.Stats.from_json(stats.to_json()) == stats
    assert [] == codes(compute("ov", include=["*"]))


def test_links_to_other_images_get_none(ov, tmp_path):
    """A folder of links to images elsewhere: each is the only name of its file here."""
    (tmp_path / "chosen").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "chosen" / name).symlink_to(ov / name)
    os.link(ov / "sub" / "c.png", tmp_path / "chosen" / "c.png")
    assert [] == codes(compute("chosen"))


def test_links_in_a_list_get_a_line(ov, tmp_path):
    """A symbolic link to a listed image, and a hard one."""
    (ov / "soft.png").symlink_to("b.png")
    os.link(ov / "a.png", ov / "hard.png")
    names = ("a", "b", "soft", "hard")
    (tmp_path / "l.txt").write_text("".join(f"ov/{name}.png\n" for name in names))
    assert (2, ["links"]) == ((s := compute(files_from="l.txt")).source.links, codes(s))
    (tmp_path / "l.txt").write_text("ov/soft.png\nov/hard.png\n")
    assert [] == codes(compute(files_from="l.txt"))


def test_a_link_to_a_folder_of_the_source_gets_a_line(ov):
    """Its images are measured once, by the folder's own name."""
    (ov / "train").symlink_to("sub")
    stats = compute("ov")
    assert (3, 1, ["inner-links"]) == (stats.source.images, stats.source.inner_links, codes(stats))
    (ov / "train").unlink()
    assert [] == codes(compute("ov"))


def write_tar(path, folder, names):
    with tarfile.open(path, "w") as tar:
        for name in names:
            tar.add(folder / "a.png", name)


def test_samples_of_several_images_in_a_tar_get_a_line(ov, tmp_path):
    """As WebDataset has them; what the line says answers it."""
    write_tar(tmp_path / "t.tar", ov, [f"{i}.{s}" for i in range(5) for s in ("jpg", "mask.png")])
    stats = compute("t.tar")
    assert ["image-suffixes"] == codes(stats)
    assert stats.warnings[0].text == (
        "10 images of samples that have several, jpg, mask.png: all count; --include '*.jpg' "
        "measures one of each"
    )
    found = compute("t.tar", include=["*.jpg"])
    assert (5, []) == (found.source.images, codes(found))
    write_tar(tmp_path / "t.tar", ov, [f"{i}.{s}" for i in range(5) for s in ("png", "mask.png")])
    assert "; --exclude '*.mask.png' measures" in compute("t.tar").warnings[0].text
    found = compute("t.tar", exclude=["*.mask.png"])
    assert (5, []) == (found.source.images, codes(found))


@pytest.mark.parametrize(
    "names",
    [
        [f"frame.{i:04}.png" for i in range(9)],
        [f"cam{c}.{i:04}.png" for c in range(5) for i in range(3)],
        [f"{i:03}.png" for i in range(9)],
    ],
)
def test_other_names_with_dots_get_no_line(names, ov, tmp_path):
    """Frames of videos, and single images."""
    write_tar(tmp_path / "t.tar", ov, names)
    assert [] == codes(compute("t.tar"))


def test_a_column_without_parquet_is_said(ov, tmp_path):
    """It would have no meaning."""
    with pytest.raises(bnstat.SourceError, match="--column image is of Parquet files"):
        compute("ov", column="image")
    (tmp_path / "l.txt").write_text("ov/a.png\n")
    with pytest.raises(bnstat.SourceError, match="--column is of Parquet files"):
        compute(files_from="l.txt", column="image")


def test_masks_in_an_archive_whose_images_are_chosen(ov, tmp_path):
    """A mask may be excluded as an image, and is a mask still."""
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.add(ov / "a.png", "images/a.png")
        tar.add(ov / "b.png", "images/b.png")
        for name in ("a", "b"):
            tar.add(ov / "b.png", f"masks/{name}.png")
    for globs in ({"exclude": ["masks/"]}, {"include": ["images/"]}, {}):
        stats = compute("t.tar", masks="masks/{stem}.png", **globs)
        assert (2, ()) == (stats.source.images, stats.source.failures)
    assert 1 == compute("t.tar", masks="masks/{stem}.png", exclude=["b.png"]).source.images
