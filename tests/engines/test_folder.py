"""Where workers run: what lies in the caller's folder is images, whatever it is called."""

import os

import numpy as np
import pytest
from PIL import Image

# The command as it is installed: unlike `python -m`, it does not look for modules here.
INSTALLED = "import sys; sys.path.remove(''); from bnstat.cli import main; sys.exit(main())"
MODULES = [
    *("threading", "socket", "selectors", "signal", "pickle", "struct", "json", "random", "queue"),
    *(
        "multiprocessing",
        "numpy",
        "PIL",
        "torch",
        "torchvision",
        "bnstat",
        "click",
        "sitecustomize",
    ),
]


@pytest.mark.parametrize(
    "options",
    [
        ["--workers", "2"],
        pytest.param(["--workers", "2", "--augment", "colorjitter"], marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_modules_beside_the_images_are_not_run(tmp_path, python, options):
    """A stranger's folder may hold a threading.py: neither workers nor what starts them take it."""
    Image.fromarray(np.zeros((9, 9, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("open('harm', 'w').close()\n")
    done = python("-c", INSTALLED, "compute", ".", "-o", "-", *options, timeout=300)
    assert (done.returncode, done.stderr.count("Error")) == (0, 0), done.stderr
    assert not (tmp_path / "harm").exists()


def test_callers_environment_is_left_as_it_was(photos, python):
    """What new processes are told is not left behind for others."""
    code = (
        "import os, sys, bnstat\n"
        "before = dict(os.environ)\n"
        "bnstat.compute(sys.argv[1], workers=2)\n"
        "print(dict(os.environ) == before)"
    )
    for own in ({}, {"PYTHONSAFEPATH": "x"}):
        assert python("-c", code, photos, env=own).stdout == "True\n"
    assert os.environ.get("PYTHONSAFEPATH") is None
