"""The forms of a pipeline spec, and the recipe that each of them means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bnstat.augment import inline, toml, user
from bnstat.augment.objects import PREFIX, TransformObject
from bnstat.augment.step import Step
from bnstat.errors import SpecError
from bnstat.text import shortened

_USER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
# What looks like a preset's name; the names of transforms have capitals.
_PRESET = re.compile(r"\s*([a-z0-9]+(?:-[a-z0-9]+)*)\s*(?:\(|$)")

# A pipeline as it is asked for: as text, or as a transform object.
Spec: TypeAlias = str | Callable[[Any], Any]


@dataclass(frozen=True)
class Recipe:
    """A pipeline as data, which workers build their own transform from.

    Attributes
    ----------
    spec
        As typed.
    steps
        The transforms, in order; None for the user's own object.
    user
        Where that is, as package.module:attribute; None otherwise.
    passed
        That object itself, where it was passed as one; None otherwise.
    keep_normalize
        Whether a Normalize at the end is applied; otherwise the images are measured before it.
    """

    spec: str
    steps: tuple[Step, ...] | None
    user: str | None = None
    keep_normalize: bool = False
    passed: TransformObject | None = None

    def __hash__(self) -> int:
        """Hash what the recipe comes to; steps hold lists."""
        return hash((self.spec, self.transforms, self.keep_normalize, self.passed))

    @property
    def is_users(self) -> bool:
        """Whether it is a transform of the user's own, which may do anything to its image."""
        return self.user is not None or self.passed is not None

    @property
    def before_normalize(self) -> bool:
        """Whether a Normalize at the end is left out; looking at the user's own object makes it."""
        if self.keep_normalize:
            return False
        if self.passed is not None:
            return self.passed.ends_in_normalize
        if self.user is not None:
            return user.ends_in_normalize(self.user)
        return bool(self.steps) and self._applied != self.steps

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
        last = len(steps) - 1
        while last >= 0 and steps[last].name in user.TYPES_ONLY:
            last -= 1
        if last < 0 or steps[last].name != "Normalize" or self.keep_normalize:
            return steps
        return steps[:last] + steps[last + 1 :]

    def check(self) -> tuple[str, ...]:
        """Build the transform to find what is wrong with it; return what libraries warn of."""
        with user.warnings_collected() as warned:
            self.build()
        return tuple(warned)

    def build(self) -> Callable[[Any], Any]:
        """Return the transform: a callable on a PIL image.

        Raises
        ------
        SpecError
            If a transform or an argument does not exist, or the user's code fails.
        """
        from bnstat.augment import build

        if self.passed is not None:
            return self.passed.build()
        if self.user is not None:
            return user.load(self.user, keep_normalize=self.keep_normalize)
        return build.compose(self._applied)

    def stages(self) -> list[Callable[[Any], Any]]:
        """Return each transform for itself; what package.module:attribute names is one."""
        from bnstat.augment import build

        if self.passed is not None:
            return self.passed.stages()
        if self.user or not self._applied:
            return [self.build()]
        return [build.transform(step) for step in self._applied]


def read(spec: Spec, *, keep_normalize: bool = False) -> Recipe:
    """Return the recipe that a spec means.

    It is a preset; a preset of one transform with arguments; a TOML file; package.module:attribute;
    inline text; or a transform object. Only package.module:attribute runs code, and only when it is
    built.

    Raises
    ------
    SpecError
        If it is none of these.
    """
    if not isinstance(spec, str):
        passed = TransformObject.of(spec, keep_normalize=keep_normalize)
        return Recipe(passed.spec, None, None, keep_normalize, passed)
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
        return Recipe(spec, None, spec, keep_normalize)
    return Recipe(spec, _steps(spec), None, keep_normalize)


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
    return inline.parse(spec)


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
    given = inline.parse(steps[0].name + spec[len(name) :])[0]
    if given.args:
        raise SpecError(f"{name} takes arguments by name, such as {name}(brightness=0.4)")
    return Step(steps[0].name, steps[0].args, {**steps[0].kwargs, **given.kwargs})
