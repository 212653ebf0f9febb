"""What a result is made of, and how it is kept in a file."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import DocumentError, OutputError
from bnstat.result import BatchNormEstimate, Estimate, Stats


@pytest.fixture
def stats(document):
    return Stats.from_json(json.dumps(document))


def test_std_is_the_root_of_var():
    """One float a channel, rounded once."""
    assert Estimate((0.5, 0.5), (0.25, 2.0)).std == (0.5, 2.0**0.5)


def test_mean_var_and_std_are_two_pass_s(stats):
    """The exact figures are the result's own, whatever other methods say."""
    exact = stats.methods["two-pass"]

    assert stats.exact == exact
    arrays = stats.mean, stats.var, stats.std
    assert tuple(tuple(array.tolist()) for array in arrays) == (exact.mean, exact.var, exact.std)


def test_figures_are_arrays_that_cannot_be_changed(stats):
    """They are float64 and can be computed with; the result is compared and written as before."""
    doubled = stats.mean * 2
    assert ("float64", [2 * mean for mean in stats.exact.mean]) == (doubled.dtype, doubled.tolist())
    with pytest.raises(ValueError, match="read-only"):
        stats.std[0] = 1.0
    assert replace(stats) == stats and Stats.from_json(stats.to_json()) == stats
    assert stats.exact.mean != stats.methods["batchnorm"].mean


def test_methods_have_their_types(stats):
    """Only `batchnorm` has a schedule."""
    types = {name: type(estimate) for name, estimate in stats.methods.items()}

    assert types == {"two-pass": Estimate, "welford": Estimate, "batchnorm": BatchNormEstimate}


def test_results_cannot_be_altered(stats):
    """A result is a value."""
    with pytest.raises(AttributeError):
        stats.count = (1,)
    with pytest.raises(AttributeError):
        stats.source.images = 1


class TestSave:
    """A document in a file is whole, or the old one."""

    def test_what_is_saved_is_loaded(self, stats, tmp_path):
        """By path or by text, by the class or by the package."""
        stats.save(tmp_path / "a.json")
        stats.save(str(tmp_path / "b.json"))

        assert Stats.load(tmp_path / "a.json") == stats
        assert bnstat.load(str(tmp_path / "b.json")) == stats
        assert (tmp_path / "a.json").read_bytes() == stats.to_json().encode()

    def test_dash_is_standard_output(self, stats, capsys):
        """The document and nothing else."""
        stats.save("-")

        assert capsys.readouterr() == (stats.to_json(), "")

    def test_dash_is_standard_input(self, stats):
        """What one process writes another reads, in UTF-8 whatever the locale."""
        stats = replace(stats, mode="ñ 😀")
        code = "import bnstat; bnstat.load('-').save('-')"
        for encoding in ("utf-8", "ascii"):
            piped = subprocess.run(
                [sys.executable, "-c", code],
                input=stats.to_json().encode(),
                capture_output=True,
                env=os.environ | {"PYTHONIOENCODING": encoding},
            )
            assert (piped.stdout, piped.stderr) == (stats.to_json().encode(), b"")

    def test_a_result_that_is_no_json_leaves_the_old_file(self, stats, tmp_path):
        """Nothing is opened before the whole text is there."""
        path = tmp_path / "bnstat.json"
        path.write_text("old")
        with pytest.raises(ValueError, match="not JSON compliant"):
            replace(stats, conventions={"nan": (float("nan"),)}).save(path)

        assert [p.name for p in tmp_path.iterdir()] == ["bnstat.json"]
        assert path.read_text() == "old"

    def test_a_disk_that_is_full_leaves_the_old_file(self, stats, tmp_path):
        """The limit on a file's size stands for the end of the disk."""
        path = tmp_path / "bnstat.json"
        stats.save(path)
        code = (
            "import resource, sys, bnstat\n"
            "stats = bnstat.load(sys.argv[1])\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
            "try:\n"
            "    stats.save(sys.argv[1])\n"
            "except bnstat.BnstatError as error:\n"
            "    print(type(error).__name__, error)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True
        )

        assert run.stdout == f"OutputError cannot write {path}: File too large\n"
        assert Stats.load(path) == stats
        assert [p.name for p in tmp_path.iterdir()] == ["bnstat.json"]

    def test_a_folder_that_is_missing_is_named(self, stats, tmp_path):
        """One line: what, where, why."""
        path = tmp_path / "missing" / "bnstat.json"
        with pytest.raises(OutputError) as refused:
            stats.save(path)

        assert str(refused.value) == f"cannot write {path}: No such file or directory"


class TestLoad:
    """A document that cannot be read is named, with what to do."""

    def test_a_missing_document(self, tmp_path):
        """How to make one."""
        path = tmp_path / "none.json"
        with pytest.raises(DocumentError) as refused:
            Stats.load(path)

        assert str(refused.value) == f"no result document {path}; make one: bnstat compute FOLDER"

    def test_a_folder(self, tmp_path):
        """What it is, and how to get a result of it."""
        with pytest.raises(DocumentError) as refused:
            Stats.load(tmp_path)

        measure = f"measure it first: bnstat compute {tmp_path}"
        assert str(refused.value) == f"{tmp_path} is a folder, not a result; {measure}"

    def test_an_error_names_the_file(self, document, tmp_path):
        """Where a value is wrong, in which file."""
        path = tmp_path / "x.json"
        document["count"] = 0
        path.write_text(json.dumps(document))
        with pytest.raises(DocumentError) as refused:
            Stats.load(path)

        assert str(refused.value) == f"{path}: count must be an integer of at least 1"


class TestNames:
    """Names that are not UTF-8 stand in the document with backslash escapes."""

    @pytest.fixture
    def folder(self, tmp_path):
        """A folder with such a name, an image and a broken image with such names."""
        folder = os.fsencode(tmp_path) + b"/caf\xe9"
        os.mkdir(folder)
        image = Image.fromarray(np.full((2, 2, 3), 51, dtype=np.uint8))
        image.save(os.fsdecode(folder + b"/good\xff.png"))
        with open(folder + b"/bad\n\xfe.png", "wb") as file:
            file.write(b"no image")
        return folder

    def test_they_survive_a_file(self, folder, tmp_path):
        """Saved, loaded and saved again, the document is valid UTF-8 and the same."""
        stats = bnstat.compute(os.fsdecode(folder), workers=1)
        stats.save(tmp_path / "x.json")
        written = (tmp_path / "x.json").read_bytes()

        assert stats.source.locations[0].endswith(r"caf\xe9")
        assert [failure.image for failure in stats.source.failures] == ["bad\n\\xfe.png"]
        assert Stats.load(tmp_path / "x.json") == stats
        assert json.loads(written.decode("utf-8"))["source"]["images"] == 1

    def test_a_list_s_root_and_the_current_folder_survive_too(self, folder, tmp_path, monkeypatch):
        """Wherever a path stands in the document."""
        monkeypatch.chdir(os.fsdecode(folder))
        (tmp_path / "list").write_bytes(b"good\xff.png\0")
        stats = bnstat.compute(
            files_from=tmp_path / "list", null=True, root=os.fsdecode(folder), workers=1
        )
        stats.save(tmp_path / "x.json")

        assert stats.source.cwd.endswith(r"caf\xe9")
        assert stats.source.files_from.root.endswith(r"caf\xe9")
        assert Stats.load(tmp_path / "x.json") == stats
