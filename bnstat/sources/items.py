"""What datasets give: items, and the image in each; files of this process's for workers."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.sources.bounds import ReadLimits, UnreadableError
from bnstat.sources.reference import Reference
from bnstat.text import with_article

# Where the image or the label of an item is: a key or a place in it, or what a function returns.
Choice: TypeAlias = str | int | Callable[[Any], Any]

# What the image in a dict is called, in the order in which it is looked for.
IMAGE_KEYS = ("image", "img", "pixel_values")
_MAX_NAMED = 6


class Membership(NamedTuple):
    """The names of the group and of the cluster that an item is of, where they were asked for."""

    group: str | None
    cluster: str | None


class Item(NamedTuple):
    """The image of an item: a PIL image, a tensor (C, H, W) or an array (H, W[, C])."""

    image: Any
    membership: Membership | None = None


class Stack(NamedTuple):
    """Images of one shape and dtype, of shape (N, C, H, W), and what each is a member of."""

    images: NDArray[Any]
    memberships: Sequence[Membership] = ()


class Items:
    """Gives the items that references stand for; it is sent to workers.

    random: whether an item may be another one in each epoch; bytes_held: what an item takes in
    memory before it is asked for; images_in_chunk, last: a chunk ends after so many images, and
    after the one of this key.
    """

    random: bool = False
    bytes_held: int = 0
    images_in_chunk: int = 0
    last: bytes = b""
    unpacked = False

    def item(self, reference: Reference, epoch: int) -> Item:
        raise NotImplementedError

    def stack(self, chunk: Sequence[Reference]) -> Stack | None:
        """Return the images of a chunk as one array; None where they come one by one."""
        return None

    def release(self) -> None:
        """Give back the memory that holds what was read of a mapped file."""

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        """Raise: an item has no bytes of a file."""
        raise UnreadableError("is an item of a dataset, and no file")


@dataclass(frozen=True)
class ItemReader:
    """Finds the image in an item, and what it is a member of.

    image, group, cluster: where they are; None is the first image, and no group or cluster;
    classes: names of groups that are numbers.
    """

    image: Choice | None = None
    group: Choice | None = None
    classes: tuple[str, ...] | None = None
    cluster: Choice | None = None

    def read(self, item: Any) -> Item:
        """Return the image of an item, and what it is a member of.

        Raise UnreadableError if it has no such image, group or cluster.
        """
        image = _image_in(item, self.image, is_image)
        if self.group is None and self.cluster is None:
            return Item(image)
        group = None if self.group is None else _name(_chosen(item, self.group), self.classes)
        cluster = None if self.cluster is None else _name(_chosen(item, self.cluster))
        return Item(image, Membership(group, cluster))

    def read_batch(self, batch: Any) -> tuple[Any, list[Membership]]:
        """Return the images of a batch, an array or a list, and what each is a member of."""
        images = _image_in(batch, self.image, is_batch)
        if self.group is None and self.cluster is None:
            return images, []
        groups = self._names(batch, self.group, len(images), self.classes)
        clusters = self._names(batch, self.cluster, len(images))
        return images, list(map(Membership, groups, clusters))

    def _names(
        self, batch: Any, choice: Choice | None, images: int, classes: Sequence[str] | None = None
    ) -> list[str | None]:
        if choice is None:
            return [None] * images
        labels = _chosen(batch, choice)
        if len(labels) != images:
            raise UnreadableError(f"has {images} images and {len(labels)} labels")
        return [_name(label, classes) for label in labels]


def items_of(chunk: Sequence[Reference]) -> Items | None:
    """Return what gives the items of a chunk, if it is one thing for all of them."""
    items = chunk[0].content if chunk else None
    if isinstance(items, Items) and all(reference.content is items for reference in chunk):
        return items
    return None


def is_image(value: Any) -> bool:
    """Whether a value can be an image: PIL's, or an array or tensor of two or three dimensions."""
    return isinstance(value, Image.Image) or _dimensions(value) in (2, 3)


