"""Commands that are advised name the images that were measured, and can be typed."""

import shlex
from dataclasses import replace

import click
import pytest

from bnstat.cli.app import app
from bnstat.result import Dataset, FileList
from bnstat.show.verdicts import compute_command

LIST = {"locations": ("split.csv",), "files_from": FileList(False, "my data", True)}
CASES = [
    ({"locations": ("a b", "c")}, "'a b' c"),
    ({"exclude": ("masks/", "*_m.png")}, "data --exclude masks/ --exclude '*_m.png'"),
    (
        LIST | {"where": ("split=train",)},
        "--files-from split.csv --root 'my data' --where split=train",
    ),
    (
        {"files_from": FileList(True, None, True), "files_column": "f"},
        "--files-from data --null --files-column f",
    ),
    ({"dataset": Dataset("m:d", "D", 3, False)}, "--dataset m:d"),
    ({"dataset": Dataset(None, "D", 3, False)}, "SOURCE..."),
    ({"locations": ("x.npz",), "array": "a", "layout": "NCHW"}, "x.npz --array a --layout NCHW"),
]


@pytest.mark.parametrize(("changed", "words"), CASES)
def test_a_command_names_the_images(stats, changed, words):
    """Sources as they were typed, and every option that chose of them; click takes it."""
    plain = replace(stats.source, locations=("data",), files_from=None, dataset=None)
    line = compute_command(replace(plain, **changed), "Resize(8)")
    assert line == f"bnstat compute {words} --augment 'Resize(8)'"
    root = click.Context(app, **app.context_settings)
    app.get_command(root, "compute").make_context("compute", shlex.split(line)[2:], parent=root)
