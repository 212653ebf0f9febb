"""What should be known of the inputs before the figures are trusted: warnings, each with a code.

A new one is a row of `CODES`, a text in tests/docs/inputs.py, which makes docs/inputs.md, and a
function: here where a result tells it by itself, in `measure.input_warnings` where it shows only
while images are measured.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from bnstat.result.inputs import Pipeline, Selection, Source
from bnstat.text import pluralize, printable

# Codes that `warnings_of` yields.
_SHOWN_BY_RESULTS = {
    *("deep", "transparent", "service-folders", "mixed-floats", "replaced", "not-replaced"),
    *("mixed-edges", "links", "inner-links", "link-not-followed", "pillow", "pipeline"),
}
_IN_ALL = re.compile(r"\b([0-9,]+)(?= in all\b)")


class Code(NamedTuple):
    """The setting that answers a warning when it is given.

    noted, advice: of one that is noted of single images, what these are, and what can be done.
    """

    answer: str | None = None
    noted: str = ""
    advice: str = ""


CODES: Mapping[str, Code] = {
    "deep": Code("mode"),
    "transparent": Code("alpha"),
    "nodata": Code(
        "nodata",
        "with samples that the file declares as no data, which counted",
        "--nodata auto leaves them out",
    ),
    "mask-ignored": Code(
        "nodata", "with a mask of its own that is not applied", "--nodata auto applies it"
    ),
    "float-outlier": Code(
        "nodata", "with a float value far from all others", "--nodata VALUE leaves it out"
    ),
    "alpha-band": Code(
        None,
        "with a band taken as alpha",
        "if that is no alpha, leave out --nodata auto and --alpha exclude",
    ),
    "palette-indices": Code(
        None, "whose samples are indices of colors", "--mode RGB measures the colors"
    ),
    "scaled": Code(
        "unscale",
        "that declare a scale and an offset, which are not applied",
        "--mode bands --unscale applies them",
    ),
    "scales-differ": Code(
        "unscale",
        "that declare different scales and offsets: the figures mix units",
        "--mode bands --unscale applies them",
    ),
    "bands": Code("mode", "of more bands than are read", "--mode bands reads all"),
    "frames": Code(
        "frames", "of several frames", "--frames all measures all, not the first of each alone"
    ),
    "pages": Code(None, "of several pages", "--mode bands reads the first of each alone"),
    "truncated": Code("truncated", "that are cut off", "measured as far as they could be read"),
    "orientation": Code(
        None,
        "with masks and an EXIF orientation, which is not applied",
        "their masks must be stored as they are, not as they are shown",
    ),
    "lossy-masks": Code(
        "mask_values",
        "whose masks are JPEG files, in which values change beside edges",
        "store masks as PNG",
    ),
    "service-folders": Code(),
    "mixed-floats": Code(),
    "replaced": Code(),
    "not-replaced": Code(),
    "label-images": Code("include"),
    "all-gray": Code("mode"),
    "fewer-bits": Code("max_value"),
    "pipeline-unit": Code(),
    "until-not-reached": Code(),
    "mixed-edges": Code(),
    "links": Code("include"),
    "inner-links": Code(),
    "image-suffixes": Code("include"),
    "look-alikes": Code("cluster"),
    "link-not-followed": Code(),
    "pillow": Code(),
    "pipeline": Code(),
}


@dataclass(frozen=True)
class InputWarning:
    """A warning: its code; a sentence, which begins with the number of images if it has one."""

    code: str
    text: str
    images: int


def warnings_of(source: Source, selection: Selection, pipeline: Pipeline) -> Iterator[InputWarning]:
    """Yield the warnings that a result shows by itself."""
    yield from _of_samples(source, selection, pipeline)
    yield from _of_folders(source)
    yield from _of_names(source)
    yield from _mixed(selection, pipeline)
    if source.warnings.first:
        first = source.warnings.first[0]
        yield InputWarning(
            "pillow",
            f"Pillow warned of {pluralize(source.warnings.images, 'image')}, such as "
            f"{printable(first.image)}: {printable(first.warning)}",
            source.warnings.images,
        )
    for warning in pipeline.warnings:
        text = f"making the pipeline gave a warning: {printable(warning)}"
        yield InputWarning("pipeline", text, 0)


def _of_samples(source: Source, selection: Selection, pipeline: Pipeline) -> Iterator[InputWarning]:
    if deep := source.deeper_than_8_bits:
        done = "rounded to 8 bits for the pipeline" if pipeline.transforms else "kept in full"
        yield InputWarning(
            "deep",
            f"{pluralize(deep, 'image')} deeper than 8 bits: gray was {done}, color is read at 8 "
            "bits (--mode bands reads all); torchvision's ImageFolder would clip them",
            deep,
        )
    if selection.alpha == "drop" and selection.transparent:
        yield InputWarning(
            "transparent",
            f"{pluralize(selection.transparent, 'image')} with transparent pixels, whose hidden "
            "colors counted; --alpha exclude leaves them out",
            selection.transparent,
        )
    if source.floats:
        yield InputWarning(
            "mixed-floats",
            f"{pluralize(source.floats.images, 'image')} of float samples beyond [0, 1], such as "
            f"{printable(source.floats.first)}, mixed with images of integers in [0, 1]",
            source.floats.images,
        )


def _of_folders(source: Source) -> Iterator[InputWarning]:
    if folders := dict(source.service_folders):
        number = pluralize(sum(folders.values()), "folder")
        named = printable(", ".join(folders))
        yield InputWarning(
            "service-folders", f"{number} of thumbnails or deleted files skipped: {named}", 0
        )
    for link in source.unfollowed_links:
        yield InputWarning(
            "link-not-followed",
            f"not followed: {printable(link)} is a link to a folder that contains the source or is "
            "the system's (--follow-links follows it)",
            0,
        )


def _of_names(source: Source) -> Iterator[InputWarning]:
    """Yield warnings of images that come again, or are there under several names."""
    if source.replaced:
        stand = "stands" if source.replaced == 1 else "stand"
        images = pluralize(source.replaced, "image")
        text = f"{images} of archives {stand} there again later: the last counted"
        yield InputWarning("replaced", text, source.replaced)
    if source.not_replaced:
        yield InputWarning(
            "not-replaced",
            f"{pluralize(source.not_replaced, 'image')} came again in archives that are read as a "
            "stream: the first counted; in a plain .tar or a .zip on a disk the last does",
            source.not_replaced,
        )
    if source.links:
        images = pluralize(source.links, "image")
        is_are = "is a link to another" if source.links == 1 else "are links to others"
        yield InputWarning("links", f"{images} {is_are}; each name counts", source.links)
    if source.inner_links:
        number = pluralize(source.inner_links, "link")
        yield InputWarning(
            "inner-links",
            f"{number} to folders of the source not followed: their images count by the folders' "
            "own names",
            0,
        )


def _mixed(selection: Selection, pipeline: Pipeline) -> Iterator[InputWarning]:
    """Yield a warning if pixels that were left out are in samples beside them."""
    by_value = selection.alpha == "exclude" or selection.nodata is not None
    if by_value and any(selection.excluded) and pipeline.mixing:
        named = ", ".join(map(printable, pipeline.mixing))
        yield InputWarning(
            "mixed-edges", f"{named} mixed pixels that were left out into those beside them", 0
        )


def noted_warning(code: str, images: int, first: str, text: str, number: int) -> InputWarning:
    """Return the warning of so many images, with what is noted of the first."""
    known, example = CODES[code], f"{first} ({text})" if text else first
    in_all = f", {number:,} in all" if number else ""
    images_noted = f"{pluralize(images, 'image')} {known.noted}{in_all}"
    return InputWarning(code, f"{images_noted}, such as {example}; {known.advice}", images)


def unanswered(
    warnings: Iterable[InputWarning], given: Collection[str]
) -> tuple[InputWarning, ...]:
    """Return the warnings but for those that a setting which was given answers."""
    return tuple(warning for warning in warnings if CODES[warning.code].answer not in given)


def merged_warnings(
    results: Iterable[Iterable[InputWarning]], whole: Iterable[InputWarning]
) -> tuple[InputWarning, ...]:
    """Return the warnings of results of disjoint images together.

    `whole` are those that the merged result shows by itself; they are told again if any part told
    them. The images of others add up.
    """
    told: dict[str, list[InputWarning]] = {}
    for warning in (warning for warnings in results for warning in warnings):
        told.setdefault(warning.code, []).append(warning)
    others = told.keys() - _SHOWN_BY_RESULTS
    shown = [warning for warning in whole if warning.code in told]
    return (*shown, *(_added(told[code]) for code in sorted(others)))


def _added(warnings: list[InputWarning]) -> InputWarning:
    first, images = warnings[0], sum(warning.images for warning in warnings)
    text = first.text.replace(f"{first.images:,}", f"{images:,}", 1)
    counted = [int(n[1].replace(",", "")) for w in warnings if (n := _IN_ALL.search(w.text))]
    return replace(first, text=_IN_ALL.sub(f"{sum(counted):,}", text, count=1), images=images)
