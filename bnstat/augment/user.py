"""The user's own transform, by package.module:attribute: the only form that runs their code.

What it depends on, for a journal: the sources of their modules, the versions of others. For that
nothing is imported: modules are found by what is written, as Python would find them.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from hashlib import blake2b
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from bnstat.errors import SpecError
from bnstat.user_code import call_object, find_object

# What may stand behind a Normalize without changing values.
_TYPES_ONLY = {"ToTensorV2", "ToPureTensor"}
# Python itself hides these from users.
_FOR_DEVELOPERS = (
    *(DeprecationWarning, PendingDeprecationWarning),
    *(ImportWarning, ResourceWarning, BytesWarning),
)


def load(where: str, *, keep_normalize: bool) -> Callable[[Any], Any]:
    """Return the transform at package.module:attribute, as a callable on a PIL image.

    The attribute is a transform, or a function without arguments that makes one. A Normalize at the
    end is left out unless it is to be kept. Raises SpecError if importing or making it fails.
    """
    transform = _made(where)
    return as_transform(transform if keep_normalize else without_normalize(transform), where)


def as_transform(transform: Any, name: str) -> Callable[[Any], Any]:
    """Return a transform as a callable on a PIL image; `name` is what errors call it.

    Raises SpecError if it cannot be called or seeded.
    """
    if not callable(transform):
        raise SpecError(f"{name} is a {type(transform).__name__}, which is no transform")
    if not _is_albumentations(transform):
        plain: Callable[[Any], Any] = transform
        return plain
    if not hasattr(transform, "set_random_seed"):
        raise SpecError(f"{name} cannot be seeded; albumentations 1.4.19 and later can")
    return Albumentations(transform)


def ends_in_normalize(where: str) -> bool:
    """Whether the transform at package.module:attribute has a Normalize at its end."""
    transform = _made(where)
    return without_normalize(transform) is not transform


def has_normalize(transform: Any) -> bool:
    """Whether a transform is a Normalize, or a Compose or Sequential with one anywhere in it."""
    if isinstance(transform, Albumentations):
        transform = transform.pipeline
    return type(transform).__name__ == "Normalize" or any(map(has_normalize, parts(transform)))


def _made(where: str) -> Any:
    """Call what needs no argument to make a transform; a function on an image is one itself."""
    found = find_object(where)
    if not (inspect.isroutine(found) or inspect.isclass(found)):
        return found
    if not _needs_arguments(found):
        return call_object(found, where)
    if inspect.isclass(found):
        raise SpecError(f"{where} needs arguments to be made; name an object made of it")
    return found


def _needs_arguments(found: Any) -> bool:
    try:
        parameters = inspect.signature(found).parameters.values()
    except ValueError:  # a builtin that does not tell
        return True
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return any(p.default is p.empty and p.kind not in optional for p in parameters)


def without_normalize(transform: Any) -> Any:
    """Return a Compose or Sequential without the Normalize at its end, or else the same object."""
    within = parts(transform)
    names = [type(each).__name__ for each in within]
    last = last_changing(names)
    if last is None:
        return transform
    instead = [] if names[last] == "Normalize" else [without_normalize(within[last])]
    if instead and instead[0] is within[last]:
        return transform
    return _with_parts(transform, [*within[:last], *instead, *within[last + 1 :]])


def last_changing(names: Sequence[str]) -> int | None:
    """Return where the last of the named transforms is that changes values; None if none does."""
    return max((i for i, name in enumerate(names) if name not in _TYPES_ONLY), default=None)


def parts(transform: Any) -> list[Any]:
    """Return the transforms in a Compose or Sequential; none if it is neither."""
    from torch import nn

    if isinstance(transform, nn.Sequential):
        return list(transform)
    named = type(transform).__name__ in ("Compose", "Sequential")
    return list(transform.transforms) if named and hasattr(transform, "transforms") else []


def _with_parts(transform: Any, parts: list[Any]) -> Any:
    from torch import nn

    from bnstat.transforms import v2

    if not parts and not _is_albumentations(transform):
        parts = [v2.Identity()]  # v2's Compose of nothing cannot be called
    if isinstance(transform, nn.Sequential):
        return type(transform)(*parts)
    less = copy(transform)  # a Compose of the user's own may have been made of more than parts
    less.transforms = parts
    return less


def _is_albumentations(transform: Any) -> bool:
    return type(transform).__module__.partition(".")[0] == "albumentations"


class Albumentations:
    """An albumentations pipeline as a callable on a PIL image; it has generators of its own."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    def seed(self, number: int) -> None:
        """Seed its own generators, which ignore the global ones."""
        self.pipeline.set_random_seed(number % 2**32)

    def __call__(self, image: Any) -> Any:
        import numpy as np

        return self.pipeline(image=np.asarray(image))["image"]


@contextmanager
def warnings_collected() -> Iterator[list[str]]:
    """Give the list of what is warned of within, each text on one line and once."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    shown = [w for w in caught if not issubclass(w.category, _FOR_DEVELOPERS)]
    texts.extend(dict.fromkeys(" ".join(str(w.message).split()) for w in shown))


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
        package = name.partition(".")[0]
        if not _is_installed(spec.origin):
            source = Path(spec.origin).read_bytes()
            digest.update(b"%d/%s/%s" % (len(source), name.encode(), source))
            todo += sorted(_imported(source, name, spec))
        elif package not in sys.stdlib_module_names:
            digest.update(_distributions().get(package, "").encode())
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
    real, packages = Path(os.path.realpath(origin)), {"site-packages", "dist-packages"}
    return str(real).startswith(_installed_folders()) or not packages.isdisjoint(real.parts)


@cache
def _installed_folders() -> tuple[str, ...]:
    import sysconfig

    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(os.path.realpath(sysconfig.get_path(name)) for name in names)


@cache
def _distributions() -> dict[str, str]:
    """Return the version of what each installed package comes from."""
    from importlib.metadata import packages_distributions, version

    return {
        package: " ".join(f"{name} {version(name)}" for name in sorted(set(names)))
        for package, names in packages_distributions().items()
    }


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
