"""Bare names: those of torch and torchvision, no more and no less."""

import pytest
import torch
from torchvision.transforms import v2

from bnstat.augment import step
from bnstat.augment.step import Word


@pytest.mark.parametrize("enum", ["InterpolationMode", "AutoAugmentPolicy"])
def test_members_are_torchvisions(enum):
    """Each enum has the members that torchvision's has, and each word means its member."""
    theirs = getattr(v2, enum)
    assert set(theirs.__members__) == set(step._MEMBERS[enum])
    assert list(theirs) == [step.resolve_word(Word(f"{enum}.{m.name}")) for m in theirs]


def test_enums_are_all_that_transforms_take():
    """torchvision.transforms.v2 has no other enum, so that none is missing."""
    from enum import EnumMeta

    theirs = {name for name, value in vars(v2).items() if isinstance(value, EnumMeta)}
    assert theirs == set(step._MEMBERS)


def test_dtypes_are_torchs():
    """Each dtype's name means torch's; all that images can have are among them."""
    resolved = [step.resolve_word(Word(name)) for name in step._DTYPES]
    assert [f"torch.{name}" for name in step._DTYPES] == [str(dtype) for dtype in resolved]
    floats = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
    assert {torch.uint8, torch.uint16} | floats <= set(resolved)


def test_members_of_two_enums_are_not_mixed_up():
    """No member's name stands in two enums: each bare name has one meaning."""
    names = [member for members in step._MEMBERS.values() for member in members]
    assert len(names) == len(set(names))
    assert step.find_word("AutoAugmentPolicy.BICUBIC") is None
