"""Dask: the same document as on one machine, whatever becomes of the cluster."""

import json
import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.engines import open_engine
from bnstat.measure.measure import Measure
from bnstat.measure.scanning import scan
from bnstat.settings import Settings, complete
from bnstat.sources.bounds import Limits
from bnstat.sources.sources import Sources

COMPUTE = ("-m", "bnstat", "compute", "-o", "-")
RANDOM = "RandomResizedCrop(32) | RandomHorizontalFlip() | ColorJitter(0.4, 0.4)"

DEFAULTS = complete(Settings, {})


# Workers find there what ends them.
MEASURE = Path(__file__).parents[1] / "measure"


@pytest.fixture(scope="module")
def one(clusters):
    """A cluster of one worker with four threads; nobody is killed in it."""
    return clusters.start(1, "--nthreads", "4")


@pytest.fixture(scope="module")
def bitmaps(tmp_path_factory):
    """A folder of 16 images that fill a chunk each, quickly read."""
    folder = tmp_path_factory.mktemp("data") / "bitmaps"
    folder.mkdir()
    pixels = np.random.default_rng(5).integers(0, 256, (600, 620, 3), dtype=np.uint8)
    for i in range(16):
        Image.fromarray(np.roll(pixels, 31 * i)).save(folder / f"{i:02}.bmp")
    return folder


def undated(text):
    return json.loads(text) | {"created": None}


def document(stats):
    return undated(stats.to_json())


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [
        {"nodata": 31},
        {"sample": "40%"},
        {"until": 0.2},
        {"by": "folder"},
        {"mode": "L", "nodata": "auto", "sample": 5, "by": "folder"},
    ],
)
def test_selections_samples_and_groups(one, bitmaps, options):
    """What is left out, sampled and grouped is the same on a cluster, to the last bit."""
    there = bnstat.compute(bitmaps, engine=one.engine, **options)
    here = bnstat.compute(bitmaps, workers=1, **options)
    assert document(here) == document(there)


@pytest.mark.long
def test_recalibration(one, bitmaps, tmp_path):
    """Workers of a cluster make the model themselves, and find what this process finds."""
    import torch
    from torchvision.models import resnet18

    torch.save(resnet18(weights=None).state_dict(), tmp_path / "w.pt")
    settings = {"augment": "Resize(32)", "stats": "imagenet", "max_passes": 3}
    found = []
    for where in ({"engine": one.engine}, {"workers": 1}):
        bnstat.recalibrate(
            *("torchvision:resnet18", bitmaps),
            weights=tmp_path / "w.pt",
            output=tmp_path / "new.pt",
            **settings,
            **where,
        )
        found.append(torch.load(tmp_path / "new.pt", weights_only=True))
    there, here = found

    for name in here:
        torch.testing.assert_close(there[name], here[name], rtol=2e-5, atol=1e-7)


@pytest.fixture
def hundred(endless, tmp_path):
    """A list of the first hundred images of the endless folder, seen from there."""
    (tmp_path / "photos").symlink_to(endless)
    (tmp_path / "names").write_text("".join(f"photos/{i:04}.jpg\n" for i in range(100)))
    return (*COMPUTE, "--files-from", "names")


def said(main, seconds=120):
    out, err = main.communicate(timeout=seconds)
    return main.returncode, out.decode(), err.decode()


@pytest.mark.long
@pytest.mark.parametrize("last", ["", " | ToImage() | ToDtype(float32, scale=True)"])
def test_threads_of_a_worker_do_not_share_generators(one, bitmaps, monkeypatch, last):
    """Random draws are the same with four threads a worker; a name may be relative to here."""
    monkeypatch.chdir(bitmaps.parent)
    options = {"augment": f"RandomCrop(40) | RandomHorizontalFlip(){last}", "epochs": 8}
    expected = bnstat.compute("bitmaps", workers=1, **options)
    actual = bnstat.compute("bitmaps", engine=one.engine, **options)
    assert document(expected) == document(actual)


@pytest.mark.long
def test_command_line(one, photos, python):
    """The command line takes it, with not a word more on stderr than without."""
    there = python(*COMPUTE, "photos", "--engine", one.engine, "-q", cwd=photos.parent)
    here = python(*COMPUTE, "photos", "--workers", "1", "-q", cwd=photos.parent)
    assert (there.returncode, there.stderr) == (0, "") == (here.returncode, here.stderr)
    assert undated(there.stdout) == undated(here.stdout)


@pytest.mark.long
def test_a_worker_killed_and_one_that_joins_late(clusters, start, hundred, processes):
    """`kill -9` of a worker and its nanny, and a worker that joins after that, change no figure."""
    expected = said(start(*hundred, "--workers", "2"))
    cluster = clusters.start(2, "--nthreads", "1")
    main = start(*hundred, "--engine", cluster.engine)
    processes.eventually(lambda: busy(cluster))
    cluster.kill(cluster.workers[0])
    cluster.worker("--nthreads", "1")
    status, out, err = said(main)
    assert (status, "Error" in err) == (0, False)
    assert undated(out) == undated(expected[1])


