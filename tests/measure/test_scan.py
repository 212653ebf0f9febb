"""Scanning: the same records for any engine, and what is counted on the way."""

import os
import signal

import numpy as np
import pytest

from bnstat.engines import InlineEngine
from bnstat.errors import MeasureError
from bnstat.measure.found import merge_scans
from bnstat.measure.measure import Measure
from bnstat.measure.scanning import scan
from bnstat.settings import Progress, Settings, complete
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import Reference
from bnstat.sources.source import shard_of
from bnstat.sources.sources import Sources

DEFAULTS = complete(Settings, {})


def sources(folder):
    return Sources.open([os.fspath(folder)])


def figures(view):
    """Return all that estimators can see of the records."""
    records = view.records
    columns = [[list(values) for values in records.column(c)] for c in range(3)]
    counts = None if records.histogram is None else np.asarray(records.histogram).tolist()
    return (list(records.keys()), columns, records.total(), counts, view.failures)


@pytest.mark.parametrize("workers", [2, 3])
def test_number_of_workers_does_not_matter(photos, scanned, workers):
    """Records, sums and histogram are the same bits with any number of workers."""
    assert figures(scanned(sources(photos), workers)) == figures(scanned(sources(photos), 1))


def test_workers_killed_in_mid_run_change_nothing(heavy, scanned, processes):
    """Both workers are killed while chunks are in flight: the figures are those without."""
    killed = []

    def kill(progress):
        if not killed and len(started := processes.workers(os.getpid())) >= 2:
            killed.extend(started)
            for worker in killed:
                os.kill(worker, signal.SIGKILL)

    view = scanned(sources(heavy), 2, progress=kill)
    assert len(killed) >= 2
    assert figures(view) == figures(scanned(sources(heavy), 1))


def test_deadly_images_are_failures_of_the_scan(photos, scanned, deadly):
    """Two images that end their workers are failures, and the rest is as if without them."""
    keys = (b"cats/1.jpg", b"palette.png")
    view = scanned(sources(photos), 2, deadly.Deadly("RGB", Limits(10**9), keys=keys))
    assert list(view.failures) == [(key, "worker died (signal 9)") for key in keys]
    others = [reference for reference in sources(photos) if reference.key not in keys]
    assert figures(view)[:4] == figures(scanned(others, 1))[:4]


def test_fingerprint_is_the_sum_over_all_images(photos):
    """The fingerprints of disjoint parts add up to that of the whole, failures included."""
    references = [*sources(photos), Reference(b"z.jpg", b"/nowhere", 5, 6, "no file")]
    measure, engine = Measure("RGB", Limits(10**9)), InlineEngine()
    whole = scan(references, measure, engine, DEFAULTS).fingerprint
    parts = [scan(references[i::3], measure, engine, DEFAULTS).fingerprint for i in range(3)]
    assert whole == sum(parts) % 2**256
    assert whole == sum(reference.fingerprint() for reference in references) % 2**256


def test_progress_adds_up(photos, tmp_path, scanned):
    """Progress counts images, failures and bytes, and ends with all of them."""
    (tmp_path / "bad.jpg").write_bytes(b"x")
    references = [*sources(tmp_path), *sources(photos)]
    seen = []
    scanned(references, 1, progress=seen.append, total=lambda: 7)
    size = sum(reference.size for reference in references)
    assert seen[-1] == Progress(images=7, failures=1, bytes=size, total=7)


def test_progress_never_goes_back(heavy, scanned):
    """Progress is called as results come in, each time further."""
    seen = []
    scanned(sources(heavy), 2, progress=lambda progress: seen.append(progress.images))
    assert seen == sorted(set(seen)) and seen[-1] == 60 and len(seen) > 10


@pytest.mark.parametrize("workers", [1, 2])
def test_fail_fast_stops_at_the_first_failure(tmp_path, heavy, scanned, workers):
    """The first failure by key is raised, with its reason, and the rest is not waited for."""
    (tmp_path / "bad.jpg").write_bytes(b"x")
    (bad,) = sources(tmp_path)
    images = list(sources(heavy))
    read = []

    def stream():
        for reference in [images[0], bad, *images[1:]]:
            read.append(reference)
            yield reference

    with pytest.raises(MeasureError) as caught:
        scanned(stream(), workers, fail_fast=True)
    expected = "bad.jpg: is not an image of a known format (stopped at the first failure)"
    assert str(caught.value) == expected
    assert len(read) < 61


def test_fail_fast_without_failures(photos, scanned):
    """With nothing to stop at, all is measured."""
    assert figures(scanned(sources(photos), 1, fail_fast=True)) == figures(
        scanned(sources(photos), 1)
    )


def test_fail_fast_knows_native_modes(photos, scanned):
    """Images of another mode are failures that are only known at the end; they count too."""
    with pytest.raises(MeasureError, match="is of mode L; the set's own is RGB"):
        scanned(sources(photos), 1, Measure("native", Limits(10**9)), fail_fast=True)


@pytest.mark.parametrize("mode", ["RGB", "native"])
@pytest.mark.parametrize("of", [1, 2, 5, 40])
def test_parts_join_to_the_whole(photos, tmp_path, mode, of):
    """Parts scanned apart, empty ones among them, are merge_scans to what one scan finds."""
    (tmp_path / "bad.jpg").write_bytes(b"x")
    references = sorted([*sources(photos), *sources(tmp_path)])
    measure, engine = Measure(mode, Limits(10**9)), InlineEngine()
    whole = scan(references, measure, engine, DEFAULTS)
    own = [[r for r in references if shard_of(r.key, of) == part + 1] for part in range(of)]
    parts = merge_scans([scan(part, measure, engine, DEFAULTS, finalize=False) for part in own])
    assert (parts.images, parts.bytes, parts.fingerprint) == (
        whole.images,
        whole.bytes,
        whole.fingerprint,
    )
    ((view,), (expected,)) = (parts.views, whole.views)
    assert figures(view) == figures(expected)
    assert view.deep == expected.deep


def test_a_failure_that_only_the_whole_knows(photos):
    """Which mode is the set's own is decided by all parts together."""
    references, measure = list(sources(photos)), Measure("native", Limits(10**9))
    parts = [
        scan([reference], measure, InlineEngine(), DEFAULTS, finalize=False)
        for reference in references
    ]
    with pytest.raises(MeasureError, match="is of mode L; the set's own is RGB"):
        merge_scans(parts, fail_fast=True)
