"""Where values stand in YAML; PyYAML's nodes know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.figures import literal

# Aliases double what they stand for with each line; no config has so many values.
_MAX_VALUES = 100_000


def read(text: str, name: str) -> Any:
    """Return what a text says: mappings as dictionaries, and all else by tag and value."""
    yaml = _pyyaml()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if _count(root, {}) > _MAX_VALUES:
            raise ExportError(f"{name} has aliases of aliases for more than {_MAX_VALUES:,} values")
        return _as_python(root)
    except (yaml.YAMLError, RecursionError) as error:
        raise ExportError(f"{name} is not YAML: {' '.join(str(error).split())}") from error


def root(text: str) -> Any:
    """Return the node of a text's value; None where there are no more than comments."""
    yaml = _pyyaml()
    return yaml.compose(text, Loader=yaml.SafeLoader)


def parts(text: str, node: Any) -> dict[Any, Any] | list[Any] | None:
    """Return the nodes in a mapping, by name, or those in a sequence; else None."""
    if node is None:
        return {}
    if node.id == "mapping":
        return {_name(key): value for key, value in node.value}
    return list(node.value) if node.id == "sequence" else None


def span(text: str, node: Any) -> tuple[int, int]:
    return node.start_mark.index, _end(node)


def added(text: str, node: Any, missing: Mapping[str, Any]) -> tuple[int, str]:
    """Return what puts names last into a mapping, in its indentation or its braces, and where."""
    members = [f"{name}: {literal(value)}" for name, value in missing.items()]
    if node is None:
        start = "\n" if text and not text.endswith("\n") else ""
        return len(text), start + "".join(f"{member}\n" for member in members)
    if node.flow_style:
        comma = ", " if node.value else ""
        return node.end_mark.index - 1, comma + ", ".join(members)
    indent = " " * node.start_mark.column
    at = text.find("\n", _end(node))
    return at if at >= 0 else len(text), "".join(f"\n{indent}{member}" for member in members)


def _end(node: Any) -> int:
    """Return where a node ends; a block's own mark is at whatever follows."""
    if isinstance(node.value, str) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _as_python(node: Any) -> Any:
    if node is None:
        return {}
    if node.id == "mapping":
        return {_name(key): _as_python(value) for key, value in node.value}
    if node.id == "sequence":
        return [_as_python(value) for value in node.value]
    return (node.tag, node.value)


def _name(key: Any) -> Any:
    """Return a key as a name; YAML has keys that are lists and mappings too."""
    return key.value if isinstance(key.value, str) else _hashable(_as_python(key))


def _hashable(value: Any) -> Any:
    """Return lists and mappings as tuples, which can be keys."""
    if isinstance(value, dict):
        return tuple((name, _hashable(inner)) for name, inner in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _count(node: Any, counts: dict[int, int]) -> int:
    """Return how many values a node holds where aliases stand for what they name."""
    if node is None or isinstance(node.value, str):
        return 1
    if id(node) not in counts:
        inner = (n for item in node.value for n in (item if isinstance(item, tuple) else [item]))
        counts[id(node)] = 1 + sum(_count(child, counts) for child in inner)
    return counts[id(node)]


def _pyyaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise ExportError(
            "to update YAML, bnstat needs PyYAML: pip install 'bnstat[yaml]'"
        ) from error
    return yaml
