"""The settings of each command, as typed keyword arguments; and functions that take them.

The annotations are evaluated, so that these files do without `from __future__ import annotations`.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from typing import Annotated, Any, Literal, NoReturn, TypeVar, cast

from bnstat.settings.images import ImageSettings, SelectionSettings
from bnstat.settings.running import RunSettings
from bnstat.settings.samples import DatasetSettings, SampleSettings, is_of_item, place_or_key
from bnstat.settings.setting import PERCENTILES, Setting, bytes_of
from bnstat.text import did_you_mean

Order = Literal["shuffled", "listed"]
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def _momentum(default: object, help: str, **more: Any) -> Setting:
    """Return the setting of a momentum, or of several: in (0, 1], or torch's cumulative average."""
    return Setting(
        default=default, help=help, gt=0, le=1, none="cumulative", none_typed=True, **more
    )


def _check_by(by: Any) -> None:
    """Raise ValueError for what is neither of files nor the key, place or function of an item."""
    if not is_of_item(by) and not str(by).lower().endswith(".csv"):
        raise ValueError(f"{by!r} is neither folder nor a file FILE.csv, nor a key of an item")


def _check_device(name: str) -> None:
    kind, colon, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (colon and not number.isdecimal()):
        raise ValueError(f"{name!r} is not cpu, cuda or cuda:N")


class MeasureSettings(
    ImageSettings, SampleSettings, SelectionSettings, DatasetSettings, RunSettings, total=False
):
    """How images are measured."""


class Settings(MeasureSettings, total=False):
    """How images are measured and grouped, and the schedule that `batchnorm` replays."""

    by: Annotated[
        str | int | Callable[[Any], Any] | None,
        Setting(
            none="not grouped",
            metavar="folder|FILE.csv",
            convert=place_or_key,
            check=_check_by,
            help="Add figures of each group: the first folder below the source, or the label that "
            "a CSV file of key and label gives; of a dataset, the key of the label in its items.",
        ),
    ]

    percentiles: Annotated[
        Sequence[float],
        Setting(
            default=PERCENTILES,
            metavar="Q,...",
            ge=0,
            le=100,
            help="Percentiles of the samples, of 8 and 16 bits, that the result has.",
        ),
    ]
    batch_size: Annotated[
        int,
        Setting(default=64, ge=1, help="Images in a batch of batchnorm.", recorded_in="batchnorm"),
    ]
    momentum: Annotated[
        float | None,
        _momentum(
            0.1,
            "Weight of a new batch in batchnorm; cumulative averages all.",
            metavar="M",
            recorded_in="batchnorm",
        ),
    ]
    order: Annotated[
        Order,
        Setting(
            default="shuffled",
            help="Order in which batchnorm sees the images.",
            recorded_in="batchnorm",
        ),
    ]


class SweepSettings(MeasureSettings, total=False):
    """How images are measured, and the grid of schedules that `sweep` replays."""

    batch_sizes: Annotated[
        Sequence[int],
        Setting(
            default=(8, 32, 128),
            option="--batch-size",
            metavar="N,...",
            ge=1,
            help="Images in a batch.",
        ),
    ]
    momenta: Annotated[
        Sequence[float | None],
        _momentum(
            (0.01, 0.1, None),
            "Weight of a new batch; cumulative averages all.",
            option="--momentum",
            metavar="M,...",
        ),
    ]
    orders: Annotated[
        Sequence[Order],
        Setting(
            default=("shuffled", "listed"),
            option="--order",
            metavar="ORDER,...",
            help="Orders in which the images are seen.",
        ),
    ]
    repeats: Annotated[
        int, Setting(default=20, metavar="N", ge=1, help="Seeds for each shuffled schedule.")
    ]
    ranks: Annotated[
        int | None,
        Setting(
            none="one device",
            ge=2,
            help="Ranks that train together, each with such batches: what layers hold with "
            "SyncBatchNorm, and what rank 0's holds without.",
        ),
    ]


class RecalibrateSettings(MeasureSettings, total=False):
    """How images are measured, and how a model is run on them until its statistics stay."""

    tolerance: Annotated[
        float,
        Setting(
            default=1e-3,
            metavar="TOL",
            ge=0,
            le=1,
            help="Stop when no mean moves by more, in std, and no variance by a larger share.",
        ),
    ]
    max_passes: Annotated[
        int | None,
        Setting(
            none="as many as the model has BatchNorm layers",
            ge=1,
            help="Passes over the images at most.",
        ),
    ]
    batch_size: Annotated[
        int,
        Setting(
            default=32,
            ge=1,
            help="Images that the model is run on at once; no figure depends on it.",
        ),
    ]
    cache: Annotated[
        str,
        Setting(
            default="1GB",
            metavar="SIZE",
            convert=str,
            check=bytes_of,
            help="Memory for drawn images, kept from pass to pass; the others are decoded anew.",
        ),
    ]
    device: Annotated[
        str | None,
        Setting(
            none="in the workers, on the CPU",
            metavar="cpu|cuda|cuda:N",
            check=_check_device,
            help="Run the model in the main process, on this device; workers decode.",
        ),
    ]


@cache
def settings_of(kind: Any) -> Mapping[str, Setting]:
    """Return the settings that a TypedDict of this module defines, by their keywords."""
    return {name: Setting.of(name, hint) for name, hint in kind.__annotations__.items()}


def complete(kind: type[T], given: Mapping[str, Any], instead: Mapping[str, Any] = {}) -> T:
    """Return all settings of a kind: those that are given, else those of `instead`, else defaults.

    Raises TypeError if one is given that there is not, and ValueError if one has no meaning; the
    message names it.

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

        @wraps(function)
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
