"""Pictures: drawn from plain values, in both themes, the same bytes for the same values."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from bnstat.pictures import (
    DARK,
    LIGHT,
    Differences,
    GroupFigures,
    Histogram,
    ImageScatter,
    MarginCurve,
    RunningValues,
    plot_on,
    render,
)

RNG = np.random.default_rng(0)
PICTURES = {
    "histogram": Histogram(
        "photos", "RGB", RNG.integers(0, 99, (3, 256)).tolist(), (0.4, 0.5, 0.6), (0.2, 0.3, 0.2)
    ),
    "constant": Histogram("one", "L", [[0] * 255 + [9]], (1.0,), (0.0,)),
    "batchnorm": RunningValues(
        "20 batches of 8", "RGB", RNG.random((3, 20)).tolist(), RNG.random((3, 20)).tolist(),
        *((0.5, 0.5, 0.5), (0.1, 0.1, 0.1)),
        *([(0.4, 0.4, 0.4), (0.2, 0.2, 0.2)], [(0.6, 0.6, 0.6), (0.3, 0.3, 0.3)]),
    ),
    "one batch": RunningValues("1 batch", "L", [[0.5]], [[0.5]], (0.5,), (0.1,)),
    "margin": MarginCurve(1000, 300, (10, 100, 900), (0.1, 0.03, 0.005), (0.05, 0.02, 0.0), 0.95),
    "images": ImageScatter(RNG.random(30).tolist(), RNG.random(30).tolist(), [("a$b", 0.1, 0.2)]),
    "many images": ImageScatter(RNG.random(5000).tolist(), RNG.random(5000).tolist()),
    "groups": GroupFigures(
        "RGB", ["a", "<b>", "$c$", "\u6f22", "x" * 255], [5, 4, 3, 2, 1],
        RNG.random((5, 3)).tolist(), RNG.random((5, 3)).tolist(), (0.5,) * 3, (0.2,) * 3,
    ),
    "many groups": GroupFigures(
        "L", [f"g{i}" for i in range(1000)], list(range(1000)), RNG.random((1000, 1)).tolist(),
        RNG.random((1000, 1)).tolist(), (0.5,), (0.2,),
    ),
    "differences": Differences(
        "train", "RGB", ["test", "val"], RNG.random((2, 3)).tolist(), RNG.random((2, 3)).tolist(),
        [(0.01,) * 3] * 2, [(0.0,) * 3] * 2,
    ),
}  # fmt: skip
EACH = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


@EACH
def test_svg_is_well_formed_small_and_always_the_same(picture):
    """An SVG parses, says nothing of when it was made, loads nothing, and stays small."""
    first = render(picture, "svg", LIGHT)
    assert first == render(picture, "svg", LIGHT)
    ElementTree.fromstring(first)
    text = first.decode()
    assert not re.search(r"<script|\son\w+=|dc:date|matplotlib v", text)
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert len(first) < 150_000


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(picture, id=name, marks=() if name == "one batch" else pytest.mark.long)
        for name, picture in PICTURES.items()
    ],
)
def test_png_and_pdf(picture):
    """Other files are what their names say, and the same each time."""
    png, pdf = (render(picture, form, LIGHT) for form in ("png", "pdf"))
    assert png.startswith(b"\x89PNG") and pdf.startswith(b"%PDF")
    assert (png, pdf) == tuple(render(picture, form, LIGHT) for form in ("png", "pdf"))


@EACH
def test_words_and_numbers(picture):
    """Each has a title, a description, and a table of as many cells as headings."""
    headings, rows = picture.table()
    assert picture.title and picture.description.endswith(".") and rows
    assert {len(headings)} == {len(row) for row in rows}
    assert all(isinstance(cell, str) for row in rows for cell in row)


def test_themes_differ(tmp_path):
    """Dark pictures are drawn in other colours than light ones."""
    light, dark = (render(PICTURES["histogram"], "svg", theme).decode() for theme in (LIGHT, DARK))
    assert LIGHT.red in light and LIGHT.red not in dark
    assert DARK.red in dark and DARK.background in dark


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_contrast_with_the_background(theme, contrast):
    """Text has a contrast of 4.5 or more, and so have the channels' labels."""
    colors = (theme.text, theme.muted, theme.accent, theme.red, theme.green, theme.blue)
    for color in (*colors, *theme.others):
        assert contrast(color, theme.background) >= 4.5, color


def test_contrast_by_examples(contrast):
    """The formula of WCAG: black on white is 21, #767676 on white just passes 4.5."""
    assert 21 == pytest.approx(contrast("#000000", "#ffffff"))
    assert 4.54 == pytest.approx(contrast("#767676", "#ffffff"), abs=0.01)


def deuteranope(color):
    """Return what a colour looks like without the middle cones (Viénot and others, 1999)."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    return seen @ linear


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_channels_differ_without_the_middle_cones(theme):
    """Red, green and blue lines can be told apart by the commonest colour-blindness."""
    seen = [deuteranope(color) for color in (theme.red, theme.green, theme.blue)]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(seen[i] - seen[j]).max() > 0.04


@EACH
def test_axes_of_ones_own(picture):
    """A picture is drawn on axes that are passed, and these are returned."""
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert plot_on(picture, ax) is ax
    assert picture.title == ax.get_title(loc="left")


def test_what_a_histogram_cuts_off_is_marked():
    """With how frequent it is; where all is shown, nothing is said."""
    flat = Histogram("flat", "L", [[1] * 256], (0.5,), (0.3,))
    for picture, said in ((PICTURES["constant"], True), (flat, False)):
        assert said == ("up to 1e+02 % of samples" in render(picture, "svg", LIGHT).decode())


def test_axes_of_groups_span_the_groups():
    """Not from 0 to 1, where all are near one value."""
    groups = GroupFigures(
        "L", ["a", "b"], [1, 1], [(0.1,), (0.2,)], [(0.05,), (0.05,)], (0.15,), (0.1,)
    )
    inner = plot_on(groups, Figure().add_subplot()).child_axes[0]
    assert inner.get_xlim() == pytest.approx((0.04, 0.26))


@pytest.mark.parametrize(("mean", "side"), [(0.1, "left"), (0.6, "right")])
def test_names_of_channels_are_beside_the_numbers_of_the_axis(mean, side):
    """A bar that begins at the left has its name at its right."""
    picture = Histogram("x", "L", [[1] * 256], (mean,), (0.1,))
    (name,) = plot_on(picture, Figure().add_subplot()).texts
    assert (name.get_text(), name.get_ha()) == ("L", side)
