"""SVG in fewer bytes: a page holds each picture twice, for light and dark."""

from __future__ import annotations

import re

# What matplotlib writes that draws nothing.
_UNDRAWN = re.compile(rb"<metadata>.*?</metadata>|<!--.*?-->|<!DOCTYPE.*?>", re.DOTALL)
_TAG = re.compile(rb"<[a-z][^<>]*>")
_NUMBER = re.compile(rb"-?\d+\.\d+(?:e-?\d+)?")
_ID = re.compile(rb' id="(?:axes|figure|legend|line2d|matplotlib|patch|text|xtick|ytick)[^"]*"')


def compact(svg: bytes) -> bytes:
    """Return the same picture: numbers in tenths of a point, no layout, no names of groups."""
    svg = re.sub(rb">\s+<", b"><", _UNDRAWN.sub(b"", svg))
    return _TAG.sub(lambda tag: _compact_tag(tag.group()), svg)


def _compact_tag(tag: bytes) -> bytes:
    """Return a tag with short numbers; text between tags is nobody's business here."""
    if tag.startswith(b"<svg"):
        return tag
    tag = re.sub(rb' transform="rotate\(-?0 [^"]*"', b"", _ID.sub(b"", tag))
    tag = re.sub(rb"\s+", b" ", _NUMBER.sub(_in_tenths, tag))
    return re.sub(rb"(?<=[;:,]) | (?=[MLCQz] ?[-\d\"])", b"", tag)


def _in_tenths(number: re.Match[bytes]) -> bytes:
    """Return a number with one decimal at most; small ones, as widths of lines, keep two digits."""
    value = float(number.group())
    text = f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
    text = text.removesuffix(".0")
    return b"0" if text in ("-0", "0.0") else text.encode()
