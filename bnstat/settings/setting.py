"""What is known of one setting."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

# More would keep a replay of BatchNorm busy for ever.
MAX_EPOCHS = 10_000
# Of a result, unless others are asked for.
PERCENTILES = (0.5, 1, 2, 5, 25, 50, 75, 95, 98, 99, 99.5)
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kMGT]?)i?B?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting: its default, its range, and how help texts and the documentation describe it.

    Attributes
    ----------
    default, help
        Its default value, None unless given, and one sentence on what it does.
    metavar
        What help texts call its value; of a whole number, N unless another is given.
    none
        What None is called there. With `none_typed`, that is also how it is typed.
    repeatable
        Whether the option is typed once for each of several values, not once with commas.
    ge, gt, le
        The range of numbers, in which each bound is optional.
    convert
        Makes of a value the one that is used; it is asked first.
    check
        Raises ValueError for a value without a meaning.
    option
        The option of the command line; "" is the name with dashes, None is no option.
    recorded_in
        Which part of a result has it: "result", "source", "selection", "pipeline", "batchnorm",
        "sample" or "uncertainty". A run on the images of that result takes it from there.
    moments_depend
        When the moments of an image depend on it: "always", with a "pipeline", or never (None).
    name, type, choices, optional, several
        As the definition says: its keyword; the type of a value (of each, if there are several);
        the values that it can have, if they are few; whether None is a value.
    """

    default: Any = None
    help: str = ""
    metavar: str = ""
    none: str = ""
    none_typed: bool = False
    repeatable: bool = False
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    convert: Callable[[Any], Any] | None = None
    check: Callable[[Any], object] | None = None
    option: str | None = ""
    recorded_in: (
        Literal["result", "source", "selection", "pipeline", "batchnorm", "sample", "uncertainty"]
        | None
    ) = None
    moments_depend: Literal["always", "pipeline"] | None = None
    name: str = ""
    type: Any = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    several: bool = False

    @classmethod
    def of(cls, name: str, annotation: Any) -> Setting:
        """Return the setting that is defined as NAME: Annotated[TYPE, Setting(...)]."""
        setting: Setting
        kind, setting = get_args(annotation)
        kind, optional = _without_none(kind)
        several = get_origin(kind) is Sequence
        if several:
            kind, optional = _without_none(*get_args(kind))
        return replace(
            setting,
            name=name,
            option="--" + name.replace("_", "-") if setting.option == "" else setting.option,
            metavar=setting.metavar or "N" * (kind is int),
            type=kind,
            choices=get_args(kind) if get_origin(kind) is Literal else (),
            optional=optional,
            several=several,
        )

    @property
    def annotation(self) -> Any:
        """The type of the keyword argument."""
        one: Any = self.type | None if self.optional else self.type
        if not self.several:
            return one
        return Sequence[one] if self.default is not None else Sequence[one] | None

    @property
    def range(self) -> str:
        """The range of numbers, as in "in (0, 1]"; empty where all are allowed."""
        low = self.ge if self.gt is None else self.gt
        if self.le is None:
            return "" if low is None else f"at least {low:g}"
        return f"in {'[' if self.gt is None else '('}{low:g}, {self.le:g}]"

    def text(self, value: Any) -> str:
        """Return a value as it is typed, or as help texts call it."""
        values = value if self.several and value is not None else [value]
        return ",".join(self.none if value is None else str(value) for value in values)

    def parse(self, text: str) -> Any:
        """Return the value that is typed; several are separated by commas.

        Raises ValueError if it has no meaning.
        """
        if self.several and not self.repeatable:
            return tuple(self._parse(part.strip()) for part in text.split(","))
        return self._parse(text)

    def _parse(self, text: str) -> Any:
        if self.none_typed and text == self.none:
            return None
        if self.choices and text not in self.choices:
            raise ValueError(f"{text!r} is not one of {', '.join(self.choices)}")
        if self.check is not None:
            self.check(text)
        if self.type not in (int, float):
            return text
        try:
            return self._checked(self.type(text))
        except ValueError:
            number = (
                f"a whole number{self._limits}" if self.type is int else f"a number{self._limits}"
            )
            neither = f"neither {number}{',' * (',' in number)} nor {self.none!r}"
            wrong = neither if self.none_typed else f"not {number}"
            raise ValueError(f"{text!r} is {wrong}") from None

    @property
    def _limits(self) -> str:
        """The range of numbers, as it stands behind their kind."""
        high = "" if self.le is None else f"{self.le:,}"
        if self.gt is not None:
            return f" above {self.gt:,}" + (f", up to {high}" if high else "")
        if self.ge is None:
            return ""
        return f" from {self.ge:,} to {high}" if high else f" of at least {self.ge:,}"

    def checked(self, value: Any) -> Any:
        """Return a value as it is used.

        Raises ValueError if it has no meaning; the message names the setting.
        """
        if not self.several:
            return self._checked(value)
        if value is None and self.default is None:
            return None
        if isinstance(value, str) or not value:
            raise ValueError(f"{self.name} must be several values, is {value!r}")
        return tuple(map(self._checked, value))

    def _checked(self, value: Any) -> Any:
        if value is None and self.optional:
            return None
        if self.convert is not None:
            value = self.convert(value)
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.name} must be one of {self.choices}, is {value!r}")
        if self.type in (int, float):
            value = self._number(value)
        if self.check is not None:
            try:
                self.check(value)
            except ValueError as error:
                raise ValueError(f"{self.name}: {error}") from None
        return value

    def _number(self, value: Any) -> float:
        kind, word = (operator.index, "an integer") if self.type is int else (float, "a number")
        try:
            number = kind(value)
        except (TypeError, ValueError):
            raise ValueError(f"{self.name} must be {word}, is {value!r}") from None
        low = -math.inf if self.ge is None else self.ge
        high = math.inf if self.le is None else self.le
        if not low <= number <= high or (
            self.gt is not None and number <= self.gt
        ):  # nan is in none
            or_none = " or None" if self.optional else ""
            raise ValueError(f"{self.name} must be {self.range}{or_none}, is {value}")
        return number


def _without_none(kind: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether None was a part of it."""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return next(each for each in kinds if each is not NoneType), NoneType in kinds


def bytes_of(size: int | str) -> int:
    """Return a size in bytes; k, M, G and T are powers of 1024.

    >>> bytes_of("1GB"), bytes_of("1.5 MiB"), bytes_of("0"), bytes_of(4096)
    (1073741824, 1572864, 0, 4096)

    Raises ValueError if it is none.
    """
    found = _SIZE.fullmatch(str(size).strip())
    if found is None:
        raise ValueError(f"{size!r} is not a size, such as 500MB or 1GB")
    return int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])


def shard_of(text: str) -> tuple[int, int]:
    """Return the shard I of N that is typed as I/N; I counts from 1 to N.

    >>> shard_of("2/8")
    (2, 8)

    Raises ValueError if it is none.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    index, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= of:
        raise ValueError(f"{text!r} is no shard I/N, such as 1/8: I counts from 1 to N.")
    return index, of
