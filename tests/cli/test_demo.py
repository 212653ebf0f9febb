"""`bnstat demo`: the whole story, in a folder of its own."""

import re

import pytest


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a demo prints, and the folder that it leaves."""
    import contextlib
    import io

    from bnstat.cli.app import run

    folder = tmp_path_factory.mktemp("demo")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        status = run(["demo"])
    return status, out.buffer.getvalue().decode(), folder / "bnstat-demo"


def test_it_runs_each_command(told):
    """It says why, shows what is typed, and the one exit status that is not 0."""
    status, out, _ = told
    assert status == 0
    assert re.findall(r"^\$ bnstat (\w+)", out, re.M) == [
        *("compute", "compare", "export", "export", "report"),
    ]
    assert re.findall(r"^\[exit status (\d)\]$", out, re.M) == ["3"]
    assert "v2.Normalize(mean=[0." in out


def test_it_leaves_what_it_made(told):
    """Images, the result, the layer, the page; nothing else."""
    *_, home = told
    made = {path.name for path in home.iterdir()}
    assert made == {"images", "bnstat.json", "bnstat.pt", "report.html"}


@pytest.mark.long
def test_it_can_be_run_again_and_touches_no_other_folder(told, in_process, tmp_path):
    """A folder of its own is written anew; of another, not a byte is changed."""
    *_, home = told
    assert in_process("demo", home).status == 0

    (tmp_path / "mine.txt").write_text("mine")
    done = in_process("demo", tmp_path)
    said = f"bnstat: {tmp_path} exists and is no demo folder; name another: bnstat demo FOLDER\n"
    assert (done.status, done.out, done.err) == (4, "", said)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
