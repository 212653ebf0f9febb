"""A journal for a run: what it must not differ in from the runs before."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from bnstat.augment import Draws
from bnstat.settings import Settings, settings_of
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources
from bnstat.text import key_text, without_credentials

if TYPE_CHECKING:  # it needs sqlite3, which most runs do not
    from bnstat.journal import Journal


def open_journal(
    path: str | os.PathLike[str] | None,
    sources: Sources,
    plans: Sequence[Draws | None],
    settings: Settings,
) -> AbstractContextManager[Journal[Reference] | None]:
    """Open the journal at `path` for a run; None is a run without.

    Raises
    ------
    JournalError
        If it cannot be used, or is of a run with other sources or settings.
    """
    if path is None:
        return nullcontext()
    from bnstat.journal import Expected, Journal
    from bnstat.measure.counting import is_kind

    draws = [plan.epochs if plan else 1 for plan in plans for _ in range(plan.width if plan else 1)]
    described = _describe_sources(sources) | _describe_settings(plans, settings)
    expected = Expected(draws, is_kind)
    return Journal.open(os.fspath(path), described, expected, ordered=sources.ordered)


def _describe_sources(sources: Sources) -> dict[str, str]:
    """Return where the images are to be: as typed, as keys follow from that, and from where."""
    relative = [p for p in sources.locations if "://" not in p and not os.path.isabs(p)]
    described = {"sources": shlex.join(sources.locations)}
    if relative:
        described["working folder"] = key_text(os.getcwdb())
    if sources.shards is not None:
        described["shard"] = str(sources.shards)
    if sources.listing is not None:
        described["list"] = "names end in NUL" if sources.listing.null else "names end in newline"
        described["root"] = without_credentials(str(sources.listing.root))
    return described


def _describe_settings(plans: Sequence[Draws | None], settings: Settings) -> dict[str, str]:
    """Return what the moments of an image depend on, besides the image.

    The schedule of batchnorm does not belong to it, nor, without a pipeline, seed and epochs: they
    are replayed from what is recorded.
    """
    from importlib.metadata import version

    described = _moments_depend_on("always", settings) | {"Pillow": version("pillow")}
    if any(plans):
        described["pipeline"] = "; ".join(map(_describe_plan, plans))
        described |= _moments_depend_on("pipeline", settings)
        described |= {package: version(package) for package in ("torch", "torchvision")}
    return described


def _moments_depend_on(when: str, settings: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.replace("_", "-"): str(settings[name])
        for name, setting in settings_of(Settings).items()
        if setting.moments_depend == when
    }


def _describe_plan(plan: Draws | None) -> str:
    if plan is None:
        return "none"
    recipe = plan.recipe
    text = " | ".join(recipe.transforms)
    if recipe.passed is not None:  # its text may leave something out
        return f"{text} {recipe.passed.digest}"
    return text + " kept to the end" * (recipe.user is not None and recipe.keep_normalize)