def is_batch(value: Any) -> bool:
    """Whether a value can be a batch: a tensor (N, C, H, W), an array (N, H, W[, C]), a list."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(is_image, value))
    return _dimensions(value) in (3, 4)


def as_array(value: Any) -> NDArray[Any]:
    """Return an array or a tensor, wherever it is, as an array; numpy has no bfloat16."""
    if not hasattr(value, "detach"):
        return np.asarray(value)
    import torch

    tensor = value.detach().cpu()
    return np.asarray(tensor.float() if tensor.dtype == torch.bfloat16 else tensor)


def described(value: Any) -> str:
    """Return, in words, what a value is: its type, and its keys or its shape.

    >>> described({"name": "a.jpg", "label": 3})
    'a dict with name (str), label (int)'
    >>> described((np.zeros((2, 3)), 1))
    'a tuple of ndarray of shape (2, 3), int'
    """
    match value:
        case Mapping():
            parts = [f"{key} ({_kind(each)})" for key, each in value.items()] or ["no keys"]
        case list() | tuple():
            parts = [*map(_kind, value)] or ["nothing"]
        case _:
            return with_article(_kind(value))
    listed = ", ".join(parts[:_MAX_NAMED]) + ", ..." * (len(parts) > _MAX_NAMED)
    joint = "with" if isinstance(value, Mapping) else "of"
    return with_article(f"{type(value).__name__} {joint} {listed}")


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ + ("" if shape is None else f" of shape {tuple(shape)}")


def _dimensions(value: Any) -> int:
    """Return the dimensions of an array or a tensor; 0 of anything else."""
    if isinstance(value, np.ndarray) or hasattr(value, "detach") or hasattr(value, "__array__"):
        return len(getattr(value, "shape", ()))
    return 0


def _image_in(item: Any, choice: Choice | None, fits: Callable[[Any], bool]) -> Any:
    found = item if choice is None else _chosen(item, choice)
    if fits(found):
        return found
    if choice is None and isinstance(item, Mapping):
        named = [item[key] for key in IMAGE_KEYS if key in item]
        candidates = named[:1] or [value for value in item.values() if fits(value)]
        if len(candidates) == 1 and fits(candidates[0]):
            return candidates[0]
    if choice is None and isinstance(item, list | tuple) and item and fits(item[0]):
        return item[0]
    where = "" if choice is None or callable(choice) else f" at {choice!r}"
    raise UnreadableError(f"is {described(found)}{where}, in which no image is found")


def _name(label: Any, classes: Sequence[str] | None = None) -> str:
    """Return a label as text, by the name of its class where it is the number of one."""
    value: Any = label.item() if getattr(label, "ndim", None) == 0 else label
    named = isinstance(value, int) and 0 <= value < len(classes or ())
    return classes[value] if classes and named else str(value)


def _chosen(item: Any, choice: Choice) -> Any:
    """Return what a function returns of an item, or what is at a key or a place in it."""
    if callable(choice):
        return choice(item)
    try:
        return item[choice]
    except (KeyError, IndexError, TypeError) as error:
        raise UnreadableError(f"is {described(item)}, which has nothing at {choice!r}") from error


def open_shared(owner: object) -> tuple[IO[bytes], str]:
    """Open an empty file, which is closed with its owner; return it, and where workers find it."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("bnstat"), "w+b")
        path = f"/proc/{os.getpid()}/fd/{file.fileno()}"
    else:
        file = cast(IO[bytes], tempfile.NamedTemporaryFile())  # noqa: SIM115 (closed with its owner)
        path = file.name
    weakref.finalize(owner, file.close)
    return file, path


class ItemSource:
    """What else the sources of items offer, which are no files.

    random: whether items are drawn at random; several_passes: whether the images are those of
    several passes over the items; problem: why it cannot go to workers, or ""; first: how many
    items are measured, of what may have more; None is all.
    """

    skipped = 0
    ordered = True
    random: bool = False
    several_passes: bool = False
    problem: str = ""
    first: int | None = None

    def send(self, *, costly: bool) -> bool:
        """Put the items where workers find them; return whether workers can measure them."""
        return False
