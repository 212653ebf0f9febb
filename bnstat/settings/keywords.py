"""Keyword arguments to settings."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar, cast

from bnstat.settings.commands import settings_of
from bnstat.text import did_you_mean

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def complete(kind: type[T], given: Mapping[str, Any], instead: Mapping[str, Any] = {}) -> T:
    """Return all settings of a kind: those that are given, else those of `instead`, else defaults.

    Raises
    ------
    TypeError
        If one is given that there is not.
    ValueError
        If one has no meaning; the message names it.

    Examples
    --------
    >>> from bnstat.settings import Settings
    >>> complete(Settings, {"epochs": 3}, {"epochs": 2, "mode": "L"})["mode"]
    'L'
    """
    known = settings_of(cast(type, kind))
    for name in given:
        if name not in known:
            _refuse(name, known)
    values = {name: setting.default for name, setting in known.items()} | {**instead, **given}
    return kind(**{name: setting.checked(values[name]) for name, setting in known.items()})


def takes_settings(kind: type) -> Callable[[F], F]:
    """Show settings in the signature and the docstring of a function that takes them as keywords.

    Type checkers see them as `**settings: Unpack[kind]`; `help` shows what this adds.
    """

    def decorate(function: F) -> F:
        settings, keyword_only = settings_of(kind).values(), inspect.Parameter.KEYWORD_ONLY
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        added = [
            inspect.Parameter(s.name, keyword_only, default=s.default, annotation=s.annotation)
            for s in settings
        ]
        known = [parameter.name for parameter in (*own, *added)]

        @functools.wraps(function)
        def checked(*arguments: Any, **keywords: Any) -> Any:
            for name in keywords.keys() - known:
                _refuse(name, known)
            return function(*arguments, **keywords)

        described = signature.replace(parameters=[*own, *added])
        checked.__signature__ = described  # type: ignore[attr-defined]
        if function.__doc__ is not None:  # as under python -OO
            checked.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\n{_section(settings)}"
        return cast(F, checked)

    return decorate


def _refuse(name: str, known: Iterable[str]) -> NoReturn:
    meant = did_you_mean(name, known)
    raise TypeError(f"got an unexpected keyword argument {name!r}{meant}")


def _section(settings: Any) -> str:
    """Return the settings as numpy's docstrings list parameters."""
    title = "Other Parameters"
    lines = [title, "-" * len(title)]
    for setting in settings:
        none = f" None: {setting.none}." if setting.optional else ""
        lines += [setting.name, textwrap.indent(textwrap.fill(setting.help + none, 96), " " * 4)]
    return "\n".join(lines)
