"""What a pipeline of the user's own code depends on: sources of their modules, versions of others.

Nothing is imported: modules are found by what is written, as Python would find them.
"""

from __future__ import annotations

import ast
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

_INSTALLED = tuple(
    os.path.realpath(sysconfig.get_path(name))
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def digest_of_code(where: str) -> str:
    """Return a digest of package.module:attribute: of all of its code, and of what that imports.

    Of the user's modules it is the source, of installed packages the version. What code reads while
    it runs, as a file of settings, is not known.
    """
    digest, todo, known = blake2b(digest_size=16), [where.partition(":")[0]], set[str]()
    while todo:
        name = todo.pop()
        if name in known:
            continue
        known.add(name)
        spec = _find(name)
        if spec is None or spec.origin is None or not os.path.isfile(spec.origin):
            continue
        if _is_installed(spec.origin):
            digest.update(_version(name.partition(".")[0]).encode())
        else:
            source = Path(spec.origin).read_bytes()
            digest.update(b"%d/%s/%s" % (len(source), name.encode(), source))
            todo += sorted(_imported(source, name, spec))
    return digest.hexdigest()


def _find(name: str) -> ModuleSpec | None:
    """Return where a module is, without importing the packages that it is in."""
    path, spec = [os.getcwd(), *sys.path], None
    for i in range(1, name.count(".") + 2):
        part = ".".join(name.split(".")[:i])
        spec = PathFinder.find_spec(part, path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return spec


def _is_installed(origin: str) -> bool:
    real = Path(os.path.realpath(origin))
    packages = {"site-packages", "dist-packages"}
    return str(real).startswith(_INSTALLED) or not packages.isdisjoint(real.parts)


@cache
def _distributions() -> dict[str, str]:
    """Return the version of what each installed package comes from."""
    from importlib.metadata import packages_distributions, version

    return {
        package: " ".join(f"{name} {version(name)}" for name in sorted(set(names)))
        for package, names in packages_distributions().items()
    }


def _version(package: str) -> str:
    return "" if package in sys.stdlib_module_names else _distributions().get(package, "")


def _imported(source: bytes, module: str, spec: ModuleSpec) -> Iterator[str]:
    """Yield the names of what a module imports anywhere, and of the packages that it is in."""
    package = module if spec.submodule_search_locations else module.rpartition(".")[0]
    if package:
        yield package
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # importing it says so
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
