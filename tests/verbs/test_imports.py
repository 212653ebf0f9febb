"""What is imported: no more than is used."""

import sys

import pytest

HEAVY = ("torch", "torchvision", "numpy", "PIL", "rich", "click", "tqdm", "fsspec", "pyarrow")


@pytest.fixture
def imported(python):
    """Return which of the heavy packages a program has imported when it ends."""

    def run(program):
        program += f"\nimport sys; print(*(name for name in {HEAVY} if name in sys.modules))"
        result = python("-c", program)
        assert result.stderr == ""
        return set(result.stdout.split())

    return run


def test_bnstat_alone(imported):
    """Importing bnstat imports nothing heavy."""
    assert imported("import bnstat; bnstat.__version__; dir(bnstat)") == set()


@pytest.mark.parametrize("workers", [1, 2])
def test_compute_without_a_pipeline(imported, photos, workers):
    """compute() without a pipeline imports neither torch nor anything of the terminal."""
    program = f"import bnstat; bnstat.compute({str(photos)!r}, workers={workers})"
    assert imported(program) == {"numpy", "PIL"}


def test_a_python_without_lzma(python, photos):
    """Python can be built without it, and a folder needs none."""
    program = "import sys; sys.modules['_lzma'] = None; import bnstat; "
    program += f"bnstat.compute({str(photos)!r}, workers=1)"
    assert "" == python("-c", program).stderr


@pytest.mark.parametrize("augment", ["Resize(8) | RandomCrop(4)", "own:transform"])
def test_compute_with_a_pipeline(imported, photos, tmp_path, augment):
    """With workers, the main process asks one of them what the pipeline is, and needs no torch."""
    own = "from torchvision.transforms import v2\ntransform = v2.RandomCrop(4)\n"
    (tmp_path / "own.py").write_text(own)
    program = f"import bnstat; bnstat.compute({str(photos)!r}, augment={augment!r}, workers=2)"
    assert imported(program) == {"numpy", "PIL"}


def test_reading_a_document(imported, tmp_path, photos):
    """Reading a document needs no package at all."""
    import bnstat

    bnstat.compute(photos, workers=1).save(tmp_path / "x.json")
    assert imported("import bnstat; bnstat.Stats.load('x.json').exact.mean") == set()


def test_public_names():
    """All public names are there, and other names are errors of the usual kind."""
    import bnstat

    shown = {name for name in dir(bnstat) if not name.startswith("__")}
    assert shown == {*bnstat.__all__, "constants", "reports"} - {"__version__"}
    assert all(getattr(bnstat, name) is not None for name in bnstat.__all__)
    with pytest.raises(AttributeError, match="module 'bnstat' has no attribute 'nothing'"):
        bnstat.nothing  # noqa: B018
    assert "bnstat" in sys.modules
