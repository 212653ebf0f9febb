"""Steps to torchvision transforms."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from bnstat.augment.step import Step, Value, Word, resolve_word
from bnstat.augment.toml import preset_names
from bnstat.errors import SpecError
from bnstat.text import did_you_mean, shortened


def compose(steps: Sequence[Step]) -> Callable[[Any], Any]:
    """Return one transform that applies the steps in order."""
    from bnstat.transforms import v2

    composed: Callable[[Any], Any] = v2.Compose([transform(s) for s in steps] or [v2.Identity()])
    return composed


def transform(step: Step) -> Any:
    """Return the transform that a step names; raise SpecError if there is none such."""
    kind = _kind(step.name)
    args = [_resolve(value, step) for value in step.args]
    kwargs = {name: _resolve(value, step) for name, value in step.kwargs.items()}
    _check_arguments(step, kind, args)
    try:
        made = kind(*args, **kwargs)
    except Exception as error:
        raise SpecError(f"{step.name}: {error or type(error).__name__}, in {step}") from error
    if step.name == "ColorJitter" and not any((*args, *kwargs.values())):
        said = "ColorJitter without arguments changes nothing; the preset is colorjitter"
        warnings.warn(said, stacklevel=2)
    return made


def _kind(name: str) -> Any:
    known = _known()
    if name in known:
        return known[name]
    if name.startswith(("A.", "albumentations.")):
        raise SpecError(
            f"{shortened(name)!r} is of albumentations, whose pipelines are code of yours; name it "
            "as package.module:attribute, like my_pipelines:train"
        )
    # Of names in small letters a preset is meant: its transform may change nothing as it is.
    presets = preset_names() if name.islower() else []
    near = did_you_mean(name, [*known, *presets]) or "; bnstat pipelines lists the presets"
    raise SpecError(f"no transform {shortened(name)!r} in torchvision.transforms.v2{near}")


def _known() -> dict[str, Any]:
    """Return the transforms of torchvision by name."""
    from bnstat.transforms import v2

    classes = {name: each for name, each in vars(v2).items() if inspect.isclass(each)}
    return {name: each for name, each in classes.items() if _is_transform(each)}


def _check_value(value: Step, within: Step) -> None:
    """Raise SpecError for a bare name that is nothing known, in the words of what it stands in."""
    if value.args or value.kwargs or value.name in _known() or _near(value.name):
        return
    raise SpecError(
        f"{value.name!r} in {within.name}(...) is neither a number nor a known word; "
        "text stands in quotes"
    )


def _is_transform(kind: type) -> bool:
    from torch import nn

    from bnstat.transforms import v2

    return issubclass(kind, nn.Module) and kind is not v2.Transform


def _near(name: str) -> str:
    return did_you_mean(name, _known())


def _check_arguments(step: Step, kind: Any, args: Sequence[Any]) -> None:
    parameters = inspect.signature(kind).parameters
    for name in step.kwargs:
        if name not in parameters:
            raise SpecError(
                f"{step.name} has no argument {name!r}; it takes {', '.join(parameters)}"
            )
    lacking = [
        name
        for name, parameter in islice(parameters.items(), len(args), None)
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and name not in step.kwargs
    ]
    if lacking:
        example = ", ".join(f"{name}=..." for name in lacking)
        raise SpecError(f"{step.name} needs {' and '.join(lacking)}: {step.name}({example})")


def _resolve(value: Value, within: Step) -> Any:
    match value:
        case Step():
            _check_value(value, within)
            return transform(value)
        case Word():
            return resolve_word(value)
        case list():
            return [_resolve(item, within) for item in value]
        case tuple():
            return tuple(_resolve(item, within) for item in value)
        case dict():
            return {key: _resolve(item, within) for key, item in value.items()}
    return value
