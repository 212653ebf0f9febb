"""Draw the pictures of README and pages into docs/_static: `python docs/pictures.py [PHOTOS]`.

They are of generated images, but for that of sampling.md, which is of the folder PHOTOS and stays
as it is where none is given.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from terminal_picture import screen

import bnstat
from bnstat.measure.demo import write_demo_images
from bnstat.pictures import LIGHT

STATIC = Path(__file__).parent / "_static"


def main() -> None:
    """Draw all pictures, or those that need no photographs."""
    with rc_context({"svg.hashsalt": "bnstat", "svg.fonttype": "none", "font.size": 9}):
        draw_selection(STATIC / "selection.svg")
    for name, picture in screens():
        (STATIC / f"{name}.svg").write_text(picture)
    draw_groups(STATIC / "groups.svg")
    if len(sys.argv) > 1:
        draw_margins(Path(sys.argv[1]), STATIC / "margin.svg")


# What each picture of a terminal shows; the commands run one after the other.
SCREENS = {
    "first-screen": "bnstat compute images",
    "compare-imagenet": "bnstat compare --to imagenet",
    "compare-pipeline": "bnstat compare --augment imagenet-train --epochs 2 --max-failures 1",
    "compare-colorjitter": "bnstat compare --augment colorjitter --max-failures 1",
    "sweep": "bnstat sweep images --max-failures 1",
    "explain": "bnstat explain imagenet images --max-failures 1",
    "outliers": "bnstat outliers images --by folder",
    "duplicates": "bnstat duplicates images/night test",
    "recalibrate": "bnstat recalibrate net:make images/day --stats bnstat.json --check",
    "help": "bnstat compute --help",
}
_NET = """
import torch

def make():
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(3, 8, 3, bias=False)
    return torch.nn.Sequential(convolution, torch.nn.BatchNorm2d(8), torch.nn.ReLU())
"""


@contextmanager
def demo_folder() -> Iterator[Path]:
    """Give a folder with the demo's images, a model, and a second set with one of the images."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_demo_images(folder / "images")
        (folder / "net.py").write_text(_NET)
        (folder / "test").mkdir()
        shutil.copy(folder / "images/night/03.png", folder / "test/renamed.png")
        yield folder


def screens() -> Iterator[tuple[str, str]]:
    """Yield each picture of a terminal, by name: runs over the demo's images, in one folder."""
    with demo_folder() as folder:
        for name, command in SCREENS.items():
            yield name, screen(command, folder, messages=False)


def sprite() -> Image.Image:
    """Return a bright sprite of which most pixels are transparent, stored as black."""
    image = Image.new("RGBA", (96, 96), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((24, 18, 72, 66), fill=(240, 176, 64, 255))
    pen.rectangle((44, 60, 52, 88), fill=(96, 160, 96, 255))
    pen.ellipse((36, 32, 44, 40), fill=(80, 56, 40, 255))
    pen.ellipse((54, 32, 62, 40), fill=(80, 56, 40, 255))
    return image


def draw_selection(file: Path) -> None:
    """Draw a sprite, its mask, and how often values occur with and without what is hidden."""
    image = sprite()
    with tempfile.TemporaryDirectory() as folder:
        image.save(Path(folder, "sprite.png"))
        whole, seen = (
            bnstat.compute(folder, mode="L", alpha=alpha, workers=1)
            for alpha in ("drop", "exclude")
        )
    figure = Figure(figsize=(8.2, 2.6), layout="constrained")
    axes = figure.subplots(1, 4, width_ratios=(1, 1, 1.25, 1.25))
    axes[0].imshow(image.convert("RGB"), interpolation="nearest")
    axes[1].imshow(np.asarray(image)[..., 3] > 0, cmap="gray", interpolation="nearest")
    titles = ("stored colors", "pixels that are seen")
    for ax, title in zip(axes[:2], titles, strict=True):
        ax.set_title(title, fontsize=9)
        ax.set_axis_off()
    for ax, stats, title in zip(axes[2:], (whole, seen), ("drop", "exclude"), strict=True):
        ax.bar(range(256), stats.histogram[0], width=6, color=LIGHT.blue)
        ax.axvline(255 * stats.mean[0], color=LIGHT.red, linewidth=1.5)
        ax.set_title(f"--alpha {title}: mean {stats.mean[0]:.3f}", fontsize=9)
        ax.set(xlim=(-6, 261), xticks=(0, 128, 255), yticks=())
        for side in ("top", "right", "left"):
            ax.spines[side].set_visible(False)
    figure.savefig(file, metadata={"Date": None, "Creator": None})


def draw_groups(file: Path) -> None:
    """Draw mean and std of the two classes of the demo's images."""
    with tempfile.TemporaryDirectory() as folder:
        write_demo_images(Path(folder))
        bnstat.plot(bnstat.compute(folder, by="folder", workers=1), "groups", output=file)


def draw_margins(photos: Path, file: Path) -> None:
    """Draw the margins of samples of photographs that are resized to one size."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder, "records.csv")
        spec = "Resize(64) | CenterCrop(64)"
        stats = bnstat.compute(photos, augment=spec, records=records)
        bnstat.plot(stats, "margin", records=records, output=file)


if __name__ == "__main__":
    main()
