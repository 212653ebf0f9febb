"""Options that commands share, and what a shell completes."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from bnstat.cli.app import MAX_FAILURES
from bnstat.cli.terminal import Terminal
from bnstat.measure.warm_up import warm_up
from bnstat.settings import Setting, Settings, settings_of

F = TypeVar("F", bound=Callable[..., Any])


class Typed(click.ParamType[Any]):
    """A value that a setting reads: its range and its words are the setting's."""

    name = "value"

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value; what is typed for None stays as typed, as None is what is not given."""
        if not isinstance(value, str):
            return value
        try:
            parsed = self.setting.parse(value)
        except ValueError as error:
            self.fail(f"{error}{'' if str(error).endswith(('?', '.')) else '.'}", param, ctx)
        return value if parsed is None else parsed


class _Choice(click.Choice[str]):
    """One of a few words, in any case."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the word; of an order of channels say where it is chosen."""
        if str(value).upper() == "BGR":
            self.fail(
                "images are measured as RGB; the order of channels is chosen where figures are "
                "written: bnstat export --channel-order bgr.",
                param,
                ctx,
            )
        words = {word.lower(): word for word in self.choices}
        return super().convert(words.get(str(value).lower(), value), param, ctx)


def number(kind: type, **limits: float) -> Typed:
    """Return the type of a number of an option that is no setting; its limits are ge, gt and le."""
    return Typed(Setting(type=kind, **limits))  # type: ignore[arg-type]


AMOUNT = number(float, ge=0)


def whole(flag: str, default: int, help: str, *, least: int = 0, **more: Any) -> Callable[[F], F]:
    """Return the option of a whole number that is no setting."""
    return click.option(
        flag,
        type=number(int, ge=least),
        default=default,
        show_default=True,
        metavar="N",
        help=help,
        **more,
    )


def checked(check: Callable[[str], Any]) -> Typed:
    """Return the type of text of which `check` raises ValueError if it has no meaning."""
    return Typed(Setting(type=str, check=check))


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given, as `bnstat.compute` takes them."""
    words = {n: s.none for n, s in settings_of(Settings).items() if s.none_typed}
    return {
        name: None if value == words.get(name, ...) else value
        for name, value in settings.items()
        if value is not None
    }


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


sources = _all(
    click.option(
        "--files-from",
        metavar="FILE",
        help="Measure the images listed in FILE, one per line; - is standard input.",
    ),
    click.option("-0", "--null", is_flag=True, help="Names in FILE end in NUL (find -print0)."),
    click.option("--root", metavar="DIR", help="Strip this prefix from image names."),
)


dataset = click.option(
    "--dataset",
    multiple=True,
    metavar="PACKAGE.MODULE:ATTRIBUTE",
    help="Measure what a dataset or a DataLoader of your code gives, or a function without "
    "arguments that makes one; it runs that code.",
)


def all_sources(sources: tuple[str, ...], settings: dict[str, Any]) -> tuple[str, ...]:
    """Return the sources that are typed, and those that --dataset, taken from settings, names."""
    if not (datasets := settings.pop("dataset")):
        return sources
    warm_up({**settings, "augment": True})  # they need torch, most likely
    from bnstat.verbs.resolve import dataset_at

    return (*sources, *map(dataset_at, datasets))


def one_source(source: str, settings: dict[str, Any]) -> str:
    """Return the source that is typed, or that --dataset, taken from settings, names instead."""
    if not settings["dataset"]:
        return all_sources((source,), settings)[0]
    typed = click.get_current_context().get_parameter_source("source")
    if typed is not ParameterSource.DEFAULT or len(settings["dataset"]) > 1:
        raise click.UsageError("name one source: SOURCE or --dataset")
    return all_sources((), settings)[0]


def settings(kind: type, recorded: str = "", leave_out: Container[str] = ()) -> Callable[[F], F]:
    """Return the options of all settings of a kind, but for some.

    `recorded` is what help texts say instead of the defaults of those that a result has.
    """
    wanted = [s for s in settings_of(kind).values() if s.option and s.name not in leave_out]
    return _all(*(_option(s, recorded) for s in wanted))


def _option(setting: Setting, recorded: str) -> Callable[[F], F]:
    assert setting.option is not None
    if setting.type is bool:
        return click.option(setting.option, is_flag=True, default=None, help=setting.help)
    default = recorded if setting.recorded_in and recorded else setting.text(setting.default)
    few = setting.choices and not setting.several
    several: Any = {"multiple": True, "callback": lambda _, __, values: values or None}
    return click.option(
        setting.option,
        setting.name,
        type=_Choice(setting.choices) if few else Typed(setting),
        metavar=setting.metavar or None,
        help=f"{setting.help}  [default: {default}]",
        **(several if setting.repeatable else {}),
    )


def augment(
    help: str = "Measure the images under this pipeline, as in compute.", **more: Any
) -> Callable[[F], F]:
    """Return the option that names a pipeline."""
    return click.option(
        "--augment", shell_complete=complete_spec, metavar="SPEC", help=help, **more
    )


def form(*names: str, help: str = "What goes to standard output.") -> Callable[[F], F]:
    """Return the option that chooses between a table and formats for programs."""
    kind = click.Choice(["table", *names])
    return click.option(
        "--format", "form", type=kind, default="table", show_default=True, help=help
    )


weights = click.option(
    "--weights",
    metavar="FILE",
    help="The model's state_dict, of torch.save or .safetensors. Only code of yours needs none.",
)

output = click.option(
    "-o",
    "--output",
    default="bnstat.json",
    show_default=True,
    metavar="FILE",
    help="Where the result goes; - is standard output, without a table.",
)

failures = whole(
    "--max-failures",
    0,
    "Exit with status 3 if more images fail.",
    expose_value=False,
    callback=lambda context, _, most: context.meta.update({MAX_FAILURES: most}),
)


def _of_terminal(*flags: str, **more: Any) -> Callable[[F], F]:
    """Return an option that is an attribute of the command's `Terminal`."""

    def keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
        setattr(context.ensure_object(Terminal), str(parameter.name), value)

    return click.option(*flags, expose_value=False, callback=keep, **more)


