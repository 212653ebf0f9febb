"""Dispatch: all chunks come back, in order, whatever happens to the workers."""

import os
import signal
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from bnstat.engines import InlineEngine, ProcessEngine
from bnstat.measure.dispatch import dispatch
from bnstat.measure.measure import Measure
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import EncodedBytes, Reference
from bnstat.sources.sources import Sources


@pytest.fixture
def images(photos):
    """References to the six images, in order."""
    return list(Sources.open([os.fspath(photos)]))


def sums(landed):
    """Return key and Σx of each image that was measured."""
    return {
        chunk[row].key: first.tolist()
        for chunk, (measured,) in landed
        for part in measured.moments
        for row, first in zip(part.rows, part.table.sum_or_mean, strict=True)
    }


def failed(landed):
    """Return key and reason of each image that was not."""
    return {
        chunk[row].key: reason for chunk, (measured,) in landed for row, reason in measured.failures
    }


def cut(images, size):
    return [images[i : i + size] for i in range(0, len(images), size)]


PLAIN = Measure("RGB", Limits(10**9))
MODULES = ["bnstat.measure.measure"]
# Each of its workers imports all anew; whole runs by spawn are in engines/test_other_systems.
SPAWN = pytest.param("spawn", marks=pytest.mark.long)


@pytest.fixture(params=["inline", "fork", SPAWN])
def engine(request):
    """An engine of each kind."""
    if request.param == "inline":
        yield InlineEngine()
        return
    with closing(ProcessEngine(2, MODULES, start_method=request.param)) as engine:
        yield engine


@pytest.fixture(params=["fork", SPAWN])
def two(request):
    """Two worker processes, started in each way."""
    with closing(ProcessEngine(2, MODULES, start_method=request.param)) as engine:
        yield engine


@pytest.mark.parametrize("size", [1, 4, 6])
def test_chunks_come_back_in_order(images, engine, size):
    """Results come in the order of the chunks, and are what the work gives for each."""
    landed = list(dispatch(cut(images, size), PLAIN, engine))
    assert [chunk for chunk, _ in landed] == cut(images, size)
    assert sums(landed) == sums([(images, PLAIN(images))])


def test_bytes_of_an_image_are_released(images, engine):
    """Once it was measured, whoever still has a reference to it: the next one may be as large."""
    content = EncodedBytes(Path(os.fsdecode(images[0].path)).read_bytes())
    encoded = images[0]._replace(content=content)
    [(chunk, _)] = landed = list(dispatch([[encoded]], PLAIN, engine))
    assert sums(landed) == sums([(images[:1], PLAIN(images[:1]))])
    assert (chunk[0].content, content.data) == (None, b"")


def test_no_chunks(engine):
    """Nothing to do is done at once."""
    assert list(dispatch([], PLAIN, engine)) == []


def test_a_bounded_number_is_in_flight(images, engine):
    """A long source is read only so far ahead of the results."""
    read = []

    def stream():
        for i in range(1000):
            read.append(i)
            yield images[:1]

    landed = dispatch(stream(), PLAIN, engine)
    for done in range(1, 40):
        next(landed)
        assert len(read) <= done + 8 * engine.workers
    landed.close()


def test_closing_ends_the_workers(images, processes):
    """Who stops asking for results, and closes the engine, leaves no worker behind."""
    before = set(processes.workers(os.getpid()))  # grandchildren of other tests' servers

    def started():
        return set(processes.workers(os.getpid())) - before

    engine = ProcessEngine(2, start_method="fork")
    landed = dispatch((images[:1] for _ in count()), PLAIN, engine)
    # Each result that is taken brings more work; what is in flight, one worker may do alone.
    processes.eventually(lambda: next(landed) and len(started()) == 2)
    landed.close()
    engine.close()  # else workers that are idle by then wait for the next run
    processes.eventually(lambda: not started())


def test_a_bug_in_the_work_is_no_lost_worker(images, deadly, engine):
    """What the work raises is raised, not tried again."""
    with pytest.raises(LookupError, match="a bug"):
        list(dispatch(cut(images, 2), deadly.Mistaken("RGB", Limits(100)), engine))


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGKILL, "worker died (signal 9)"),
        (signal.SIGSEGV, "worker died (signal 11)"),
        (0, "worker died (exit status 7)"),
    ],
    ids=["killed", "segfault", "exit"],
)
@pytest.mark.parametrize(("size", "tells"), [(1, True), (6, True), (6, False)])
def test_an_image_that_kills_its_worker_is_a_failure(
    images, deadly, two, number, reason, size, tells
):
    """The image to blame is found and named with the signal; all others are measured."""
    key = b"dogs/gray.jpg"
    work = deadly.Deadly("RGB", Limits(10**9), keys=(key,), signal=number, tells=tells)
    landed = list(dispatch(cut(images, size), work, two))
    assert failed(landed) == {key: reason}
    others = [image for image in images if image.key != key]
    assert sums(landed) == sums([(others, PLAIN(others))])
    assert [image for chunk, _ in landed for image in chunk] == images


