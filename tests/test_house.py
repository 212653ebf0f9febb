"""The checks of the house itself: format, lint, types, walls; pytest is their one door."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "bnstat"
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports", "--no-logo"]],
    ids=" ".join,
)
def test_check_passes(command):
    """Each tool finds nothing."""
    tool = [str(BIN / command[0]), *command[1:]]
    result = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_top_level_is_as_agreed():
    """Nothing stands beside the rooms but what belongs there."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    if not listed:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed.split()}
    agreed = {"pyproject.toml", "README.md", "LICENSE", "bnstat", "tests", "configs", "docs"}
    assert {name for name in top if not name.startswith(".")} <= agreed


@cache
def layers():
    """Return the layer of each room, counted from the top, as import-linter's contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (house,) = [c for c in contracts["contracts"] if c["type"] == "layers"]
    return {room.strip(): i for i, row in enumerate(house["layers"]) for room in row.split("|")}


def strings(tree):
    """Yield the strings of a module, but for its docstrings."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", 0), list)]
    docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in docstrings:
            yield node.value


def rooms_named(source):
    """Yield the rooms whose modules are named in strings: as "bnstat.api", f"bnstat.cli.{name}"."""
    for text in strings(ast.parse(source)):
        for dotted in re.findall(r"\bbnstat\.([a-z_.]+)", text):
            *above, last = dotted.rstrip(".").split(".")
            path = HOUSE.joinpath(*above, last)
            if path.is_dir() or path.with_suffix(".py").is_file() or above:
                yield (above or [last])[0]


def not_below(room, rooms):
    """Return which of some rooms are not below one."""
    layer = layers()
    return [r for r in rooms if r != room and layer[r] <= layer[room]]


def test_names_of_modules_in_strings_obey_the_walls():
    """What is imported by a name in a string stands below, as what is imported by a statement."""
    named = set()
    for path in HOUSE.rglob("*.py"):
        room = path.relative_to(HOUSE).parts[0].removesuffix(".py")
        rooms = set(rooms_named(path.read_text()))
        assert room.startswith("__") or not_below(room, rooms) == [], path
        named |= rooms
    assert {"measure", "verbs"} <= named


def test_a_name_that_points_up_is_found():
    """A string in a lower room that names a higher one, or one beside it, is an error."""
    for name in ("bnstat.measure.measure", "bnstat.verbs", "bnstat.augment"):
        assert len(not_below("engines", rooms_named(f"PRELOAD = ['PIL', {name!r}]"))) == 1
    below = rooms_named("PRELOAD = ['bnstat.moments', 'bnstat.engines.worker']")
    assert not_below("engines", below) == []
