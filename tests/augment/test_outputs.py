"""Images whose pipeline returns what cannot be measured, or what others have not."""

import pytest

import bnstat


def test_failure_names_the_image_and_adds_nothing(module, varied):
    """An image that becomes NaN is named with the reason, and is in no figure."""
    name = module(
        "import numpy as np\n"
        "def T(image): return np.full((4, 4), np.nan if image.width == 40 else 0.25)"
    )
    stats = bnstat.compute(varied, augment=f"{name}:T", workers=1)
    assert [("02.png", "has NaN or infinite samples")] == [
        (failure.image, failure.reason) for failure in stats.source.failures
    ]
    assert (7, (7 * 16,), (0.25,)) == (stats.source.images, stats.count, stats.exact.mean)


@pytest.mark.parametrize("first", ["image", "np.asarray(image) / 255.0", "image.convert('L')"])
def test_one_failing_draw_takes_the_image_with_it(first, module, tiles):
    """An image that changes its kind from draw to draw is a failure, whole."""
    name = module(
        "from itertools import count\nimport numpy as np\ncalls = count()\n"
        f"def T(image): return {first} if next(calls) == 5 else image.convert('HSV')"
    )
    stats = bnstat.compute(tiles, augment=f"{name}:T", epochs=2, workers=1)
    (failure,) = stats.source.failures
    assert ("02.png", "became of another mode or depth from draw to draw") == (
        failure.image,
        failure.reason,
    )
    assert (9, (9 * 2 * 320,) * 3) == (stats.source.images, stats.count)


def test_images_of_another_mode_than_most_are_failures(module, varied):
    """A pipeline's outputs have one mode, the most common; others are named."""
    name = module("def T(image): return image.convert('L') if image.width == 40 else image")
    stats = bnstat.compute(varied, augment=f"{name}:T", workers=1)
    assert [("02.png", "is of mode L; the set's own is RGB")] == [
        (failure.image, failure.reason) for failure in stats.source.failures
    ]


def test_integers_and_floats_mix_to_floats(module, varied):
    """Integer samples among floats are divided by their scale, in a float document."""
    name = module(
        "import numpy as np\n"
        "def T(image): return np.asarray(image) / 255 if image.width == 40 else image"
    )
    mixed = bnstat.compute(varied, augment=f"{name}:T", workers=1)
    plain = bnstat.compute(varied, workers=1)
    assert (1, None, None) == (mixed.scale, mixed.sum, mixed.histogram)
    assert plain.count == mixed.count
    assert pytest.approx(plain.mean, rel=1e-13) == mixed.mean
    assert pytest.approx(plain.var, rel=1e-12) == mixed.var
