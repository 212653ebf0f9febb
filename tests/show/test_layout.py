"""Reports as lines of a width: words and names stay whole, tables are put below one another."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat import show as reports
from bnstat.result import MeanAndStd, Uncertainty
from bnstat.show import Column, Line, Paragraph, Row, Table
from bnstat.show.layout import cell_width, wrap

words = st.text(st.sampled_from("ab/-.é画"), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=12), st.integers(1, 40), st.integers(0, 4))
def test_wrapping_breaks_between_words_only(texts, width, indent):
    """No word is lost or broken, and a line is too wide only where a single word is."""
    lines = wrap(" " * indent + " ".join(texts), width)
    assert texts == " ".join(lines).split()
    for line in lines:
        assert line.startswith(" " * indent)
        assert cell_width(line) <= width or len(line.split()) == 1


def test_a_command_is_never_broken():
    """It can be copied from a narrow screen."""
    command = "bnstat compute a-folder --augment imagenet-train"
    lines = [line.text for line in reports.layout([Paragraph.of(command, tone="command")], 20)]
    assert [f"  {command}"] == lines


def test_columns_are_aligned_in_cells_of_the_terminal():
    """Numbers at the right, labels at the left, whatever the script."""
    columns = Column("", numbers=False), Column("R"), Column("G")
    rows = Row(("mean", "0.5", "0.25")), Row(("画像", "10", "-"))
    assert reports.text([Table(columns, rows)]) == (
        "        R     G\nmean  0.5  0.25\n画像   10     -\n"
    )


def test_a_table_with_more_channels_than_fit():
    """The rest stands below, with its labels again."""
    table = Table.by_channel([""], ["B1", "B2", "B3"], [["mean", "0.111", "0.222", "0.333"]])
    assert reports.text([table], 18) == (
        "         B1     B2\nmean  0.111  0.222\n\n         B3\nmean  0.333\n"
    )


def test_text_in_the_last_column_is_broken_between_words():
    """What follows is below it."""
    table = Table(
        (Column("", False), Column("", False)), (Row(("name", "one two three four five")),)
    )
    assert reports.text([table], 26) == "name  one two three four\n      five\n"


def test_a_table_with_all_that_belongs_to_it():
    """Title, note, heading rows and footnotes; blocks stand apart by a blank line."""
    table = Table((Column("", False), Column("L")), (Row.heading("a"), Row(("  mean", "0.5"))))
    table = replace(table, title="Title", note="  note", footnotes=(Line("foot"),))
    assert reports.text([table, Paragraph.of("end")]) == (
        "Title\n  note\n          L\na\n  mean  0.5\nfoot\n\nend\n"
    )


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", ["stats", "comparison", "sweep"])
def test_everything_fits_into_80_columns(request, name, verbose):
    """What bnstat itself says fits; only names and commands may be longer."""
    result = request.getfixturevalue(name)
    for line in reports.layout(reports.report(result, verbose=verbose), 80):
        assert cell_width(line.text) <= 80 or line.tone == "command"


def test_uncertain_figures(stats):
    """Margins stand below their figures; where few images carry them that is said."""
    margin = MeanAndStd((0.01, 0.02, 0.03), (0.001, 0.002, 0.003))
    uncertainty = Uncertainty(0.95, ("draws",), margin, False, margin)
    text = reports.text(reports.report(replace(stats, uncertainty=uncertainty)))
    assert (
        "            R        G        B\n"
        "mean    0.500    0.250    0.125\n"
        "       ±0.010   ±0.020   ±0.030\n"
        "std    0.5000   0.2500   0.0000\n"
        "      ±0.0010  ±0.0020  ±0.0030\n"
        "two-pass of 2 random draws of each image, seed 0; ± 0.03 (95 %)\n"
        "Few images carry these figures: the margins may be too small.\n"
        "More epochs would narrow the margins: 100% of their square is the draws.\n"
    ) in text
