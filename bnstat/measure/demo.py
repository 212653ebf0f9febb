"""The images of `bnstat demo`: a small folder of photo-like images, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIZES = ((320, 240), (240, 320), (256, 256), (400, 225))
_IMAGES_A_CLASS = 24

# Mean and contrast of the light, per channel, of a class.
_LIGHT = {
    "day": ((0.55, 0.60, 0.68), 0.22),
    "night": ((0.16, 0.14, 0.20), 0.12),
}


def write_demo_images(folder: Path) -> None:
    """Draw two classes with different light into `folder`.

    JPEG and PNG in several sizes, among them an 8-bit gray image, a 16-bit gray one, and one that
    is broken on purpose. Files of the same names are replaced.
    """
    rng = np.random.default_rng(21)
    for name, (light, contrast) in _LIGHT.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(_IMAGES_A_CLASS):
            image = _photo(rng, _SIZES[i % len(_SIZES)], light, contrast)
            suffix = "png" if i % 4 == 3 else "jpg"
            image.save(folder / name / f"{i:02}.{suffix}", quality=90)
    gray = _photo(rng, _SIZES[0], *_LIGHT["night"]).convert("L")
    gray.save(folder / "night" / "gray.png")
    deep = np.asarray(gray, dtype=np.uint16) * 257 + rng.integers(0, 200, gray.size[::-1])
    Image.fromarray(deep.clip(0, 65535).astype(np.uint16)).save(folder / "night" / "sixteen.png")
    whole = (folder / "day" / "00.jpg").read_bytes()
    (folder / "day" / "broken.jpg").write_bytes(whole[: len(whole) // 2])


def _photo(
    rng: np.random.Generator,
    size: tuple[int, int],
    light: tuple[float, float, float],
    contrast: float,
) -> Image.Image:
    width, height = size
    pixels = np.array(light) + rng.normal(0, contrast / 2, 3)
    for cells, share in ((3, 0.8), (12, 0.4), (48, 0.2)):
        pixels = pixels + contrast * share * _soft(rng, cells, size)
    pixels = pixels + rng.normal(0, 0.01, (height, width, 1))
    return Image.fromarray((255 * pixels.clip(0, 1)).round().astype(np.uint8))


def _soft(rng: np.random.Generator, cells: int, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return smooth noise of shape (height, width, 3): a coarse grid, enlarged."""
    grids = rng.normal(0, 1, (3, cells, cells)).astype(np.float32)
    planes = [Image.fromarray(g).resize(size, Image.Resampling.BICUBIC) for g in grids]
    return np.stack([np.asarray(plane, dtype=np.float64) for plane in planes], axis=2)