@pytest.mark.long
def test_workers_that_join_are_counted(clusters, processes):
    """More workers get more to do; leaving the engine leaves the cluster as it is."""
    cluster = clusters.start(1)
    with closing(open_engine(None, name=cluster.engine)) as engine:
        assert engine.workers == 1
        with engine.open() as executor:
            assert executor.submit(int, "7").result() == 7
            cluster.worker()
            processes.eventually(lambda: engine.workers == 2, seconds=60)
            assert isinstance(executor.submit(int, "x").exception(), ValueError)
    cluster.joined(2)


def busy(cluster):
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        return any(client.processing().values())


@pytest.mark.long
def test_scheduler_killed_in_mid_run(clusters, start, endless, processes):
    """The run ends soon, with status 4 and a line that says what happened."""
    cluster = clusters.start(1, "--nthreads", "1")
    main = start(*COMPUTE, endless, "--engine", cluster.engine)
    processes.eventually(lambda: busy(cluster))
    cluster.kill(cluster.scheduler)
    assert said(main, seconds=90) == (
        4,
        "",
        f"bnstat: the Dask scheduler at {cluster.address} has gone, and with it what was being "
        "measured; start it and this run again\n",
    )


@pytest.mark.long
def test_no_scheduler(python, photos):
    """An address at which nobody answers is an error within seconds."""
    result = python(*COMPUTE, photos, "--engine", "dask://127.0.0.1:1")
    assert (result.returncode, result.stdout, result.stderr) == (
        4,
        "",
        "bnstat: no Dask scheduler answers at 127.0.0.1:1; start one there, or check the address\n",
    )


@pytest.mark.long
def test_no_workers(clusters, python, photos):
    """A scheduler without workers is waited for as long as Dask's own setting says."""
    cluster = clusters.start()
    setting = {"DASK_DISTRIBUTED__SCHEDULER__NO_WORKERS_TIMEOUT": "1s"}
    result = python(*COMPUTE, photos, "--engine", cluster.engine, env=setting)
    assert (result.returncode, result.stdout, result.stderr) == (
        4,
        "",
        f"bnstat: the Dask scheduler at {cluster.address} has had no worker for 1 s; "
        "start some: dask worker ADDRESS\n",
    )


def failed(found):
    return {key: reason for view in found.views for key, reason in view.failures}


@pytest.mark.long
def test_an_image_that_kills_its_workers(clusters, photos, bitmaps, monkeypatch):
    """It is named; the others, though Dask calls some of them killers too, are measured."""
    monkeypatch.syspath_prepend(MEASURE)
    import deadly

    cluster = clusters.start(2, "--nthreads", "1", env={"PYTHONPATH": os.pathsep.join(path())})
    references = list(Sources.open([os.fspath(photos), os.fspath(bitmaps)]))
    bad = references[5].key
    with closing(open_engine(None, name=cluster.engine)) as engine:
        found = scan(references, deadly.Deadly("RGB", Limits(10**9), keys=(bad,)), engine, DEFAULTS)
    assert failed(found) == {bad: "worker died (4 Dask workers in a row)"}
    others = [reference for reference in references if reference.key != bad]
    expected = scan(others, Measure("RGB", Limits(10**9)), open_engine(1), DEFAULTS)
    (view,), (plain,) = found.views, expected.views
    assert list(view.records.keys()) == list(plain.records.keys())
    assert view.records.total() == plain.records.total()


def path():
    return [os.fspath(MEASURE), *filter(None, [os.environ.get("PYTHONPATH")])]


@pytest.mark.long
def test_workers_without_bnstat(clusters, photos, python, tmp_path):
    """A worker that cannot import bnstat is told of in a line."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "bnstat.py").write_text("raise ImportError('none here')")
    cluster = clusters.start(1, env={"PYTHONPATH": os.fspath(tmp_path / "there")})
    result = python(*COMPUTE, photos, "--engine", cluster.engine)
    assert (result.returncode, result.stdout) == (4, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("bnstat: a Dask worker cannot run bnstat: ")
    assert line.endswith(f"; install bnstat {bnstat.__version__} on all workers")


def test_without_distributed(python, photos):
    """Where the extra is missing, one line says how to get it."""
    program = "import sys; sys.modules['distributed'] = None; from bnstat.cli import main; main()"
    result = python("-c", program, "compute", photos, "--engine", "dask://localhost:1")
    assert (result.returncode, result.stderr) == (
        4,
        "bnstat: the engine dask needs distributed: pip install 'bnstat[dask]'\n",
    )
