"""What a result says, in words and tables, as data: a terminal, a file or a page renders it.

A report is a sequence of blocks (paragraphs and tables of text). `report` makes it of a result, a
comparison or a sweep; `json`, `csv` and `markdown` write each of them as text for other programs
and people.
"""

from bnstat.show.blocks import Block, Column, Line, Paragraph, Row, Table, Tone
from bnstat.show.comparisons import excesses, unsure
from bnstat.show.formats import FORMATS, csv, json, markdown
from bnstat.show.kinds import Reportable, report
from bnstat.show.layout import layout, text
from bnstat.show.remarks import failure, failures, remarks
from bnstat.show.words import counted, percent, signed

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
