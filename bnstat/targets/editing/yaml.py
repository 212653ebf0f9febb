"""Where values stand in YAML; PyYAML's nodes know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.editing.splice import Edit
from bnstat.targets.wording import dumped

# Aliases double what they stand for with each line; no config has so many values.
_MOST = 100_000


def read(text: str, name: str) -> Any:
    """Return what a text says: mappings as dictionaries, and all else by tag and value."""
    yaml = _pyyaml()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if _size(root, {}) > _MOST:
            raise ExportError(f"{name} has aliases of aliases for more than {_MOST:,} values")
        return _plain(root)
    except (yaml.YAMLError, RecursionError) as error:
        raise ExportError(f"{name} is not YAML: {' '.join(str(error).split())}") from error


def edits(text: str, fields: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield what puts the values of `fields` into the mapping that a text holds."""
    yaml = _pyyaml()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None:
        yield from _edits(text, root, fields)
        return
    start = "\n" if text and not text.endswith("\n") else ""  # no more than comments
    added = "".join(f"{name}: {dumped(value)}\n" for name, value in fields.items())
    yield Edit(len(text), len(text), start + added)


def _edits(text: str, mapping: Any, fields: Mapping[str, Any]) -> Iterator[Edit]:
    pairs = {_name(key): (key, value) for key, value in mapping.value}
    for name, value in fields.items():
        if name not in pairs:
            yield _added(text, mapping, name, value)
            continue
        key, old = pairs[name]
        if isinstance(value, Mapping) and isinstance(old.value, list) and old.id == "mapping":
            yield from _edits(text, old, value)
        else:
            yield Edit(key.end_mark.index, _end(old), f": {dumped(value)}")


def _added(text: str, mapping: Any, name: str, value: Any) -> Edit:
    if mapping.flow_style:
        at = mapping.end_mark.index - 1
        comma = ", " if mapping.value else ""
        return Edit(at, at, f"{comma}{name}: {dumped(value)}")
    at = _line_end(text, _end(mapping))
    indent = " " * mapping.start_mark.column
    return Edit(at, at, f"\n{indent}{name}: {dumped(value)}")


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _end(node: Any) -> int:
    """Return where a node ends; a block's own mark is at whatever follows."""
    if isinstance(node.value, str) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _plain(node: Any) -> Any:
    if node is None:
        return {}
    if node.id == "mapping":
        return {_name(key): _plain(value) for key, value in node.value}
    if node.id == "sequence":
        return [_plain(value) for value in node.value]
    return (node.tag, node.value)


def _name(key: Any) -> Any:
    """Return what a value is called; YAML has names that are lists and mappings too."""
    return key.value if isinstance(key.value, str) else _frozen(_plain(key))


def _frozen(value: Any) -> Any:
    """Return lists and mappings as tuples, which can be names."""
    if isinstance(value, dict):
        return tuple((name, _frozen(inner)) for name, inner in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _size(node: Any, known: dict[int, int]) -> int:
    """Return how many values a node holds where aliases stand for what they name."""
    if node is None or isinstance(node.value, str):
        return 1
    if id(node) not in known:
        inner = (n for item in node.value for n in (item if isinstance(item, tuple) else [item]))
        known[id(node)] = 1 + sum(_size(each, known) for each in inner)
    return known[id(node)]


def _pyyaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise ExportError(
            "to update YAML, bnstat needs PyYAML: pip install 'bnstat[yaml]'"
        ) from error
    return yaml
