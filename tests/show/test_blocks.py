"""Reports as plain text: aligned, without boxes, and nothing is wrapped or cut."""

from dataclasses import replace

from bnstat import show as reports
from bnstat.result import Corrected, MeanAndStd, Uncertainty
from bnstat.show import Column, Headline, Line, Paragraph, Row, Table


def test_nothing_is_wrapped_or_cut(monkeypatch):
    """A sentence, a command and a name are each one line, whatever COLUMNS says."""
    monkeypatch.setenv("COLUMNS", "20")
    long = "word " * 50 + "x" * 200
    said = reports.text([Headline(long, name="y" * 90), Paragraph.of(long, tone="command")])
    assert f"{'y' * 90}: {long}\n\n  {long}\n" == said


def test_columns_are_aligned_in_cells_of_the_terminal():
    """Numbers at the right, labels at the left, whatever the script."""
    columns = Column("", numbers=False), Column("R"), Column("G")
    rows = Row(("mean", "0.5", "0.25")), Row(("画像", "10", "-"))
    assert reports.text([Table(columns, rows)]) == (
        "        R     G\nmean  0.5  0.25\n画像   10     -\n"
    )


def test_a_table_with_all_that_belongs_to_it():
    """Title, note, heading rows and footnotes; blocks stand apart by a blank line."""
    table = Table((Column("", False), Column("L")), (Row.heading("a"), Row(("  mean", "0.5"))))
    table = replace(table, title="Title", note="  note", footnotes=(Line("foot"),))
    assert reports.text([table, Paragraph.of("end")]) == (
        "Title\n  note\n          L\na\n  mean  0.5\nfoot\n\nend\n"
    )


def test_uncertain_figures(stats):
    """Margins stand below their figures; where few images carry them that is said."""
    margin = MeanAndStd((0.01, 0.02, 0.03), (0.001, 0.002, 0.003))
    intervals = Corrected(margin, MeanAndStd((0.02, 0.03, 0.04), (0.01, 0.02, 0.03)))
    uncertainty = Uncertainty(0.95, ("draws",), margin, False, margin, corrected=intervals)
    text = reports.text(reports.report(replace(stats, uncertainty=uncertainty)))
    assert (
        "            R        G        B\n"
        "mean    0.500    0.250    0.125\n"
        "       ±0.010   ±0.020   ±0.030\n"
        "std    0.5000   0.2500   0.0000\n"
        "      ±0.0010  ±0.0020  ±0.0030\n"
        "two-pass of 2 random draws of each image, seed 0; ± 0.03 (95 %)\n"
        "Few images carry these figures: the margins may be too small.\n"
        "Intervals that allow for it: mean 0.4900 to 0.5200, 0.2300 to 0.2800, 0.0950 to 0.1650; "
        "std 0.4990 to 0.5000, 0.2480 to 0.2700, 0.0000 to 0.0300.\n"
        "The margins come from the random draws; more epochs narrow them.\n"
    ) in text
