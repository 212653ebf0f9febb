"""Constants with the digits that they are written with: typed, in files, in Python code."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bnstat.errors import SourceError
from bnstat.result.explanation import Digits
from bnstat.show import constant_files as files
from bnstat.show.constants import CONSTANTS

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_LIST = rf"[\[(]\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*,?\s*[\])]"
# Normalize(LIST, LIST); and mean = LIST, which may stand in a call, or in a comprehension.
_NORMALIZE = re.compile(rf"Normalize\w*\(\s*{_LIST}\s*,\s*{_LIST}", re.IGNORECASE)
_ASSIGNED = r"{}\w*['\"]?\s*[=:]\s*(?:({number})(?![\d.])(?!\s*[\w*/])|[^=\n]{{0,80}}?{list})"
_LONGEST = 100_000
# Behind the point, as digits are compared as text.
_MAX_DECIMALS = 100


@dataclass(frozen=True)
class Written:
    """Constants as they are written; `name` is what to call them."""

    name: str
    mean: Digits
    std: Digits


def read_written(text: str) -> Written:
    """Return typed or named constants, or those of a file, with their digits.

    Typed, they are MEAN/STD with commas, in [0, 1] or 0-255; or Python code with a call of
    Normalize, or with mean = ... and std = ...; a file may hold such code too.

    Raises
    ------
    SourceError
        If it is none of these; or if a std is not above 0, or there are not as many stds as means.

    Examples
    --------
    >>> read_written("T.Normalize((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.201))").std.texts
    ('0.2023', '0.1994', '0.2010')
    """
    name, mean, std, white = _numbers(text)
    if len(mean) != len(std):
        raise SourceError(f"{name} has {len(mean)} means and {len(std)} stds")
    finite = all(number.is_finite() for number in (*mean, *std))
    if not finite or not all(number > 0 for number in std):
        raise SourceError(f"{name}: a std must be above 0, and all must be finite")
    if min(int(number.as_tuple().exponent) for number in (*mean, *std)) < -_MAX_DECIMALS:
        raise SourceError(f"{name}: constants have at most {_MAX_DECIMALS} decimals")
    return Written(name, Digits.of(mean, white), Digits.of(std, white))


def _numbers(text: str) -> tuple[str, Sequence[Decimal], Sequence[Decimal], float | None]:
    """Return the name of constants, their means and stds, and what is white where that is said."""
    if text in CONSTANTS:
        named = CONSTANTS[text]
        return text, _decimals(named.mean), _decimals(named.std), 1.0
    mean, _, std = text.partition("/")
    try:
        return text, _decimals(mean.split(",")), _decimals(std.split(",")), None
    except InvalidOperation:
        pass
    code = _code(text)
    if code is not None:
        return "the code" if code is text else text, *_of_code(text, code), None
    entry = files.entry_of(Path(text))
    white = None if entry.white == 1 else float(entry.white)
    return text, _decimals(entry.mean), _decimals(entry.std), white


def _decimals(numbers: Sequence[Any]) -> list[Decimal]:
    return [Decimal(str(number).strip()) for number in numbers]


def _code(text: str) -> str | None:
    """Return Python code that was typed, or that a file holds; None if it is another file."""
    if any(mark in text for mark in "=([{"):
        return text if not os.path.exists(text) else _read(Path(text))
    if os.path.isfile(text) and not text.lower().endswith(files.SUFFIXES):
        return _read(Path(text))
    return None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST)
    except OSError as error:
        raise SourceError(f"cannot read constants of {path}: {error.strerror}") from error


def _of_code(name: str, code: str) -> tuple[list[Decimal], list[Decimal]]:
    call = _NORMALIZE.search(code)
    if call is not None:
        return _decimals(call[1].split(",")), _decimals(call[2].split(","))
    found = [_assigned(word, code) for word in ("mean", "std")]
    if None in found:
        raise SourceError(
            f"no constants in {name[:60]!r}: there is neither Normalize((...), (...)) nor "
            "mean = [...] and std = [...]"
        )
    mean, std = (_decimals(numbers.split(",")) for numbers in found if numbers is not None)
    return mean, std


def _assigned(word: str, code: str) -> str | None:
    pattern = _ASSIGNED.format(word, number=_NUMBER, list=_LIST)
    match = re.search(pattern, code, re.IGNORECASE)
    return None if match is None else match[1] or match[2]
