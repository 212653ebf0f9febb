"""What the code may not do, found by reading it."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "bnstat"
FILES = sorted(ROOT.rglob("*.py"))
# Where bytes become objects, names modules, and programs are started: only between processes of
# bnstat's own (or those of a Dask cluster, which the user names), for package.module:attribute, and
# for modules of the standard library; and one, the fork server, by its own interpreter.
ALLOWED = {
    "pickle": {
        *("engines/worker.py", "engines/processes.py", "engines/fork_server.py"),
        *("engines/dask.py", "augment/objects.py", "sources/datasets.py"),
    },
    "import_module": {
        *("__init__.py", "cli/app.py", "engines/worker.py"),
        *("show/__init__.py", "sources/decompress.py", "user_code.py"),
    },
    "subprocess": {"engines/starting.py"},
    "os.posix_spawn": {"engines/fork_server.py"},
}


@cache
def calls(path):
    """Return each call of a file, with the dotted name of what is called."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return [(ast.unparse(node.func), node) for node in nodes if isinstance(node, ast.Call)]


def found(*names):
    """Return the files in which a function or module of such a name is called."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for name, _ in calls(path)
        if name in names or name.partition(".")[0] in names
    }


@pytest.mark.parametrize(
    "name", ["eval", "exec", "compile", "__import__", "marshal", "shelve", "runpy"]
)
def test_no_text_becomes_code(name):
    """Nothing is evaluated."""
    assert found(name) == set()


@pytest.mark.parametrize("call", ["os.system", "os.popen", "os.execv", "os.spawnv", "pty.spawn"])
def test_no_shell_is_started(call):
    """Nor through os."""
    assert found(call) == set()


@pytest.mark.parametrize("name", ALLOWED)
def test_what_could_run_something_stands_in_few_places(name):
    """Unpickling, importing by name and starting programs stand where they are known to."""
    assert found(name) == ALLOWED[name]


def test_torch_loads_weights_only():
    """torch.load runs what is in a file, unless it is told not to."""
    loading = [
        (path.name, ast.unparse(call))
        for path in FILES
        for name, call in calls(path)
        if name == "torch.load"
    ]
    assert loading, "nothing calls it; has it another name?"
    assert [where for where in loading if "weights_only=True" not in where[1]] == []


def test_yaml_is_read_as_plain_data():
    """PyYAML makes objects unless its loader is the safe one."""
    loading = {
        ast.unparse(call)
        for path in FILES
        for name, call in calls(path)
        if name.startswith("yaml.") and "load" in name.lower() + ast.unparse(call).lower()
    }
    assert loading
    safe = ("Loader=yaml.SafeLoader", "yaml.safe_load(")
    assert [call for call in loading if not any(word in call for word in safe)] == []


def test_formats_are_literals():
    """What is formatted with is the code's own text, never a file's."""
    formats = [
        (path.name, ast.unparse(call.func.value))
        for path in FILES
        for name, call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("format", "format_map")
    ]
    constants = {"_ASSIGNED", "template", "name", "recipe.name", "reason"}  # each of a table here
    assert {name for _, name in formats if name[0] not in "'\""} <= constants
