"""What a person names, and what belongs to it: a result, constants, records or sources of images.

nothing                     bnstat.json
a Stats, FILE.json, -       a result; its images are measured again as they were, with its settings,
                            its sample and its pipeline, unless others are given
imagenet, MEAN/STD, FILE    constants, where figures are asked for; ./imagenet is a folder
a dataset, a loader, ...    what it gives; package.module:attribute is code, and is run where typed
anything else               sources of images: folders, files, archives, URLs, patterns

Every verb resolves here what it is given, so that all of them mean the same by it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from bnstat.errors import DocumentError, SourceError
from bnstat.result import BatchNormEstimate, Stats, title
from bnstat.settings import MeasureSettings, Settings, complete, settings_of
from bnstat.show import constants
from bnstat.show.constants import Constants
from bnstat.sources.naming import holds_images, is_image
from bnstat.sources.opening import Location, ObjectLocation, members_of, open_sources, sources_of
from bnstat.sources.sources import Sources
from bnstat.text import is_url, printable, without_credentials

if TYPE_CHECKING:  # they need numpy and Pillow, which merge and export do without
    from bnstat.augment import Spec
    from bnstat.result.tables import RecordTable

DOCUMENT = "bnstat.json"

Named: TypeAlias = Location | Stats
S = TypeVar("S", bound=MeasureSettings)


def is_document(name: str) -> bool:
    """Whether a source names a result document, not images; "-" is one on standard input."""
    return name == "-" or name.endswith(".json")


def names_images(name: str) -> bool:
    """Whether a file of this name is an image, or an archive of images."""
    key = os.fsencode(name)
    return is_image(key) or holds_images(key)


def flat(named: Iterable[Named | Iterable[Named]]) -> list[Named]:
    """Return what is named, each member of a list for itself.

    >>> flat(["a", ["b", "c"]])
    ['a', 'b', 'c']
    """
    return [name for names in named for name in members_of(names)]


def dataset_at(where: str) -> str:
    """Return the dataset at package.module:attribute as a source; a function there makes it."""
    return ObjectLocation.named(where)


def locations_of(named: Iterable[Named | Iterable[Named]]) -> list[str]:
    """Return sources of images as text, those of a list each for itself."""
    return [os.fspath(name) for name in flat(named)]  # type: ignore[arg-type]


def result_of(named: Sequence[Named]) -> Stats | None:
    """Return the result that is named, itself or by its document; None where sources are.

    Raises SourceError if there is more beside it.
    """
    results = [n for n in named if isinstance(n, Stats) or is_document(os.fspath(n))]
    if not results:
        return None
    if len(named) > 1:
        raise SourceError("a result stands for its own images; name it alone, or sources alone")
    [only] = results
    return only if isinstance(only, Stats) else Stats.load(only)


def loaded(result: Named) -> Stats:
    """Return a result, itself or from its document."""
    return result if isinstance(result, Stats) else Stats.load(result)


def records_of(records: RecordTable | Location | None) -> RecordTable | None:
    """Return records, themselves or the figures from their file."""
    from bnstat.result import record_files
    from bnstat.result.tables import RecordTable

    if records is None or isinstance(records, RecordTable):
        return records
    return record_files.read(os.fspath(records), figures_alone=True)


def title_of(named: Named) -> str:
    """Return what a result or a source is called: as typed, or by its sources and its pipeline."""
    if isinstance(named, Stats):
        return printable(title(named))
    return without_credentials(os.fspath(named))


def figures_of(named: Named) -> Stats | Constants:
    """Return the result or the constants that are named; none of the stds is 0.

    Raises SourceError or DocumentError if there are none.
    """
    from bnstat.targets.pipeline import before_normalize

    found = named if isinstance(named, Stats) else _read_figures(os.fspath(named))
    if isinstance(found, Stats) and 0.0 in found.exact.std:
        channel = found.channels[found.exact.std.index(0.0)]
        raise SourceError(f"channel {channel} has std 0; nothing can be divided by it")
    found = before_normalize(found) if isinstance(found, Stats) else found
    if isinstance(found, Stats) and found.unit == "normalized":
        raise SourceError(
            "the result is of images that its pipeline has normalized; a model's input needs the "
            "figures before that: measure without the Normalize"
        )
    return found


def _read_figures(text: str) -> Stats | Constants:
    if text in constants.CONSTANTS:
        return constants.CONSTANTS[text]
    try:
        return Stats.load(text)
    except DocumentError as error:
        try:
            return constants.read(text)
        except SourceError:
            raise error from None


@dataclass(frozen=True)
class FileNames:
    """A list that names the images instead: `files_from`, `null` and `root` of compute."""

    files_from: Location | None = None
    null: bool = False
    root: Location | None = None


@dataclass(frozen=True)
class Images(Generic[S]):
    """Images that are named, and how they are to be measured.

    result: the one whose images they are; locations, listing: where they are otherwise; augment:
    the pipeline that is given, or else the result's own; settings: complete.
    """

    result: Stats | None
    locations: Sequence[str]
    listing: FileNames
    augment: Spec | None
    settings: S

    @property
    def title(self) -> str:
        """What they are called: as typed, or where the result says they are."""
        named = self.result.source.locations if self.result else self.locations
        return without_credentials(" ".join(named))

    def open(self) -> Sources:
        """Return the images.

        Raises SourceError if there is no such source.
        """
        if self.result is not None:
            return sources_of(self.result, self.settings)
        names = self.listing
        return open_sources(self.locations, self.settings, names.files_from, names.null, names.root)


def images_of(
    kind: type[S],
    named: Sequence[Named],
    given: Mapping[str, Any],
    augment: Spec | None = None,
    listing: FileNames = FileNames(),
) -> Images[S]:
    """Return the images that are named, with settings of a kind; a result's are as they were.

    What is `given`, settings and pipeline, goes before what the result has recorded. A Normalize at
    the end of its pipeline is applied if it was: figures of before and after it are not the same.

    Raises SourceError or DocumentError if a document cannot be read, or names code, which only a
    person may name; or if a result was measured with settings that have no meaning here.
    """
    result = None if listing.files_from is not None else result_of(named)
    if result is None:
        locations = [] if listing.files_from is not None else locations_of(named)
        return Images(None, locations, listing, augment, complete(kind, given))
    own = recorded(result, kind)
    if augment is None and result.pipeline.spec is not None:
        augment = trusted(result.pipeline.spec)
        own["keep_normalize"] = not result.pipeline.before_normalize
    return Images(result, (), listing, augment, _completed(kind, given, own))


def plain_images_of(
    stats: Stats, given: Mapping[str, Any] = MappingProxyType({})
) -> Images[Settings]:
    """Return the images of a result, without its pipeline."""
    return Images(stats, (), FileNames(), None, settings_for(stats, given))


def trusted(spec: str) -> str:
    """Return the pipeline that a document names, unless it is code: nobody here has asked for it.

    Raises SourceError if it is package.module:attribute, which is run only where it is typed.
    Raises SpecError if it is a transform object, which no document holds.
    """
    from bnstat import augment as pipelines

    if pipelines.read(spec).user is not None:
        raise SourceError(
            f"the result was measured through {spec}, which is code, and a document runs none; "
            f"if you trust it, add --augment {spec}"
        )
    return spec


def settings_for(stats: Stats, given: Mapping[str, Any]) -> Settings:
    """Return the settings of a result, with those that are given instead of its own.

    Raises SourceError if its own have no meaning here.
    """
    return _completed(Settings, given, recorded(stats))


def _completed(kind: type[S], given: Mapping[str, Any], own: Mapping[str, Any]) -> S:
    complete(kind, given)  # what is wrong with these is not the result's fault
    if given.get("until") is not None:
        own = {**own, "sample": None}
    try:
        return complete(kind, given, own)
    except ValueError as error:
        raise SourceError(f"cannot measure as the result says it was: {error}") from error


def recorded(stats: Stats, kind: type = Settings) -> dict[str, Any]:
    """Return the settings of a kind that a result has recorded."""
    batchnorm = stats.methods.get("batchnorm")
    replayed = batchnorm if isinstance(batchnorm, BatchNormEstimate) else None
    places: dict[str | None, Any] = {
        "result": stats,
        "source": stats.source,
        "selection": stats.selection,
        "pipeline": stats.pipeline,
        "batchnorm": replayed,
    }
    return {
        name: getattr(places[setting.recorded_in], name)
        for name, setting in settings_of(kind).items()
        if setting.recorded_in in places and places[setting.recorded_in] is not None
    } | _recorded_sampling(stats)


def _recorded_sampling(stats: Stats) -> dict[str, Any]:
    """Return how the same sample is asked for again, and what its margins are made with."""
    sample, uncertainty = stats.sample, stats.uncertainty
    grown = sample is not None and sample.asked.startswith("until")
    again = None if sample is None else str(sample.images) if grown else sample.asked
    if uncertainty is None:
        return {"sample": again}
    confidence = round(100 * uncertainty.confidence, 9)
    return {"sample": again, "confidence": confidence, "cluster": uncertainty.cluster}


def still_holds(stats: Stats, settings: Settings, images: Sources) -> bool:
    """Whether measuring a plain result's images with these settings would give it again.

    Files are looked at, by name, size and time of change; none is opened.
    """
    used: Mapping[str, Any] = settings
    own: Mapping[str, Any] = settings_for(stats, {})
    if any(own[name] != used[name] for name, s in settings_of(Settings).items() if s.recorded_in):
        return False
    return f"{images.fingerprint():064x}" == stats.source.fingerprint


def is_plain_result_of(stats: Stats, location: str) -> bool:
    """Whether a result is of this one source, seen from here, whole and plain."""
    source = stats.source
    if source.dataset is not None:
        return False
    if source.locations != (without_credentials(location),) or source.files_from or source.shards:
        return False
    there = os.path.join(stats.source.cwd, location)
    same = is_url(os.fsencode(location)) or os.path.realpath(there) == os.path.realpath(location)
    return stats.pipeline.spec is None and same
