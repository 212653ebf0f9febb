"""What a result says, in words and tables, as data: a terminal, a file or a page renders it.

A report is a sequence of blocks (paragraphs and tables of text). `report` makes it of a result, a
comparison or a sweep; `json`, `csv` and `markdown` write each of them as text for other programs
and people.
"""

from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table, Tone, lines
from bnstat.show.blocks import plain_text as text
from bnstat.show.comparison_report import excesses, unsure
from bnstat.show.formats import FORMATS, Reportable, csv, json, markdown, report
from bnstat.show.remarks import failure_lines, failures, remarks

__all__ = [
    "FORMATS",
    "Block",
    "Column",
    "Headline",
    "Line",
    "Paragraph",
    "Reportable",
    "Row",
    "Table",
    "Tone",
    "csv",
    "excesses",
    "failure_lines",
    "failures",
    "json",
    "lines",
    "markdown",
    "remarks",
    "report",
    "text",
    "unsure",
]
