"""Print the table of settings of docs/python.md: `python tests/docs/settings.py`."""

from collections.abc import Iterator

from bnstat.settings import RecalibrateSettings, Setting, Settings, SweepSettings, settings_of


def table() -> str:
    """Return a line for each setting of `compute` and `compare`, and those of other verbs alone."""
    known = settings_of(RecalibrateSettings) | settings_of(Settings) | settings_of(SweepSettings)
    return "\n".join(_lines(known.values()))


def _lines(settings: Iterator[Setting]) -> Iterator[str]:
    yield "| keyword | option | default | values | |"
    yield "|---|---|---|---|---|"
    for setting in settings:
        option = f"`{setting.option}`" if setting.option else ""
        default = f"`{setting.default!r}`"
        if setting.default is None:
            default += f" ({setting.none})"
        yield f"| `{setting.name}` | {option} | {default} | {_values(setting)} | {setting.help} |"


def _values(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{choice!r}`" for choice in setting.choices)
    names = {bool: "bool", int: "integer", float: "number", str: "text"}
    kind = f"{names.get(setting.type, 'callable')} {setting.range}".strip()
    kind = f"several: {kind}" if setting.several and setting.default is None else kind
    return f"{kind}, or `None`" if setting.optional or setting.default is None else kind


if __name__ == "__main__":
    print(table())  # noqa: T201
