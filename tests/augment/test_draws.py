"""The draws: seeded by run seed, epoch and image key, and by nothing else."""

import json
import random
import shutil

import numpy as np
import pytest
import torch

import bnstat
from bnstat.augment import Draws, caller_undisturbed, read

INTEGERS = "RandomResizedCrop(12) | RandomHorizontalFlip | ColorJitter(0.4, 0.4, 0.4, 0.1)"
FLOATS = f"{INTEGERS} | ToImage | ToDtype(float32, scale=True) | GaussianBlur(3)"


@pytest.fixture(scope="module")
def runs(varied, tmp_path_factory):
    """Documents: integer and float, 1 and 2 workers, a list reversed."""
    listed = tmp_path_factory.mktemp("runs") / "list.txt"
    names = sorted(map(str, varied.glob("*.png")))
    runs = {}
    for spec in (INTEGERS, FLOATS):
        for run, workers, order in [("1", 1, names), ("2", 2, names), ("reversed", 1, names[::-1])]:
            listed.write_text("\n".join(order))
            stats = bnstat.compute(
                files_from=listed, augment=spec, epochs=3, batch_size=4, workers=workers
            )
            runs[f"{run} {spec}"] = json.loads(stats.to_json()) | {"created": None}
    return runs


@pytest.mark.parametrize("spec", [INTEGERS, FLOATS], ids=["integers", "floats"])
def test_workers_and_order_do_not_matter(spec, runs):
    """The document is the same, but for its date, for 1 and 2 workers and a shuffled list."""
    one = runs[f"1 {spec}"]
    assert one == runs[f"2 {spec}"]
    assert one == runs[f"reversed {spec}"]
    assert (8, 3) == (one["source"]["images"], one["pipeline"]["epochs"])
    assert (255 if spec == INTEGERS else 1) == one["scale"]


def test_an_image_is_drawn_alike_whatever_else_is_there(varied, tmp_path):
    """The sums of a folder are those of its parts: no draw depends on another image."""
    for name in ("00.png", "01.png", "02.png"):
        for folder in ("all", name[:2]):
            (tmp_path / folder).mkdir(exist_ok=True)
            shutil.copy(varied / name, tmp_path / folder)
    whole, *parts = (
        bnstat.compute(tmp_path / folder, augment=INTEGERS, epochs=2, workers=1)
        for folder in ("all", "00", "01", "02")
    )
    assert whole.sum == tuple(map(sum, zip(*(part.sum for part in parts), strict=True)))
    assert whole.sum_of_squares == tuple(
        map(sum, zip(*(part.sum_of_squares for part in parts), strict=True))
    )


def outputs(photo, *, seed=0, epochs=1, key=b"a", spec=INTEGERS):
    """Return the bytes of each draw of an image."""
    return outputs_of(Draws(read(spec), seed, epochs), photo, key)


def outputs_of(draws, photo, key=b"a"):
    """Return the bytes of the last output of each draw."""
    drawn = [list(draws.draw(photo, key, epoch)) for epoch in range(draws.epochs)]
    return [stages[-1].output.tobytes() for stages in drawn]


def test_seed_epoch_and_key_each_make_another_draw(photo):
    """Draws of other seeds, epochs and keys differ; epochs of a longer run begin with the same."""
    first = outputs(photo, epochs=4)
    others = [*outputs(photo, seed=1), *outputs(photo, seed=-1), *outputs(photo, key=b"b")]
    assert 7 == len({*first, *others})
    assert first[:2] == outputs(photo, epochs=2)


def test_callers_state_does_not_matter(photo):
    """The generators' state before does not reach a draw."""
    first = outputs(photo)
    torch.manual_seed(99)
    assert first == outputs(photo)


def test_pixels_do_not_matter(photo):
    """A draw follows from the key, not from the image: equal keys flip alike."""
    mirrored = photo.transpose(0)
    flips = [
        [a != photo.tobytes(), b != mirrored.tobytes()]
        for key in (b"%d" % i for i in range(20))
        for (a,), (b,) in [
            (
                outputs(photo, key=key, spec="RandomHorizontalFlip"),
                outputs(mirrored, key=key, spec="RandomHorizontalFlip"),
            )
        ]
    ]
    assert all(a == b for a, b in flips)
    assert {True, False} == {a for a, _ in flips}


@pytest.mark.parametrize("spec", [INTEGERS, FLOATS, "RandomCrop(1000)"])
def test_caller_is_left_undisturbed(spec, varied, generators):
    """Generators and torch's threads are as they were after a run in the caller's process."""
    before, threads = generators(), torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        bnstat.compute(varied, augment=spec, workers=1)
    except bnstat.BnstatError:
        assert spec == "RandomCrop(1000)"
    finally:
        after = torch.get_num_threads()
        torch.set_num_threads(threads)
    assert before == generators()
    assert 3 == after


def test_state_comes_back_after_an_error(generators):
    """Also where what runs in between raises."""
    before = generators()
    with pytest.raises(KeyError), caller_undisturbed():
        torch.rand(1), random.random(), np.random.random()
        assert 1 == torch.get_num_threads()
        raise KeyError
    assert before == generators()


def test_attributed_stages_draw_like_the_whole(photo):
    """Stage by stage, each transform gets the draws that it gets in the whole pipeline."""
    whole = Draws(read(INTEGERS), 0, 3)
    cut = Draws(read(INTEGERS), 0, 3, attribute=True)
    assert (1, 3) == (whole.width, cut.width)
    assert outputs_of(cut, photo) == outputs_of(whole, photo)
