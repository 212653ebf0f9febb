"""Datasets that workers can import: what gives the items of the tests."""

import random

import numpy as np
import torch
from PIL import Image
from torch.utils.data import IterableDataset
from torchvision import tv_tensors


def pixels(number, channels=3, size=(12, 9)):
    """Return the uint8 pixels of an item, (H, W, C)."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (*size, channels), dtype=np.uint8)


class Pictures:
    """Items of many forms, each with the label of its number."""

    classes = ("cat", "dog")

    def __init__(self, number, form="pil"):
        self.number, self.form = number, form

    def __len__(self):
        return self.number

    def __getitem__(self, index):
        if not 0 <= index < self.number:
            raise IndexError(index)
        return FORMS[self.form](pixels(index)), index % 2


def _tensor(array):
    return torch.from_numpy(np.moveaxis(array, -1, 0).copy())


FORMS = {
    "pil": Image.fromarray,
    "array": lambda array: array,
    "gray": lambda array: array[..., 0],
    "tensor": _tensor,
    "tv": lambda array: tv_tensors.Image(_tensor(array)),
    "16 bits": lambda array: array.astype(np.uint16) * 257,
    "float": lambda array: _tensor(array).float() / 255,
    "float64": lambda array: array / 255,
}


class Keyed(Pictures):
    """Items as dicts."""

    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return {"name": str(index), "picture": image, "label": label}


class Flipping(Pictures):
    """Items that are turned at random, by each of the generators in turn."""

    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        draw = (torch.rand(1).item(), np.random.rand(), random.random())[index % 3]
        return image.rotate(int(draw * 4) * 90, expand=False, fillcolor=(0, 0, 0)), label


class Failing(Pictures):
    """Every third item raises."""

    def __getitem__(self, index):
        if index % 3 == 0:
            raise KeyError(f"no {index}")
        return super().__getitem__(index)


class Killing(Pictures):
    """Item 3 ends its process."""

    def __getitem__(self, index):
        if index == 3:
            import os

            os.kill(os.getpid(), 9)
        return super().__getitem__(index)


class Streaming(IterableDataset):
    """Items one after the other, all in the same memory."""

    def __init__(self, number):
        self.number = number

    def __iter__(self):
        buffer = np.zeros((12, 9, 3), np.uint8)
        for index in range(self.number):
            buffer[:] = pixels(index)
            yield buffer, index % 2


class Lying(Pictures):
    """It says that it has two more items than it has."""

    def __len__(self):
        return self.number + 2


def joined(number, channels=slice(None)):
    """Return the samples of so many items, int64 of (C, samples)."""
    arrays = [pixels(index)[..., channels].reshape(12 * 9, -1) for index in range(number)]
    return np.concatenate(arrays).T.astype(np.int64)
