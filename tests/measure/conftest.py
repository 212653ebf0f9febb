"""Images as references, and work that workers can import."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnstat.engines import open_engine
from bnstat.measure.measure import Measure
from bnstat.measure.scanning import scan
from bnstat.settings import Settings, complete
from bnstat.sources.bounds import Limits


@pytest.fixture
def deadly(monkeypatch):
    """The module of work that ends its worker; workers find it where the caller does."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import deadly

    return deadly


@pytest.fixture(scope="session")
def heavy(tmp_path_factory):
    """A folder of 60 different images that fill a chunk each: 1.1 MB, quickly read."""
    folder = tmp_path_factory.mktemp("heavy")
    rng = np.random.default_rng(11)
    pixels = rng.integers(0, 256, (620, 600, 3), dtype=np.uint8)
    for i in range(60):
        pixels[i] = i
        Image.fromarray(pixels).save(folder / f"{i:02}.bmp")
    return folder


@pytest.fixture
def scanned():
    """Scan images in RGB with so many workers; return the one view of the result."""

    def run(references, workers, measure=None, total=lambda: None, **settings):
        work = measure or Measure("RGB", Limits(10**9))
        with closing(open_engine(workers, ["bnstat.measure.measure"])) as engine:
            (view,) = scan(
                references, work, engine, complete(Settings, settings), total=total
            ).views
        return view

    return run
