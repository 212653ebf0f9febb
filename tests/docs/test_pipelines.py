"""The examples of docs/compare.md, run by make, and read as GitHub, DVC and pre-commit do."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

PAGE = (Path(__file__).parents[2] / "docs" / "compare.md").read_text()
FILES = dict(re.findall(r"<!-- tested: (\S+) -->\n```\w+\n(.*?)```", PAGE, flags=re.DOTALL))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with images and the three files; `bnstat` on PATH is this one."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name in ("data/a", "train", "test"):
        (tmp_path / name).mkdir(parents=True)
    for i in range(6):
        Image.new("RGB", (4, 4), (40 * i, 90 + i, 200 - i)).save(
            tmp_path / "data" / "a" / f"{i}.png"
        )
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "train" / "x.png")
    Image.new("RGB", (4, 4), (3, 2, 1)).save(tmp_path / "test" / "y.png")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "bnstat"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m bnstat "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True)


@pytest.mark.long
def test_make(project):
    """The snippet is made from the result, the result from the images; a drift fails the check."""
    if shutil.which("make") is None:
        pytest.skip("no make")
    done = shell("make normalize.py")
    assert 0 == done.returncode, done.stderr
    assert "v2.Normalize(mean=[" in (project / "normalize.py").read_text()
    assert "up to date" in shell("make normalize.py").stdout
    shutil.copy("bnstat.json", "reference.json")
    assert 0 == shell("make check").returncode
    Image.new("RGB", (90, 90), (255, 255, 255)).save(project / "data" / "a" / "new.png")
    drifted = shell("make check")
    assert 2 == drifted.returncode and "over the tolerance of 0.02" in drifted.stderr


@pytest.mark.long
def test_dvc(project):
    """The stages are DVC's: commands, what they read and what they write; both commands run."""
    stages = yaml.safe_load(FILES["dvc.yaml"])["stages"]
    assert 0 == shell(stages["measure"]["cmd"]).returncode
    shutil.copy("bnstat.json", "reference.json")
    assert 0 == shell(stages["drift"]["cmd"]).returncode
    for stage in stages.values():
        written = [*stage.get("outs", ()), *(name for m in stage.get("metrics", ()) for name in m)]
        assert written and all(Path(name).exists() for name in (*written, *stage["deps"]))


@pytest.mark.long
def test_pre_commit(project):
    """The hook fails once an image of the test set is in the training set, too."""
    (hook,) = yaml.safe_load(FILES[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert 0 == shell(hook["entry"]).returncode
    shutil.copy("test/y.png", "train/renamed.png")
    assert 1 == shell(hook["entry"]).returncode


def test_github(project):
    """The last step of the job fails once the data have drifted, and writes the table."""
    (job,) = yaml.safe_load(FILES["drift.yml"])["jobs"].values()
    step = job["steps"][-1]["run"].replace("$GITHUB_STEP_SUMMARY", "summary.md")
    assert 0 == shell("bnstat compute data -q -o reference.json").returncode
    assert 0 == shell(step).returncode
    Image.new("RGB", (90, 90), (255, 255, 255)).save(project / "data" / "a" / "new.png")
    assert 1 == shell(step).returncode
    assert "| reference.json |" in (project / "summary.md").read_text()
