"""Print docs/settings.md: `python tests/docs/settings.py > docs/settings.md`."""

import sys
from collections.abc import Iterable, Iterator

from bnstat.settings import RecalibrateSettings, Setting, Settings, SweepSettings, settings_of

_HEAD = """\
# Settings

Generated from the code by `python tests/docs/settings.py > docs/settings.md`.

How images are measured: keyword arguments of `compute`, `compare` and others in Python, options on
the command line, where `None` of a momentum is `cumulative`. `sweep` takes a grid (`batch_sizes`,
`momenta`, `orders`, `repeats`) instead of `batch_size`, `momentum` and `order`; `recalibrate` takes
`tolerance`, `max_passes`, `cache`, `device`, and as `batch_size` the images that the model is run
on at once, 32. What is not given to `compare` and `sweep` comes from the result that they start
from, where that has it.

"""


def page() -> str:
    """Return the whole page: a line for each setting of any verb."""
    known = settings_of(RecalibrateSettings) | settings_of(Settings) | settings_of(SweepSettings)
    return _HEAD + "\n".join(_lines(known.values())) + "\n"


def _lines(settings: Iterable[Setting]) -> Iterator[str]:
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
    sys.stdout.write(page())
