"""Steps to torchvision transforms."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from bnstat.errors import SpecError
from bnstat.pipelines import words
from bnstat.pipelines.step import Step, Value, Word


def compose(steps: Sequence[Step]) -> Callable[[Any], Any]:
    """Return one transform that applies the steps in order."""
    from bnstat.transforms import v2

    composed: Callable[[Any], Any] = v2.Compose([transform(s) for s in steps] or [v2.Identity()])
    return composed


def transform(step: Step) -> Any:
    """Return the transform that a step names; raise SpecError if there is none such."""
    kind = _kind(step.name)
    args = [_resolve(value) for value in step.args]
    kwargs = {name: _resolve(value) for name, value in step.kwargs.items()}
    _check_arguments(step, kind)
    try:
        return kind(*args, **kwargs)
    except Exception as error:
        raise SpecError(f"{step.name}: {error or type(error).__name__}, in {step}") from error


def _kind(name: str) -> Any:
    from bnstat.transforms import v2

    known = [
        n for n in dir(v2) if inspect.isclass(getattr(v2, n)) and _is_transform(getattr(v2, n))
    ]
    if name in known:
        return getattr(v2, name)
    raise SpecError(f"no transform {name!r} in torchvision.transforms.v2{_suggestion(name, known)}")


def _is_transform(kind: type) -> bool:
    from torch import nn

    from bnstat.transforms import v2

    return issubclass(kind, nn.Module) and kind is not v2.Transform


def _suggestion(name: str, known: Sequence[str]) -> str:
    lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return f"; did you mean {lower[near[0]]}?" if near else "; bnstat pipelines lists the presets"


def _check_arguments(step: Step, kind: Any) -> None:
    parameters = inspect.signature(kind).parameters
    for name in step.kwargs:
        if name not in parameters:
            raise SpecError(
                f"{step.name} has no argument {name!r}; it takes {', '.join(parameters)}"
            )


def _resolve(value: Value) -> Any:
    match value:
        case Step():
            return transform(value)
        case Word():
            return words.resolve(value)
        case list():
            return [_resolve(item) for item in value]
        case tuple():
            return tuple(_resolve(item) for item in value)
        case dict():
            return {key: _resolve(item) for key, item in value.items()}
    return value
