"""Where values stand in YAML; PyYAML's nodes know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bnstat.errors import ExportError
from bnstat.targets.figures import literal

Edit: TypeAlias = tuple[int, int, str]  # start, end and what comes there

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


def edits(text: str, fields: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield the edits that put the values of `fields` into the mapping that a text holds."""
    yaml = _pyyaml()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None:
        yield from _edits(text, root, fields)
        return
    start = "\n" if text and not text.endswith("\n") else ""  # no more than comments
    added = "".join(f"{name}: {literal(value)}\n" for name, value in fields.items())
    yield (len(text), len(text), start + added)


def _edits(text: str, old: Any, value: Any) -> Iterator[Edit]:
    """Change numbers within a list of the same length, so that its layout stays; else all of it."""
    if isinstance(value, Mapping) and old.id == "mapping":
        nodes = {_name(key): node for key, node in old.value}
        for name, new in value.items():
            if name in nodes:
                yield from _edits(text, nodes[name], new)
            else:
                yield _added(text, old, name, new)
    elif isinstance(value, list) and old.id == "sequence" and len(old.value) == len(value):
        for node, new in zip(old.value, value, strict=True):
            yield from _edits(text, node, new)
    else:
        start, end = old.start_mark.index, _end(old)
        yield (start, end, " " * (start == end) + literal(value))


def _added(text: str, mapping: Any, name: str, value: Any) -> Edit:
    """Return the edit that puts a name last into a mapping, in its indentation or its braces."""
    if mapping.flow_style:
        at = mapping.end_mark.index - 1
        comma = ", " if mapping.value else ""
        return (at, at, f"{comma}{name}: {literal(value)}")
    at = _line_end(text, _end(mapping))
    indent = " " * mapping.start_mark.column
    return (at, at, f"\n{indent}{name}: {literal(value)}")


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


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
