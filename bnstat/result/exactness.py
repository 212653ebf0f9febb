"""Whether figures are exact, in words."""

from __future__ import annotations

from bnstat.result.stats import Stats


def exactness(stats: Stats) -> str:
    """Say that the figures are exact, or of which draws and which sample they are."""
    causes, said = stats.uncertain_by, []
    if "draws" in causes:
        number = stats.pipeline.epochs
        draws = "one random draw" if number == 1 else f"{number:,} random draws"
        said.append(f"of {draws} of each image, seed {stats.pipeline.seed}")
    if "sample" in causes and stats.sample is not None:
        sample = stats.sample
        said.append(f"of {sample.images:,} of {sample.of:,} images, seed {sample.seed}")
    uncertainty = stats.uncertainty
    if uncertainty is not None and uncertainty.margin is not None:
        widest = max(*uncertainty.margin.mean, *uncertainty.margin.std)
        said.append(f"± {widest:.2g} ({100 * uncertainty.confidence:g} %)")
    return "; ".join(said) or "exact"
