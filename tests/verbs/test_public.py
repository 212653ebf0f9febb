"""The public names: each is what it should be, whatever else of bnstat has been imported."""

import inspect

import pytest

import bnstat

CALLS = """
import contextlib, importlib, pkgutil
import bnstat

for module in pkgutil.walk_packages(bnstat.__path__, "bnstat."):
    if module.name != "bnstat.__main__":
        with contextlib.suppress(ModuleNotFoundError):  # an extra that is not installed
            importlib.import_module(module.name)

import torch
passes = []
for _ in range(2):
    stats = bnstat.compute({photos!r}, workers=1)
    stats.save("bnstat.json")
    assert bnstat.load("bnstat.json").exact.mean == stats.exact.mean
    assert bnstat.merge(stats).exact.mean == stats.exact.mean
    assert isinstance(bnstat.compare(stats, to="imagenet"), bnstat.Comparison)
    assert isinstance(bnstat.explain("imagenet", stats, workers=1), bnstat.Explanation)
    assert isinstance(bnstat.sweep(stats, repeats=1, workers=1), bnstat.Sweep)
    outliers = bnstat.outliers({photos!r}, threshold=0, workers=1)
    assert isinstance(outliers, bnstat.Outliers)
    assert isinstance(outliers.found[0], bnstat.Outlier)
    equal = bnstat.duplicates({photos!r}, workers=1)
    assert isinstance(equal, bnstat.Duplicates)
    assert all(isinstance(each, bnstat.EqualImages) for each in equal.sets)
    near = bnstat.duplicates({photos!r}, near=True, workers=1)
    assert all(isinstance(each, bnstat.NearImages) for each in near.sets)
    assert all(isinstance(pair, bnstat.NearPair) for each in near.sets for pair in each.pairs)
    assert "<!doctype html>" in bnstat.report(stats)
    bnstat.plot(stats, output="histogram.svg")
    assert b"image_mean" in bnstat.export(stats, "hf")
    assert tuple(bnstat.normalize(stats).mean) == stats.exact.mean
    assert bnstat.batch_norm(stats).num_features == 3
    assert bnstat.Stats.from_json(stats.to_json()) == stats
    assert bnstat.Accumulator().state_dict()
    with bnstat.measuring([torch.zeros(2, 3, 4, 4)]) as batches:
        assert [len(batch) for batch in batches] == [2]
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    found = bnstat.recalibrate(
        model, {photos!r}, stats=stats, workers=1, on_pass=lambda done: passes.append(done)
    )
    assert isinstance(found, bnstat.Recalibration)
    assert isinstance(found.layers[0], bnstat.LayerShift)
    assert isinstance(passes[0], bnstat.PassDone)
    folded = bnstat.fold("torch.nn:Identity", "identity.pt2", stats=stats)
    assert isinstance(folded, bnstat.Folding)
    for error in ({errors}):
        assert issubclass(getattr(bnstat, error), bnstat.BnstatError)
print(*sorted(bnstat.__all__))
"""
ERRORS = (
    *("DocumentError", "ExportError", "JournalError", "MeasureError", "MergeError"),
    *(
        "ModelError",
        "NothingMeasuredError",
        "OutputError",
        "SettingError",
        "SourceError",
        "SpecError",
    ),
)


@pytest.mark.long
def test_each_public_name_after_all_submodules(python, photos):
    """No room hides a function: import every submodule, then call each public name twice."""
    names = ", ".join(map(repr, ERRORS))
    done = python("-c", CALLS.format(photos=str(photos), errors=names))
    assert (0, "") == (done.returncode, done.stderr)
    assert sorted(bnstat.__all__) == done.stdout.split()
    called = set(CALLS.replace("{errors}", " ".join(ERRORS)).split("bnstat.")) | set(ERRORS)
    untested = {n for n in bnstat.__all__ if not any(c.startswith(n) for c in called)}
    assert {
        *("BnstatError", "Progress", "__version__"),
        *("Settings", "SweepSettings", "RecalibrateSettings"),
    } >= untested


def test_all_errors_are_public():
    """Every error that is raised on purpose is to be had from the package."""
    from bnstat import errors

    raised = {n for n, v in vars(errors).items() if inspect.isclass(v) and n.endswith("Error")}
    assert raised == {*ERRORS, "BnstatError"}
    assert raised <= set(bnstat.__all__)


@pytest.mark.parametrize("kind", [list, tuple, iter], ids=lambda kind: kind.__name__)
def test_sources_may_be_a_list(photos, kind):
    """A list of sources is as the same sources one after the other."""
    names = [photos / "cats", str(photos / "dogs")]
    one = bnstat.compute(kind(names), workers=1)
    assert one.source.locations == bnstat.compute(*names, workers=1).source.locations
    assert one.sum == bnstat.sweep(kind(names), repeats=1, workers=1).stats.sum
    rows = bnstat.compare(kind(names), workers=1).rows
    assert [str(photos / "cats"), str(photos / "dogs")] == [row.name for row in rows]


def test_compare_takes_results(photos):
    """A result stands for itself, under its sources and pipeline."""
    plain = bnstat.compute(photos, workers=1)
    turned = bnstat.compute(photos, augment="RandomInvert(p=1.0)", workers=1)
    found = bnstat.compare(plain, turned)
    names = [str(photos), f"{photos} | RandomInvert(p=1.0)"]
    assert (names, plain.exact.mean, turned.exact.mean) == (
        [row.name for row in found.rows],
        *(row.mean for row in found.rows),
    )
    measured = bnstat.compare(plain, augment="RandomInvert(p=1.0)", workers=1)
    assert turned.exact.mean == measured.rows[1].mean


def test_sweep_takes_a_result(photos):
    """Its images are measured again, as they were."""
    stats = bnstat.compute(photos, augment="CenterCrop(8)", epochs=2, mode="L", workers=1)
    again = bnstat.sweep(stats, repeats=1, workers=1).stats
    assert (stats.exact.mean, stats.pipeline) == (again.exact.mean, again.pipeline)


def test_export_is_what_the_command_writes(photos):
    """The same bytes, with the same options; what there is not is an error that lists what is."""
    from bnstat.targets import TARGETS

    stats = bnstat.compute(photos, workers=1)
    assert bnstat.export(stats, "csv") == TARGETS["csv"].render(TARGETS["csv"].figures(stats))
    assert b"(0.485" not in bnstat.export(stats, "normalize", scale=255, precision=3)
    assert bnstat.export(stats, "timm", flags=True).startswith(b"--mean ")
    bgr = bnstat.export(stats, "detectron2", channel_order="bgr")
    assert bgr != bnstat.export(stats, "detectron2", channel_order="rgb")
    with pytest.raises(bnstat.ExportError, match=r"^no format 'jax'; the formats are normalize, "):
        bnstat.export(stats, "jax")
    with pytest.raises(bnstat.ExportError, match=r"^hf has no option 'flags'; "):
        bnstat.export(stats, "hf", flags=True)
