"""Reports on a terminal: numbers stay whole, names give way, sentences break between words."""

import io
import re

import pytest
from rich.cells import cell_len

from bnstat import show as reports
from bnstat.show import Column, Headline, Line, Paragraph, Row, Table
from bnstat.show.terminal import console, print_report


def shown(blocks, width=80, *, colored=False):
    """Return what a terminal of a width is sent."""
    out = io.StringIO()
    print_report(blocks, console(out, width, colored=colored))
    return out.getvalue()


def test_a_report_as_a_whole():
    """A panel with the name, a table with a line below its heading, sentences, a command."""
    table = Table.by_channel([""], ["R", "G"], [["mean", "0.5", "0.25"]])
    blocks = [Headline("2 images.", name="data"), table, Paragraph((Line("Then:"),))]
    blocks.append(Paragraph.of("bnstat -h", tone="command"))
    lines = [line.rstrip() for line in shown(blocks).splitlines()]
    assert lines == [
        "╭─ data ────╮",
        "│ 2 images. │",
        "╰───────────╯",
        "",
        "         R      G",
        "─────────────────",
        "mean   0.5   0.25",
        "",
        "Then:",
        "",
        "  bnstat -h",
    ]


@pytest.mark.parametrize("width", [30, 80, 100, 140])
def test_numbers_are_never_shortened(width):
    """Twelve channels stand below one another where the screen is narrow; a long name gives way."""
    channels = [f"B{i}" for i in range(12)]
    numbers = [f"0.{i:06}" for i in range(12)]
    text = shown([Table.by_channel([""], channels, [["n" * 200, *numbers]])], width)
    assert re.findall(r"[\d.]{8}", text) == numbers
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "…" in text


@pytest.mark.parametrize("name", ["画像" * 60, "صور" * 60, "x" * 200, "[bold]:smile:"])
def test_names_of_any_script(name):
    """They are cut to the width in a panel's title and in tables; brackets are no markup."""
    blocks = [Headline("1 image.", name=name), Table.by_channel([""], ["R"], [[name, "0.5"]])]
    text = shown(blocks, 40)
    assert all(cell_len(line) <= 40 for line in text.splitlines())
    assert name[:3] in text and "0.5" in text


def test_sentences_break_between_words_and_commands_not_at_all():
    """A word that is longer than the screen is left to the terminal."""
    sentence, command = "one two three four five", "bnstat compute " + "x" * 60
    text = shown([Paragraph((Line(sentence), Line(command, "command"), Line("y" * 70)))], 12)
    assert text == f"one two \nthree four \nfive\n  {command}\n{'y' * 70}\n"


def test_text_in_the_last_column_is_broken_between_words():
    """What follows is below it."""
    table = Table((Column("", False), Column("", False)), (Row(("name", "one two three four")),))
    assert [line.rstrip() for line in shown([table], 18).splitlines()] == [
        "name   one two",
        "       three four",
    ]


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", ["stats", "comparison", "sweep"])
@pytest.mark.parametrize("width", [80, 100, 140])
def test_everything_fits(request, name, verbose, width):
    """What bnstat itself says fits on any usual screen."""
    text = shown(reports.report(request.getfixturevalue(name), verbose=verbose), width)
    assert all(cell_len(line) <= width for line in text.splitlines())


def test_colors(stats):
    """With colors there are codes; without, not one."""
    assert "\x1b[" in shown(reports.report(stats), colored=True)
    assert "\x1b" not in shown(reports.report(stats))