_TERMINAL = {
    "quiet": _of_terminal(
        "-q", "--quiet", is_flag=True, help="Show no table; failures are still named."
    ),
    "verbose": _of_terminal(
        "-v", "--verbose", is_flag=True, help="Show the figures of all methods."
    ),
    "progress": _of_terminal(
        "--progress/--no-progress",
        default=None,
        help="Show a progress bar on stderr.  [default: on a terminal]",
    ),
    "color": _of_terminal(
        "--color/--no-color", default=None, help="Color the output.  [default: on a terminal]"
    ),
}


def terminal(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return some of the options of a `Terminal`, which the command is given first of all."""
    return _all(*(_TERMINAL[name] for name in names), click.pass_obj)


def complete_spec(
    context: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return presets, transforms and files that begin as typed; behind a bar, transforms."""
    from bnstat.verbs.pipelines import preset_names

    before, bar, last = typed.rpartition("|")
    last = last.lstrip()
    kept = f"{before}| " if bar else ""
    names = [*([] if bar else preset_names()), *_transforms()]
    items = [CompletionItem(kept + name) for name in names if name.startswith(last)]
    return items or [CompletionItem(typed, type="file")]


def _transforms() -> list[str]:
    """Return the names of torchvision's v2 transforms from its source: importing takes seconds."""
    package = find_spec("torchvision")
    if package is None or package.origin is None:
        return []
    source = Path(package.origin).parent / "transforms" / "v2" / "__init__.py"
    text = source.read_text(encoding="utf-8") if source.is_file() else ""
    imported = re.findall(r"^from \._\w+ import (\([^)]*\)|.*)$", text, flags=re.MULTILINE)
    return sorted(set(re.findall(r"\b[A-Z]\w+", " ".join(imported))) - {"Transform"})


sheet = click.option(
    "--sheet",
    metavar="FILE.png",
    help="Write a contact sheet, too: the images, small, with their names.",
)
