"""Constants from elsewhere: well-known ones by name, typed ones, and those of files and code."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bnstat.errors import SourceError
from bnstat.result import Floats
from bnstat.result.explanation import Digits
from bnstat.show import constant_files

# No mean or std of images in [0, 1] comes near this, and those in 0-255 are hardly ever below.
_LARGEST = 2.0
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_LIST = rf"[\[(]\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*,?\s*[\])]"
# Normalize(LIST, LIST); and mean = LIST, which may stand in a call, or in a comprehension.
_NORMALIZE = re.compile(rf"Normalize\w*\(\s*{_LIST}\s*,\s*{_LIST}", re.IGNORECASE)
_ASSIGNED = r"{}\w*['\"]?\s*[=:]\s*(?:({number})(?![\d.])(?!\s*[\w*/])|[^=\n]{{0,80}}?{list})"
_LONGEST = 100_000
# Behind the point, as digits are compared as text.
_MAX_DECIMALS = 100


@dataclass(frozen=True)
class Constants:
    """Constants from elsewhere: mean and std per channel in [0, 1], and what is known of them."""

    name: str
    mean: Floats
    std: Floats
    source: str
    convention: str


CONSTANTS = {
    constants.name: constants
    for constants in (
        Constants(
            "imagenet",
            (0.485, 0.456, 0.406),
            (0.229, 0.224, 0.225),
            "https://github.com/pytorch/vision/issues/1439",
            "most likely the mean of the images' stds, of a sample, resized and cropped",
        ),
        Constants(
            "clip",
            (0.48145466, 0.4578275, 0.40821073),
            (0.26862954, 0.26130258, 0.27577711),
            "https://github.com/openai/CLIP/blob/main/clip/clip.py",
            "not said; of its own training set, of the size of a pooled one",
        ),
        Constants(
            "inception",
            (0.5, 0.5, 0.5),
            (0.5, 0.5, 0.5),
            "https://github.com/huggingface/pytorch-image-models/blob/main/timm/data/constants.py",
            "none: it maps [0, 1] to [-1, 1]",
        ),
        Constants(
            "cifar10",
            (0.4914, 0.4822, 0.4465),
            (0.2470, 0.2435, 0.2616),
            "https://github.com/kuangliu/pytorch-cifar/issues/19",
            "pooled, of the training set",
        ),
        Constants(
            "mnist",
            (0.1307,),
            (0.3081,),
            "https://github.com/pytorch/examples/blob/main/mnist/main.py",
            "pooled, of the training set",
        ),
    )
}


def read(text: str) -> Constants:
    """Return typed constants, or those of a file that `bnstat export` or its readers write.

    Typed, they are MEAN/STD with commas, for images in [0, 1]: 0.485,0.456,0.406/0.229,0.224,0.225.
    A name of `CONSTANTS` is one too. Files say in which units they are.

    Raises
    ------
    SourceError
        If it is none of these, or has no constants, or none for images in [0, 1] or 0-255.

    Examples
    --------
    >>> read("0.5/0.25").std
    (0.25,)
    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    mean, _, std = text.partition("/")
    try:
        typed = [tuple(map(float, numbers.split(","))) for numbers in (mean, std)]
    except ValueError:
        return _checked(text, *constant_files.entry_of(Path(text)).in_unit(), text)
    return _checked(text, typed[0], typed[1], "typed")


def _checked(name: str, mean: Sequence[float], std: Sequence[float], source: str) -> Constants:
    if len(mean) != len(std):
        raise SourceError(f"{name} has {len(mean)} means and {len(std)} stds")
    if not all(0 < s < float("inf") for s in std) or not all(abs(m) < float("inf") for m in mean):
        raise SourceError(f"{name}: a std must be above 0, and all must be finite")
    if max(*map(abs, mean), *std) > _LARGEST:
        divided = "/".join(",".join(f"{v / 255:.6g}" for v in values) for values in (mean, std))
        raise SourceError(
            f"{name} is not for images in [0, 1]; divided by 255, if it is for 0-255: {divided}"
        )
    return Constants(name, tuple(mean), tuple(std), source, "not said")


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
    entry = constant_files.entry_of(Path(text))
    white = None if entry.white == 1 else float(entry.white)
    return text, _decimals(entry.mean), _decimals(entry.std), white


def _decimals(numbers: Sequence[Any]) -> list[Decimal]:
    return [Decimal(str(number).strip()) for number in numbers]


def _code(text: str) -> str | None:
    """Return Python code that was typed, or that a file holds; None if it is another file."""
    if any(mark in text for mark in "=([{"):
        return text if not os.path.exists(text) else _read(Path(text))
    if os.path.isfile(text) and not text.lower().endswith(constant_files.SUFFIXES):
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
