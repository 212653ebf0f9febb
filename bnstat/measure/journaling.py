"""A journal for a run: what runs must not differ in, and what is taken from it and recorded in it.

Failures are not recorded: a lost worker, a lack of memory or of permission may be gone the next
time, and a broken file is soon found broken again.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from bnstat.augment.user import digest_of_code
from bnstat.measure.dispatch import Chunk
from bnstat.measure.measure import Thumbnail, ViewPlan
from bnstat.measure.measured import Measured, Result
from bnstat.settings import Settings, settings_of
from bnstat.sources.reference import FIRST, Reference
from bnstat.sources.sources import Sources
from bnstat.text import key_text, without_credentials

if TYPE_CHECKING:  # it needs sqlite3, which most runs do not
    from bnstat.journal import Entry, Journal


def open_journal(
    path: str | os.PathLike[str] | None,
    sources: Sources,
    plans: Sequence[ViewPlan],
    settings: Settings,
) -> AbstractContextManager[Journal[Reference] | None]:
    """Open the journal at `path` for a run; None is a run without.

    Raises JournalError if it cannot be used, or is of a run with other sources or settings.
    """
    if path is None:
        return nullcontext()
    from bnstat.journal import Expected, Journal
    from bnstat.measure.planes import is_kind

    draws = [plan.epochs if plan else 1 for plan in plans for _ in range(plan.width if plan else 1)]
    described = _describe_sources(sources) | _describe_settings(plans, settings)
    expected = Expected(draws, is_kind, per_image=settings["by"] is not None)
    return Journal.open(
        os.fspath(path),
        described,
        expected,
        ordered=sources.ordered and settings["frames"] == FIRST,
    )


def _describe_sources(sources: Sources) -> dict[str, str]:
    """Return where the images are to be: as typed, as keys follow from that, and from where."""
    relative = [p for p in sources.locations if "://" not in p and not os.path.isabs(p)]
    described = {"sources": shlex.join(sources.locations)}
    if relative:
        described["working folder"] = key_text(os.getcwdb())
    if sources.shards is not None:
        described["shard"] = str(sources.shards)
    for name in ("include", "exclude"):
        if globs := getattr(sources.globs, name):
            described[name] = shlex.join(globs)
    if sources.column is not None:
        described["column"] = sources.column
    if sources.listing is not None:
        described["list"] = "names end in NUL" if sources.listing.null else "names end in newline"
        if sources.listing.column is not None or sources.listing.where:
            described["rows"] = shlex.join([str(sources.listing.column), *sources.listing.where])
        described["root"] = without_credentials(str(sources.listing.root))
    return described


def _describe_settings(plans: Sequence[ViewPlan], settings: Settings) -> dict[str, str]:
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


def _describe_plan(plan: ViewPlan) -> str:
    if plan is None:
        return "none"
    if isinstance(plan, Thumbnail):
        return f"a thumbnail of {plan.side}"
    pipeline = plan.pipeline
    text = " | ".join(pipeline.transforms)
    if pipeline.passed is not None:  # its text may leave something out
        return f"{text} {pipeline.passed.digest}"
    if pipeline.user is not None:
        end = " kept to the end" * pipeline.keep_normalize
        return f"{text} {digest_of_code(pipeline.user)}{end}"
    return text


def unknown_images(
    journal: Journal[Reference],
    with_fingerprints: Iterable[tuple[Reference, int]],
    add: Callable[[Chunk, Result], None],
) -> Iterator[Reference]:
    """Yield the images that are to be measured; hand what is known of the others to `add`.

    Images come with their fingerprints, in key order. Images whose entry in the journal
    proves damaged are yielded later than their place.
    """

    def unreadable(key: bytes | None) -> Iterator[Reference]:
        for images, entry in journal.completed(key):
            if entry is None:
                yield from images
            else:
                add(images, _measured(entry))

    for reference, fingerprint in with_fingerprints:
        if not journal.knows(reference, fingerprint):
            yield reference
        yield from unreadable(reference.key)
    yield from unreadable(None)


def unknown_in_any_order(
    journal: Journal[Reference],
    images: Iterable[Reference],
    set_aside: Callable[[Chunk, Result], None],
) -> Iterator[Reference]:
    """Yield the images that are to be measured; then set aside what is known of the others.

    Images whose entry in the journal proves damaged are yielded last.
    """
    known = []
    for reference in images:
        if journal.holds(reference, reference.fingerprint()):
            known.append(reference)
        else:
            yield reference
    for found, entry in journal.read(known):
        if entry is None:
            yield from found
        else:
            set_aside(found, _measured(entry))


def _measured(entry: Entry) -> Result:
    return [
        Measured(
            moments,
            [],
            entry.deep,
            transparent=entry.transparent,
            appearances=entry.appearances,
        )
        for moments in entry.views
    ]


def record_chunk(journal: Journal[Reference], chunk: Chunk, result: Result) -> None:
    """Record in a journal the images of a chunk that were measured in every view.

    What a warning tells of is measured again, and warned of again.
    """
    noted = {row for m in result for row, *_ in (*m.failures, *m.warnings, *m.notes)}
    rows = [row for row in range(len(chunk)) if row not in noted]
    if rows:
        first, views = result[0], [measured.moments for measured in result]
        journal.record(
            chunk,
            rows,
            views,
            deep=first.deep,
            transparent=first.transparent,
            appearances=first.appearances,
        )