def test_images_that_all_kill_their_workers(images, deadly, two):
    """Where every image is deadly, every image is named."""
    keys = tuple(image.key for image in images)
    landed = list(dispatch(cut(images, 4), deadly.Deadly("RGB", Limits(10**9), keys=keys), two))
    assert failed(landed) == dict.fromkeys(keys, "worker died (signal 9)")


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("size", [1, 3])
def test_an_image_that_was_only_near_is_not_to_blame(images, deadly, two, tmp_path, times, size):
    """An image whose worker died once in company and once alone is tried again, and measured."""
    keys = (images[1].key,)
    work = deadly.Deadly("RGB", Limits(10**9), keys=keys, folder=os.fspath(tmp_path), times=times)
    landed = list(dispatch(cut(images, size), work, two))
    assert sums(landed) == sums([(images, PLAIN(images))])
    assert len(list(tmp_path.glob("*-*"))) == times


def test_only_its_chunk_is_tried_again(images, deadly, two, tmp_path):
    """The images before the one to blame once more, it twice alone; the other chunk is left."""
    work = deadly.Deadly(
        "RGB", Limits(10**9), keys=(images[1].key,), folder=os.fspath(tmp_path), times=9
    )
    landed = list(dispatch(cut(images, 3), work, two))
    log = (tmp_path / "log").read_bytes().split()
    assert [log.count(image.key) for image in images] == [2, 3, 1, 1, 1, 1]
    assert failed(landed) == {images[1].key: "worker died (signal 9)"}


@pytest.mark.parametrize("start", ["fork", SPAWN])
def test_an_image_that_takes_too_long_is_a_failure_at_once(images, deadly, tmp_path, start):
    """It is not tried again, and its chunk goes on; the limit is for an image, not for a chunk."""
    slow = deadly.Deadly(
        "RGB", Limits(10**9), keys=(images[1].key,), folder=os.fspath(tmp_path), wait=60
    )
    with closing(ProcessEngine(2, MODULES, timeout=0.5, start_method=start)) as engine:
        landed = list(dispatch(cut(images, 3), slow, engine))
    log = (tmp_path / "log").read_bytes().split()
    assert [log.count(image.key) for image in images] == [2, 1, 1, 1, 1, 1]
    assert failed(landed) == {images[1].key: "takes longer than --timeout 0.5"}


def test_the_time_limit_is_for_each_image(images, deadly):
    """A chunk may take longer than an image may."""
    work = deadly.Slow("RGB", Limits(10**9), seconds=0.2)
    with closing(ProcessEngine(1, MODULES, timeout=0.7)) as engine:
        landed = list(dispatch([images], work, engine))
    assert sums(landed) == sums([(images, PLAIN(images))])


def test_what_has_come_back_is_not_done_again(images, deadly, two, tmp_path):
    """Chunks that one worker has done are not measured again when another dies of the first."""
    first = (images[0].key,)
    work = deadly.Deadly("RGB", Limits(10**9), keys=first, folder=os.fspath(tmp_path), wait=1.0)
    landed = list(dispatch(cut(images, 1), work, two))
    log = (tmp_path / "log").read_bytes().split()
    assert [log.count(image.key) for image in images] == [2, 1, 1, 1, 1, 1]
    assert sums(landed) == sums([(images, PLAIN(images))])


def test_long_names_in_flight_do_not_hold_up_a_rebuilt_pool(images, deadly, two):
    """A worker's death is noticed also while a pipe full of names waits for it."""
    path = b"/" + b"n" * 500
    chunk = [Reference(b"%d" % i + path, path, 0, 0, "no file") for i in range(256)]
    chunks = [chunk] * 20 + [images]
    work = deadly.Deadly("RGB", Limits(10**9), keys=(images[0].key,))
    landed = list(dispatch(chunks, work, two))
    assert failed(landed)[images[0].key] == "worker died (signal 9)"
    assert sum(len(chunk) for chunk, _ in landed) == 20 * 256 + len(images)


def test_any_work_is_treated_alike(images, deadly, two):
    """Work that returns something else than moments brings its own word for a lost image."""
    landed = list(dispatch(cut(images, 3), deadly.Names(images[4].key), two))
    keys = [image.key.decode() for image in images]
    keys[4] = "lost: worker died (signal 9)"
    assert [name for _, names in landed for name in names] == keys
