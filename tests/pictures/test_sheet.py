"""Contact sheets: where copies and names stand, as PNG and as HTML."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bnstat.pictures.sheet import Sheet, Tile


def jpeg(color, size=(160, 100)):
    """Return an image of one color as JPEG."""
    file = BytesIO()
    Image.new("RGB", size, color).save(file, "JPEG")
    return file.getvalue()


def pixels(sheet):
    """Return those of a sheet's PNG, as an array."""
    return np.asarray(Image.open(BytesIO(sheet.png())).convert("RGB")).astype(int)


def test_copies_stand_beside_each_other_and_then_below():
    """Six tiles are in a row; a seventh begins the next one."""
    tiles = [Tile(f"{i}.jpg", "", jpeg("red")) for i in range(7)]
    image = pixels(Sheet("seven", [("", tiles)]))
    red = (np.abs(image - [254, 0, 0]) < 4).all(axis=2)
    across, down = red.any(axis=0).astype(int), red.any(axis=1).astype(int)
    assert (6, 2) == tuple((np.diff(each) == 1).sum() for each in (across, down))
    assert 7 * 160 * 100 == red.sum()


def test_small_images_are_enlarged_all_alike():
    """Where all are small they are enlarged, and keep their sizes beside each other."""
    small, tiny = jpeg("red", (40, 40)), jpeg("blue", (10, 10))
    image = pixels(Sheet("small", [("", [Tile("a", "", small), Tile("b", "", tiny)])]))
    red, blue = (
        (np.abs(image - color) < 6).all(axis=2).sum() for color in ([254, 0, 0], [0, 0, 254])
    )
    assert (160 * 160, 40 * 40) == (red, blue)


def test_an_image_without_copy_has_its_name():
    """Without a copy, a tile says so; words and headings make a difference, copies none."""
    sheet = Sheet("gone", [("set", [Tile("a.jpg", "why", None)])])
    assert (pixels(sheet) != 255).any()
    assert sheet.png() == sheet.png() != Sheet("gone", [("", [Tile("a.jpg", "why", None)])]).png()


def test_html_escapes_names_and_counts_what_is_left():
    """Names are text, whatever is in them; what is more than asked for is counted."""
    tiles = [Tile("<b>.jpg", "a & b", jpeg("red")), Tile("c\n.jpg", "", None)]
    html = Sheet("two", [("first", tiles), ("second", tiles)]).html(3)
    assert 2 == html.count("<img") and "&lt;b&gt;.jpg" in html and "a &amp; b" in html
    assert "c\\n.jpg" in html and "1 more" in html
    assert "second" not in Sheet("two", [("first", tiles), ("second", tiles)]).html(2)


@pytest.mark.parametrize("name", ["$x^2$.jpg", "画像.jpg", "a" * 200 + ".jpg", "\x1b[31m.jpg"])
def test_any_name_can_be_drawn(name):
    """Names of any script, with dollars, long or with control characters, make a sheet."""
    assert Sheet(name, [(name, [Tile(name, name, None)])]).png().startswith(b"\x89PNG")
