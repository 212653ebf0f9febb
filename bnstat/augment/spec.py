"""The forms of a pipeline spec, the pipeline that each of them means, and its transforms."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from bnstat.augment import toml, user
from bnstat.augment.objects import PREFIX, TransformObject
from bnstat.augment.steps import Step, Value, Word, parse, resolve_word
from bnstat.augment.toml import preset_names
from bnstat.errors import SpecError
from bnstat.text import did_you_mean, shortened

_USER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
# What looks like a preset's name; the names of transforms have capitals.
_PRESET = re.compile(r"\s*([a-z0-9]+(?:-[a-z0-9]+)*)\s*(?:\(|$)")

# A pipeline as it is asked for: as text, or as a transform object.
Spec: TypeAlias = str | Callable[[Any], Any]


@dataclass(frozen=True)
class ParsedPipeline:
    """A pipeline as data, which workers build their own transform from.

    spec: as typed; steps: the transforms, in order, or None for the user's own object; user: where
    that is, as package.module:attribute; passed: that object itself, where it was passed as one;
    keep_normalize: whether a Normalize at the end is applied, or images are measured before it.
    """

    spec: str
    steps: tuple[Step, ...] | None
    user: str | None = None
    keep_normalize: bool = False
    passed: TransformObject | None = None

    def __hash__(self) -> int:
        """Hash what the pipeline comes to; steps hold lists."""
        return hash((self.spec, self.transforms, self.keep_normalize, self.passed))

    @property
    def is_users(self) -> bool:
        """Whether it is a transform of the user's own, which may do anything to its image."""
        return self.user is not None or self.passed is not None

    @property
    def before_normalize(self) -> bool:
        """Whether a Normalize at the end is left out; looking at the user's own object makes it."""
        if self.passed is not None:
            return self.passed.ends_in_normalize
        if self.user is not None:
            return not self.keep_normalize and user.ends_in_normalize(self.user)
        return self._applied != self.steps

    @property
    def normalizes(self) -> bool:
        """Whether a Normalize is among the transforms that are applied; it makes a user's own."""
        if self.is_users:
            return user.has_normalize(self.build())
        return any(step.name == "Normalize" for step in self._applied)

    @property
    def transforms(self) -> tuple[str, ...]:
        """The transforms that images go through, as canonical spec text."""
        if self.passed is not None:
            return self.passed.texts
        if self.steps is None:
            return (str(self.user),)
        return tuple(str(step) for step in self._applied)

    @property
    def _applied(self) -> tuple[Step, ...]:
        steps = self.steps or ()
        last = user.last_changing([step.name for step in steps])
        if last is None or steps[last].name != "Normalize" or self.keep_normalize:
            return steps
        return steps[:last] + steps[last + 1 :]

    def check(self) -> tuple[str, ...]:
        """Build the transform to find what is wrong with it; return what libraries warn of."""
        with user.warnings_collected() as warned:
            self.build()
        return tuple(warned)

    def build(self) -> Callable[[Any], Any]:
        """Return the transform: a callable on a PIL image; raise SpecError if it cannot be made."""
        if self.passed is not None:
            return self.passed.build()
        if self.user is not None:
            return user.load(self.user, keep_normalize=self.keep_normalize)
        return compose(self._applied)

    def stages(self) -> list[Callable[[Any], Any]]:
        """Return each transform for itself; what package.module:attribute names is one."""
        if self.passed is not None:
            return self.passed.stages()
        if self.user or not self._applied:
            return [self.build()]
        return [transform(step) for step in self._applied]


def read(spec: Spec, *, keep_normalize: bool = False) -> ParsedPipeline:
    """Return the pipeline that a spec means.

    It is a preset; a preset of one transform with arguments; a TOML file; package.module:attribute;
    inline text; or a transform object. Only package.module:attribute runs code, and only when it is
    built.

    Raises SpecError if it is none of these.
    """
    if not isinstance(spec, str):
        passed = TransformObject.of(spec, keep_normalize=keep_normalize)
        return ParsedPipeline(passed.spec, None, None, keep_normalize, passed)
    spec = spec.strip()
    if spec.endswith(".py"):
        module = spec.removesuffix(".py").removeprefix("./").replace("/", ".")
        raise SpecError(
            f"{spec} is a file of Python code; name the transform in it: {module}:ATTRIBUTE"
        )
    if spec.startswith(PREFIX):
        raise SpecError(
            f"{shortened(spec)} is a transform object, which no text can stand for; "
            "pass it again in Python, as augment="
        )
    if _USER.fullmatch(spec) and not spec.endswith(".toml"):
        return ParsedPipeline(spec, None, spec, keep_normalize)
    return ParsedPipeline(spec, _steps(spec), None, keep_normalize)


def _steps(spec: str) -> tuple[Step, ...]:
    if spec in toml.preset_names():
        return toml.preset(spec).steps
    if spec.endswith(".toml"):
        return toml.load(Path(spec)).steps
    name = _PRESET.match(spec.partition("|")[0])
    if name and name[1] in toml.preset_names():
        return (_override_arguments(name[1], spec),)
    if name and "-" in name[1]:
        toml.preset_path(name[1])  # raises: it names no preset
    return parse(spec)


def _override_arguments(name: str, spec: str) -> Step:
    """Return a preset's one transform with some arguments replaced."""
    steps = toml.preset(name).steps
    edit = f"bnstat pipelines {name} > my.toml prints it to be edited"
    if "|" in spec:
        raise SpecError(f"the preset {name} stands alone; {edit}")
    if len(steps) > 1:
        raise SpecError(
            f"{name} has {len(steps)} transforms, so that it takes no arguments; {edit}"
        )
    given = parse(steps[0].name + spec[len(name) :])[0]
    if given.args:
        raise SpecError(f"{name} takes arguments by name, such as {name}(brightness=0.4)")
    return Step(steps[0].name, steps[0].args, {**steps[0].kwargs, **given.kwargs})


def compose(steps: Sequence[Step]) -> Callable[[Any], Any]:
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
    from torch import nn

    from bnstat.transforms import v2

    classes = {name: each for name, each in vars(v2).items() if inspect.isclass(each)}
    known = {name: each for name, each in classes.items() if issubclass(each, nn.Module)}
    return {name: each for name, each in known.items() if each is not v2.Transform}


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
            known = _known()
            bare = not value.args and not value.kwargs and value.name not in known
            if bare and not did_you_mean(value.name, known):
                raise SpecError(
                    f"{value.name!r} in {within.name}(...) is neither a number nor a known word; "
                    "text stands in quotes"
                )
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
