"""Where figures come from, as text that goes into files."""

from __future__ import annotations

from bnstat.result import EXACT, Stats, exactness
from bnstat.text import printable


def provenance(stats: Stats, method: str) -> dict[str, str]:
    """Say where figures come from, as printable text by name."""
    facts = {
        "source": _shortened(" ".join(stats.source.locations)),
        "pipeline": " | ".join(stats.pipeline.transforms),
        "images": str(stats.source.images),
        "mode": stats.mode,
        "method": method,
        "bnstat": stats.bnstat,
        "created": stats.created,
    }
    if stats.selection.words:
        facts["pixels"] = stats.selection.words
    if not stats.is_exact:
        facts["figures"] = exactness(stats)
    return {name: printable(fact) for name, fact in facts.items()}


def provenance_line(stats: Stats, method: str) -> str:
    """Say in one line where figures come from: source, number of images, method and date."""
    facts = provenance(stats, method)
    exact = f" ({exactness(stats)})" if method == EXACT or not stats.is_exact else ""
    through = f" through {facts['pipeline']}" if facts["pipeline"] else ""
    pixels = f", {facts['pixels']}" if "pixels" in facts else ""
    return (
        f"{facts['source']}{through}: {_images(stats)}, mode {facts['mode']}{pixels}, "
        f"{method}{exact}, by bnstat {facts['bnstat']}, {facts['created']}"
    )


def _images(stats: Stats) -> str:
    """Return how many images were measured, if of a sample, of how many."""
    sample = stats.sample
    of = f" of {sample.of:,}" if sample is not None and sample.images < sample.of else ""
    return f"{stats.source.images:,}{of} images"


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
