"""Figures put into the text of a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bnstat.targets import templates
from bnstat.targets.figures import Figures
from bnstat.targets.literals import json_file

Field = Callable[[Figures], object]


def _as_loaded(figures: Figures) -> str:
    """Say which images OpenCV loads, and in which order the figures are."""
    if len(figures.channels) == 1:
        return "gray images"
    order = ", ".join(figures.channels) + ", after swapRB" * (figures.order == "rgb")
    return f"BGR images, as cv2.imread loads them; the figures are {order}"


FIELDS: dict[str, Field] = {
    "comment": lambda f: f.comment,
    "origin": lambda f: f.origin,
    "channels": lambda f: len(f.channels),
    "range": lambda f: f"in [0, {f.scale}]" if f.in_unit else "as they are",
    "span": lambda f: f"in 0-{f.scale}" if f.in_unit else "as they are",
    "mean": lambda f: f.text(f.mean),
    "std": lambda f: f.text(f.nonzero_std),
    "var": lambda f: f.text(f.var),
    # Without brackets.
    "means": lambda f: f.text(f.mean)[1:-1],
    "factors": lambda f: f.text([1 / std for std in f.nonzero_std])[1:-1],
    # coreml adds it, so it is less the mean.
    "bias": lambda f: f.text([-mean for mean in f.numbers(f.mean)]),
    # What albumentations multiplies mean and std by.
    "largest": lambda f: f.largest,
    # Whether red and blue of images in BGR are swapped.
    "swapped": lambda f: f.order == "rgb" and len(f.channels) > 1,
    # What torchvision, openvino, coreml, detectron2 and OpenCV say of the images.
    "to_unit": lambda f: ", scale=True" if f.in_unit and f.scale == 1 else "",
    "element_type": lambda f: "u8" if f.in_unit and f.scale == 255 else "f32",
    "color_layout": lambda f: "GRAYSCALE" if len(f.channels) == 1 else f.order.upper(),
    "mode": lambda f: f.order.upper() if len(f.channels) > 1 else "L",
    "as_loaded": _as_loaded,
    # A scalar of OpenCV has four values.
    "to_scalar": lambda f: ", 0.0" * (4 - len(f.channels)),
}


class _Filled(dict[str, object]):
    """The fields of a template; each is made when it is asked for, as a std of 0 is refused."""

    def __init__(self, figures: Figures, others: Mapping[str, object]) -> None:
        super().__init__(others)
        self.figures = figures

    def __missing__(self, name: str) -> object:
        return FIELDS[name](self.figures)


def fill(template: str, figures: Figures, **others: object) -> bytes:
    """Return a template with its fields, and others of its own, as UTF-8."""
    return template.format_map(_Filled(figures, others)).encode()


def snippet(template: str) -> Callable[[Figures], bytes]:
    """Return what renders a template that has no options."""
    return lambda figures: fill(template, figures)


def flax(figures: Figures, *, absorb_eps: float | None = None) -> bytes:
    """Return a snippet that runs as pasted; `absorb_eps` is taken off the variance."""
    return fill(templates.FLAX, figures, stored_var=figures.text(figures.var_less(absorb_eps)))


def albumentations(figures: Figures, *, serialized: bool = False) -> bytes:
    """Return a snippet that runs as pasted, or the dictionary that `A.from_dict` reads, as JSON."""
    if not serialized:
        return fill(templates.ALBUMENTATIONS, figures)
    transform = {
        "__class_fullname__": "Normalize",
        "mean": figures.numbers(figures.mean),
        "std": figures.numbers(figures.nonzero_std),
        "max_pixel_value": FIELDS["largest"](figures),
        "normalization": "standard",
        "p": 1.0,
    }
    return json_file({"transform": transform, "bnstat": figures.provenance})
