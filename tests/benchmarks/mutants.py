"""Small faults, put into rooms one at a time: how many of them do the tests of the room notice?

    python tests/benchmarks/mutants.py targets models
    python tests/benchmarks/mutants.py show/significance.py --number 30 --seed 1

Each fault is made in a copy of the checkout. The tests that run its line, as a first run with
coverage has found, run until one fails; for lines that run at import, all tests of the room. A
fault that no test notices is printed: look whether the program is still right (then it is
equivalent), or a test is missing.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("bnstat", "tests", "configs", "docs", "README.md", "pyproject.toml", ".ci", "LICENSE")
PYTEST = [
    "-q",
    "-x",
    "-n",
    "0",
    "-p",
    "no:cacheprovider",
    "--no-header",
    "--tb=no",
    "--hypothesis-profile=quick",
]
PYTEST += ["-m", "not long"]
SECONDS = 180  # after which a fault counts as noticed: it hangs

COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATIONS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


class Mutant(NamedTuple):
    """A fault: the file, its line, the text of the whole file with it, and what was changed."""

    file: Path
    line: int
    text: str
    change: str


def places(file: Path) -> Iterator[tuple[Path, int]]:
    """Yield where faults can be made in a file, by the number of the node."""
    tree = ast.parse((ROOT / file).read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        for outer in unnoticed(node)
        for inner in ast.walk(outer)
    }
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in skipped and change(copy.copy(node)) is not None:
            yield file, number


def unnoticed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield parts of a node in which no test could notice a fault: types, and what checks."""
    match node:
        case ast.If() if "TYPE_CHECKING" in ast.unparse(node.test):
            yield node
        case ast.ClassDef() | ast.FunctionDef():
            yield from node.decorator_list
        case ast.keyword(arg="strict" | "frozen"):
            yield node
        case ast.AnnAssign():
            yield node.annotation
        case ast.arg(annotation=ast.expr()):
            yield node.annotation


def mutant(file: Path, number: int) -> Mutant:
    """Return a file with a fault in one node."""
    tree = ast.parse((ROOT / file).read_text())
    node = next(node for i, node in enumerate(ast.walk(tree)) if i == number)
    line, before = getattr(node, "lineno", 1), ast.unparse(node)
    changed = change(node)
    assert changed is not None
    if changed is not node:
        replace(tree, node, changed)
    ast.fix_missing_locations(tree)
    return Mutant(file, line, ast.unparse(tree), f"{before}  ->  {ast.unparse(changed)}")


def change(node: ast.AST) -> ast.AST | None:
    """Return a node with a fault in it, or another for it; None if none is known."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
            node.ops = [COMPARISONS[type(operator)]()]
        case ast.BinOp(left=left, right=right) if type(node.op) in OPERATIONS:
            if is_text(left) or is_text(right):
                return None
            node.op = OPERATIONS[type(node.op)]()
        case ast.BoolOp():
            node.op = OPERATIONS[type(node.op)]()
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return node.operand
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float()):
            node.value += 1
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Raise() | ast.Expr(value=ast.Call()) | ast.AugAssign():
            return ast.Pass()
        case ast.Return(value=ast.expr()) if not is_none(node.value):
            node.value = ast.Constant(None)
        case _:
            return None
    return node


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put a node in the place of another."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]


def chosen(rooms: list[str], number: int, seed: int) -> list[Mutant]:
    """Return so many faults of rooms at random, none of them twice."""
    files: list[Path] = []
    for room in rooms:
        path = ROOT / "bnstat" / room
        files += [path] if path.suffix else sorted(path.rglob("*.py"))
    found = [place for file in files for place in places(file.relative_to(ROOT))]
    sample = random.Random(seed).sample(found, min(number, len(found)))
    return [mutant(*place) for place in sample]


def tests_of(room: str) -> str:
    """Return the folder of a room's tests."""
    return str(Path("tests", *Path(room).with_suffix("").parts[:1]))


def contexts(copied: Path, tests: list[str]) -> dict[str, dict[int, list[str]]]:
    """Run tests once; return by file which of them run each line."""
    import coverage

    config = copied / "mutants.cfg"
    config.write_text(
        "[run]\ndynamic_context = test_function\nsource = bnstat\ndata_file = mutants.data\n"
    )
    command = [sys.executable, "-m", "coverage", "run", "--rcfile", str(config), "-m", "pytest"]
    flags = [flag for flag in PYTEST if flag != "-x"]
    done = subprocess.run([*command, *flags, *tests], cwd=copied, env=environment(copied))
    if done.returncode:
        sys.exit("the tests fail without a fault")
    data = coverage.CoverageData(str(copied / "mutants.data"))
    data.read()
    return {
        str(Path(file).relative_to(copied)): data.contexts_by_lineno(file)
        for file in data.measured_files()
    }


def environment(copied: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}


def nodes(names: list[str], tests: list[str]) -> list[str]:
    """Return pytest's names of test functions; all tests where a line runs at import alone."""
    found = set()
    for name in filter(None, names):
        *_, function = name.split(".")
        module = name.rpartition(".")[0].split(".")
        if not function.startswith("test"):
            continue
        for length in range(len(module), 0, -1):
            path = Path(*module[:length]).with_suffix(".py")
            if (ROOT / path).is_file():
                found.add("::".join([str(path), *module[length:], function]))
                break
    return sorted(found) or tests


def noticed(copied: Path, mutant: Mutant, tests: list[str]) -> bool:
    """Whether a test fails with a fault; in a child of this process, which has imported torch."""
    file = copied / mutant.file
    before = file.read_text()
    file.write_text(mutant.text)
    child = os.fork()
    if not child:
        run(copied, tests)
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status) != 0
            time.sleep(0.05)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return True
    finally:
        file.write_text(before)


def run(copied: Path, tests: list[str]) -> None:
    """Run tests in this process, and end it."""
    status = 1
    try:
        os.setpgid(0, 0)
        os.chdir(copied)
        os.environ.update(environment(copied))
        sys.path.insert(0, str(copied))
        sys.dont_write_bytecode = True
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        import pytest

        status = int(pytest.main([*PYTEST, *tests]))
    finally:
        os._exit(status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("rooms", nargs="+", help="of bnstat, or files below it")
    parser.add_argument("--number", type=int, default=100, help="of faults, over all rooms")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1e9, help="after which no fault is begun")
    parser.add_argument("--tests", nargs="*", help="instead of those of the rooms")
    arguments = parser.parse_args()
    faults = chosen(arguments.rooms, arguments.number, arguments.seed)
    tests = arguments.tests or sorted({tests_of(room) for room in arguments.rooms})
    with tempfile.TemporaryDirectory(prefix="bnstat-mutants-") as folder:
        copied = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copied / name)
        lines = contexts(copied, tests)
        import torchvision.transforms.v2  # noqa: F401

        table: dict[str, list[int]] = {}
        end = time.monotonic() + 60 * arguments.minutes
        for fault in faults:
            if time.monotonic() > end:
                break
            names = lines.get(str(fault.file), {}).get(fault.line, [])
            found = noticed(copied, fault, nodes(names, tests))
            room = table.setdefault(fault.file.parts[1], [0, 0])
            room[0] += found
            room[1] += 1
            sys.stderr.write(f"{sum(made for _, made in table.values())} of {len(faults)}\n")
            if not found:
                print(f"not noticed: {fault.file}:{fault.line}: {fault.change[:200]}", flush=True)
    for room, (found, made) in table.items():
        print(f"{room:12} {found:4} of {made:4} noticed, {found / made:.0%}")


if __name__ == "__main__":
    main()
