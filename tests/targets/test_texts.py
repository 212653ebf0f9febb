"""The text of every form, letter by letter, for channels of unequal figures.

`python tests/targets/test_texts.py` writes the texts anew.
"""

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import bnstat
from bnstat.errors import ExportError
from bnstat.result import Estimate
from bnstat.targets import TARGETS

TEXTS = Path(__file__).parent / "texts"
FORMS = [name for name, target in TARGETS.items() if not target.binary]
MEAN, STD = (0.485, 0.456, 0.406, 0.25), (0.5, 0.25, 0.2, 0.125)
# None of them square, and of two sides that no other number here is.
PIPELINES = {
    "": (),
    "cropped": (
        "Resize(size=256, interpolation=InterpolationMode.BICUBIC)",
        "CenterCrop(size=[224, 192])",
    ),
    "squashed": ("Resize(size=[160, 320])",),
}


def result(mode, pipeline=""):
    """Return a result with such figures and an origin that says nothing of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        image = Image.new(mode, (3, 2))
        image.save(f"{folder}/0.png")
        measured = bnstat.compute(folder, mode=mode, workers=1)
    channels = len(image.getbands())
    figures = Estimate(MEAN[:channels], tuple(std**2 for std in STD[:channels]))
    return replace(
        measured,
        methods=measured.methods | {"two-pass": figures},
        source=replace(measured.source, locations=("photos",), images=1000),
        pipeline=replace(measured.pipeline, transforms=PIPELINES[pipeline]),
        created="2026-01-01T00:00:00Z",
        bnstat="0.3.0",
        count=(6000,) * channels,
    )


def variants(target):
    """Yield the ways in which a form can be written, with the words that name them."""
    options = [{}, *({name: True} for name in target.variants)]
    if "absorb_eps" in target.options:
        options.append({"absorb_eps": 1e-3})
    pipelines = PIPELINES if target.name in ("hf", "timm", "open_clip") else [""]
    for mode in ("RGB", "L", "RGBA"):
        for scale, order in itertools.product(target.scales, target.orders or [None]):
            for option, pipeline in itertools.product(options, pipelines):
                words = [mode, f"0-{scale}", order or "", *map(str, option.items()), pipeline]
                yield " ".join(filter(None, words)), mode, pipeline, scale, order, option


def texts(target, results):
    """Return a form's text in all ways, or what it says where it cannot be written so."""
    parts = []
    for title, mode, pipeline, scale, order, option in variants(target):
        try:
            figures = target.figures(results[mode, pipeline], scale=scale, order=order)
            text = target.render(figures, **option).decode()
        except ExportError as error:
            text = f"refused: {error}\n"
        parts.append(f"======== {title}\n{text}")
    return "".join(parts)


def all_results():
    return {(m, p): result(m, p) for m in ("RGB", "L", "RGBA") for p in PIPELINES}


@pytest.fixture(scope="module")
def results():
    return all_results()


@pytest.mark.parametrize("name", FORMS)
def test_the_text_is_that_of_the_file(name, results):
    """A change of a letter is a change of what somebody pastes."""
    assert (TEXTS / f"{name}.txt").read_text() == texts(TARGETS[name], results)


def test_every_file_belongs_to_a_form():
    """None is left of a form that is gone."""
    assert {path.stem for path in TEXTS.iterdir()} == set(FORMS)


if __name__ == "__main__":
    TEXTS.mkdir(exist_ok=True)
    for form in FORMS:
        (TEXTS / f"{form}.txt").write_text(texts(TARGETS[form], all_results()))
