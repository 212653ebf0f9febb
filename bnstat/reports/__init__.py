"""What a result says, in words and tables, as data: a terminal, a file or a page renders it.

A report is a sequence of blocks (paragraphs and tables of text). `report` makes it of a result, a
comparison or a sweep; `json`, `csv` and `markdown` write each of them as text for other programs
and people.
"""

from bnstat.reports.blocks import Block, Column, Line, Paragraph, Row, Table, Tone
from bnstat.reports.comparisons import excesses, unsure
from bnstat.reports.formats import FORMATS, csv, json, markdown
from bnstat.reports.kinds import Reportable, report
from bnstat.reports.layout import layout, text
from bnstat.reports.remarks import failure, failures, remarks
from bnstat.reports.words import counted, percent, signed

__all__ = [
    "FORMATS",
    "Block",
    "Column",
    "Line",
    "Paragraph",
    "Reportable",
    "Row",
    "Table",
    "Tone",
    "counted",
    "csv",
    "excesses",
    "failure",
    "failures",
    "json",
    "layout",
    "markdown",
    "percent",
    "remarks",
    "report",
    "signed",
    "text",
    "unsure",
]
