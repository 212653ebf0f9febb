"""compute(..., group=...): every rank has the result that one process alone would have."""

import json
import subprocess
import sys

import pytest

import bnstat

pytestmark = pytest.mark.long

# Each rank makes the same calls, and tells what came of each.
PROGRAM = """
import json, os, sys
from datetime import timedelta
import torch.distributed as dist
import bnstat

rank, calls = int(sys.argv[1]), json.loads(sys.argv[2])
dist.init_process_group(
    "gloo", init_method="file://" + os.path.abspath("store"), rank=rank, world_size=2,
    timeout=timedelta(seconds=200),
)
told = []
for sources, options in (ranks[rank] for ranks in calls):
    try:
        stats = bnstat.compute(*sources, workers=1, group=dist.group.WORLD, **options)
        told.append(json.loads(stats.to_json()))
    except bnstat.BnstatError as error:
        failures = getattr(error, "failures", None)
        told.append([str(error), failures and list(failures)])
dist.destroy_process_group()
print(json.dumps(told))
"""
FLOATS = "RandomCrop(8, pad_if_needed=True) | ToImage() | ToDtype(float32, scale=True)"
SAME = {
    "integers": {},
    "random": {"augment": "RandomCrop(8, pad_if_needed=True)", "epochs": 3, "batch_size": 2},
    "floats": {"augment": FLOATS, "epochs": 2, "batch_size": 4, "order": "listed"},
    "native": {"mode": "native"},
    "groups": {"by": "folder", "cluster": "re:(.)"},
}


@pytest.fixture(scope="module")
def sources(photos, tmp_path_factory):
    """A folder of images, of which one is broken; one of which all are; one that lacks an image."""
    folder = tmp_path_factory.mktemp("ranks")
    for name in ("some", "fewer"):
        subprocess.run(["cp", "-r", photos, folder / name], check=True)
    (folder / "some" / "broken.jpg").write_bytes(b"x")
    (folder / "fewer" / "palette.png").unlink()
    (folder / "none").mkdir()
    (folder / "none" / "broken.jpg").write_bytes(b"x")
    return folder


@pytest.fixture(scope="module")
def told(sources):
    """What each of two ranks tells of each call, by the name of the call."""
    calls = {name: [(["some"], options)] * 2 for name, options in SAME.items()}
    calls["missing"] = [(["some"], {}), (["gone"], {})]
    calls["spec"] = [(["some"], {"augment": "Nothing()"}), (["some"], {})]
    calls["seed"] = [(["some"], {"seed": 0}), (["some"], {"seed": 1})]
    calls["fewer"] = [(["some"], {}), (["fewer"], {})]
    calls["none"] = [(["none"], {})] * 2
    calls["fast"] = [(["some"], {"fail_fast": True})] * 2
    calls["again"] = [(["some"], {})] * 2
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(rank), json.dumps([*calls.values()])],
            cwd=sources,
            stdout=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    outs = [rank.communicate(timeout=300)[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0]
    return dict(zip(calls, zip(*map(json.loads, outs), strict=True), strict=True))


@pytest.mark.parametrize("name", SAME)
def test_every_rank_has_the_same_result(told, name):
    """The same document, date included, in every rank."""
    first, second = told[name]
    assert first == second
    assert first["source"]["failures"] and first["methods"]["batchnorm"]


@pytest.mark.parametrize("name", SAME)
def test_it_is_that_of_one_process(told, sources, monkeypatch, name):
    """All figures are those of one process to the last bit, batchnorm's too."""
    monkeypatch.chdir(sources)
    expected = json.loads(bnstat.compute("some", workers=1, **SAME[name]).to_json())
    assert expected | {"created": None} == told[name][0] | {"created": None}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing", "rank 1 failed: no folder or file gone; check the path"),
        ("seed", "rank 1 was called with other settings than rank 0"),
        ("fewer", "rank 1 sees other images than rank 0; all ranks need the same files"),
    ],
)
def test_a_failure_is_that_of_all_ranks(told, name, text):
    """What is wrong in one rank is raised in all, which wait for nobody."""
    assert told[name] == ([text, None], [text, None])


def test_a_pipeline_that_one_rank_cannot_make(told):
    """A rank that fails before it has looked at any image is waited for no longer than others."""
    assert told["spec"][0] == told["spec"][1]
    assert told["spec"][0][0].startswith("rank 0 failed: ")


def test_no_image_can_be_measured(told):
    """The error has the failures of all ranks, as in one process."""
    failures = [["broken.jpg", "is not an image of a known format"]]
    text = "none of the 1 images in none could be measured"
    assert told["none"] == ([text, failures], [text, failures])


def test_fail_fast(told):
    """The first failure, in whichever rank, is the failure of all."""
    first, second = told["fast"]
    assert first == second
    end = "broken.jpg: is not an image of a known format (stopped at the first failure)"
    assert first[0] in (f"rank {rank} failed: {end}" for rank in range(2))


def test_a_failure_leaves_the_group_usable(told):
    """After failed calls the ranks go on together."""
    assert told["again"][0] | {"created": None} == told["integers"][0] | {"created": None}
