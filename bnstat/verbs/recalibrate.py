"""The running statistics of a model's BatchNorm layers, measured on images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from bnstat import augment as pipelines
from bnstat import files
from bnstat.augment import Draws, ParsedPipeline, Spec
from bnstat.decode.modes import BANDS
from bnstat.decode.selection import conditions
from bnstat.errors import MeasureError, ModelError, SourceError
from bnstat.models.fixed_point import PassDone
from bnstat.models.model_input import Drawing, Normalization
from bnstat.models.model_spec import SAFETENSORS, ModelSpec
from bnstat.models.recalibration import ModelImages, recalibrate_files, recalibrate_object
from bnstat.result import Stats
from bnstat.result.running_statistics import Recalibration
from bnstat.settings import RecalibrateSettings, check_until, takes_settings
from bnstat.show.constants import Constants
from bnstat.sources.opening import limits_of
from bnstat.verbs.resolve import DOCUMENT, FileNames, Images, Named, figures_of, flat, images_of

if TYPE_CHECKING:
    from torch import nn


# What stands for no constants, where it is asked for.
NONE = "none"


@takes_settings(RecalibrateSettings)
def recalibrate(
    model: str | nn.Module,
    source: Named | Iterable[Named] = DOCUMENT,
    *,
    output: str | os.PathLike[str] | None = None,
    weights: str | os.PathLike[str] | None = None,
    augment: Spec | None = None,
    stats: Stats | str | os.PathLike[str] | None = None,
    check: bool = False,
    files_from: str | os.PathLike[str] | None = None,
    null: bool = False,
    root: str | os.PathLike[str] | None = None,
    on_pass: Callable[[PassDone], None] | None = None,
    **settings: Unpack[RecalibrateSettings],
) -> Recalibration:
    """Measure the running statistics of a model's BatchNorm layers on images.

    Each layer gets the mean and the unbiased variance of all samples that it is given in eval mode,
    pooled over all images in float64. As that depends on the layers in front of it, passes over the
    images are repeated until nothing moves.

    Parameters
    ----------
    model
        torchvision:NAME, timm:NAME or package.module:attribute, of images (N, C, H, W); or an
        nn.Module, whose running statistics are then replaced. That is run in this process, on the
        device where it is.
    source
        A folder or file, or several; a dataset or a DataLoader; or a result or its document
        (.json), whose images are then used, drawn as they were.
    output
        Where to write: the file of weights with other running statistics, and nothing else changed.
    weights
        A .pt, .pth or .safetensors file with the model's state_dict. Only a model of the user's own
        code needs none.
    augment
        A pipeline that the images go through, as in `compute`.
    stats
        What the images are normalized with: a result, its document, or constants as `compare` takes
        them; "none" for images in [0, 1], or as the pipeline leaves them. Only a pipeline with a
        Normalize needs none.
    check
        Make one pass, and change nothing.
    files_from, null, root
        As in `compute`.
    on_pass
        Called after each pass.
    settings
        How images are measured; each is listed below.

    Returns
    -------
    Recalibration
        How far the statistics that the model had are from those measured, by layer.

    Raises
    ------
    ModelError
        If the model cannot be loaded or run, or has no BatchNorm layer.
    SourceError, DocumentError
        If there are no such images or constants.
    MeasureError
        If all images failed, or, with `fail_fast`, one did.
    OutputError
        If it cannot be written; what is there stays as it was.
    """
    listing = FileNames(files_from, null, root)
    named = images_of(RecalibrateSettings, flat([source]), settings, augment, listing)
    images = _model_images(named, stats)
    if not isinstance(model, str):
        if weights is not None or output is not None:
            raise ValueError("a model that is passed as an object has no files; save it yourself")
        return recalibrate_object(model, images, check, on_pass)
    if output is None and not check:
        raise ValueError("name an output, or check the model alone")
    spec = ModelSpec(model, None if weights is None else Path(weights))
    path = None if check or output is None else Path(output)
    if path is not None:
        _check_output(path, spec.weights)
    try:
        return recalibrate_files(spec, images, path, on_pass)
    finally:
        ModelSpec.forget()


def _model_images(named: Images[RecalibrateSettings], stats: Named | None) -> ModelImages:
    """Return images as a model is given them: through all of the pipeline, its Normalize too.

    Raises SourceError or DocumentError or SpecError if there are no such images, constants or
    pipeline, or images would not be normalized.
    """
    used = named.settings
    check_until({"until": used["until"], "model": True})
    if used["mode"] == BANDS:
        raise MeasureError("a model is given decoded images here, not the bands of rasters")
    pixels = conditions(used)
    if pixels.excludes:
        raise MeasureError("a model sees all pixels of an image; leave out the selection of pixels")
    pipeline = None if named.augment is None else pipelines.read(named.augment, keep_normalize=True)
    normalization, described = _normalization(pipeline, stats)
    sources = named.open()
    epochs = used["epochs"] if sources.random and not sources.several_passes else 1
    drawing = Drawing(
        used["mode"], limits_of(used), _draws(pipeline, used), pixels, epochs, used["max_value"]
    )
    return ModelImages(sources, used, drawing, normalization, described)


def _draws(pipeline: ParsedPipeline | None, settings: RecalibrateSettings) -> Draws | None:
    if pipeline is None:
        return None
    warned = pipeline.check()  # before any image is read
    return Draws(pipeline, settings["seed"], settings["epochs"], warnings=warned)


def _normalization(
    pipeline: ParsedPipeline | None, stats: Named | None
) -> tuple[Normalization, str]:
    """Return what images are normalized with, and that in a few words.

    Raises SourceError if that is nothing, and it was not asked for, or is done twice.
    """
    twice = pipeline is not None and pipeline.normalizes
    if stats is None and twice:
        return Normalization(None, None), "normalized by the pipeline"
    if stats is None:
        raise SourceError(
            "nothing normalizes the model's input: name what it was trained with, --stats imagenet "
            "or --stats bnstat.json, or --stats none"
        )
    if stats == NONE:
        return Normalization(None, None), "not normalized"
    if twice:
        raise SourceError("the pipeline has a Normalize; leave out --stats, or that")
    found = figures_of(stats)
    name = found.name if isinstance(found, Constants) else "a result"
    described = stats if isinstance(stats, str) else name
    exact = found if isinstance(found, Constants) else found.exact
    return Normalization(exact.mean, exact.std), f"normalized with {described}"


def _check_output(output: Path, weights: Path | None) -> None:
    """Find out before the work that an output cannot be written.

    Raises ModelError if it has another format than the weights. Raises OutputError if it is the
    file of weights, or cannot be written.
    """
    files.check_distinct([("the output", str(output))], [("the weights", str(weights or ""))])
    files.check_writable(output)
    formats = [path is not None and path.suffix == SAFETENSORS for path in (weights, output)]
    if weights is not None and formats[0] != formats[1]:
        raise ModelError(f"{output} would be of another format than {weights}; name it alike")
