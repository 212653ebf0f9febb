"""The examples in docstrings print what they show."""

import doctest
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

import bnstat

PACKAGE = Path(bnstat.__file__).parent


def examples():
    """Yield the examples of each docstring, of modules whose packages are installed."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>>" in path.read_text(encoding="utf-8"):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            with suppress(ModuleNotFoundError):  # an extra
                module = import_module(".".join(parts).removesuffix(".__init__"))
                yield from filter(lambda each: each.examples, doctest.DocTestFinder().find(module))


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.name)
def test_example(example):
    """What is shown is what comes."""
    assert doctest.DocTestRunner().run(example).failed == 0
