"""What a result says, in words and tables, as data: a terminal, a file or a page renders it.

A report is a sequence of blocks (paragraphs and tables of text). `report` makes it of a result, a
comparison or a sweep; `json`, `csv` and `markdown` write each of them as text for other programs
and people.

Each name is imported from its module where it is used: a result alone needs no comparisons.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table, Tone, lines
    from bnstat.show.blocks import plain_text as text
    from bnstat.show.comparison_report import excesses, unsure
    from bnstat.show.formats import FORMATS, Reportable, csv, json, markdown, report
    from bnstat.show.input_remarks import failure_lines, failures, remarks

_NAMES = {
    "blocks": ("Block", "Column", "Headline", "Line", "Paragraph", "Row", "Table", "Tone", "lines"),
    "comparison_report": ("excesses", "unsure"),
    "formats": ("FORMATS", "Reportable", "csv", "json", "markdown", "report"),
    "input_remarks": ("failure_lines", "failures", "remarks"),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    if name == "text":
        return import_module("bnstat.show.blocks").plain_text
    if name not in _MODULES:
        raise AttributeError(f"module 'bnstat.show' has no attribute {name!r}")
    return getattr(import_module(f"bnstat.show.{_MODULES[name]}"), name)
