"""Inline text: read as data, back and forth without loss, and never evaluated.

Its bare names are those of torch and torchvision, no more and no less.
"""

import contextlib
import keyword

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import v2

from bnstat.augment import steps
from bnstat.augment.spec import compose
from bnstat.augment.steps import Step, Word, find_word, parse, resolve_word
from bnstat.errors import SpecError


def exactly(value):
    """Return a value with all types in it: True is not 1, and a word is not a string."""
    match value:
        case Step(name, args, kwargs):
            return Step, name, exactly(args), [(key, exactly(kwargs[key])) for key in kwargs]
        case list() | tuple():
            return type(value), [exactly(item) for item in value]
        case dict():
            return dict, [(exactly(key), exactly(item)) for key, item in value.items()]
    return type(value), repr(value)


READS = {
    "Resize(256)": [Step("Resize", (256,), {})],
    "Grayscale": [Step("Grayscale", (), {})],
    " Resize( size = 256 ) ": [Step("Resize", (), {"size": 256})],
    "Resize(256) | CenterCrop(224) | Identity": [
        Step("Resize", (256,), {}),
        Step("CenterCrop", (224,), {}),
        Step("Identity", (), {}),
    ],
    "Normalize([0.5, -1e-3], std=(1,))": [
        Step("Normalize", ([0.5, -0.001],), {"std": (1,)}),
    ],
    "Pad(-3, fill={'a': None}, padding_mode='edge')": [
        Step("Pad", (-3,), {"fill": {"a": None}, "padding_mode": "edge"}),
    ],
    "ToDtype(float32, scale=True)": [Step("ToDtype", (Word("float32"),), {"scale": True})],
    "ToDtype(torch.uint8)": [Step("ToDtype", (Word("uint8"),), {})],
    "Resize(8, BICUBIC)": [Step("Resize", (8, Word("InterpolationMode.BICUBIC")), {})],
    "v2.Resize(8, interpolation=v2.InterpolationMode.NEAREST_EXACT)": [
        Step("Resize", (8,), {"interpolation": Word("InterpolationMode.NEAREST_EXACT")}),
    ],
    "torchvision.transforms.v2.AutoAugment(T.AutoAugmentPolicy.SVHN)": [
        Step("AutoAugment", (Word("AutoAugmentPolicy.SVHN"),), {}),
    ],
    "RandomApply([GaussianBlur(23), Grayscale], p=0.5)": [
        Step(
            "RandomApply",
            ([Step("GaussianBlur", (23,), {}), Step("Grayscale", (), {})],),
            {"p": 0.5},
        )
    ],
}


@pytest.mark.parametrize("text", READS)
def test_reads(text):
    """Text means these steps, each value with its type."""
    assert exactly(READS[text]) == exactly(list(parse(text)))


_WORDS = [*steps._DTYPES, *(f"{e}.{m}" for e, members in steps._MEMBERS.items() for m in members)]
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(-1e18, 1e18),
    st.text(max_size=8),
    st.sampled_from(_WORDS).map(Word),
)
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: (
        not keyword.iskeyword(name) and name not in steps._PACKAGES and find_word(name) is None
    )
)
_ARGUMENTS = _NAMES.filter(lambda name: name not in steps._ARGUMENTS)


def _steps(values):
    positional = st.lists(values, max_size=3).map(tuple)
    return st.builds(Step, _NAMES, positional, st.dictionaries(_ARGUMENTS, values, max_size=3))


_VALUES = st.recursive(
    _LEAVES,
    lambda values: st.one_of(
        st.lists(values, max_size=3),
        st.lists(values, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=4) | st.integers(0, 9), values, max_size=3),
        _steps(values),
    ),
    max_leaves=12,
)


@given(st.lists(_steps(_VALUES), min_size=1, max_size=4))
def test_canonical_text_reads_back(steps):
    """The text of any steps means these very steps, and has one form."""
    text = " | ".join(map(str, steps))
    again = parse(text)
    assert exactly(steps) == exactly(list(again))
    assert text == " | ".join(map(str, again))


HOSTILE = [
    "__import__('os').system('touch harm')",
    "__import__('os').system('touch harm') | Resize(3)",
    "Resize(__import__('os').system('touch harm'))",
    "Resize(eval(\"open('harm', 'w')\"))",
    "(lambda: open('harm', 'w'))()",
    "Resize(lambda: 3)",
    "Resize([open('harm', 'w') for _ in (1,)])",
    "Resize({1: open('harm', 'w') for _ in (1,)})",
    "Resize(f\"{open('harm', 'w')}\")",
    "Resize(*[3])",
    "Resize(**{'size': 3})",
    "Resize({**{}})",
    "Resize({'a', 'b'})",
    "Resize((size := 3))",
    "Resize(1 + 1)",
    "Resize(9 ** 9 ** 9)",
    "Resize(1 if 1 else 2)",
    "Resize(not 1)",
    "Resize(1 < 2)",
    "Resize(-'a')",
    "Resize(- -1)",
    "Resize(b'3')",
    "Resize(3j)",
    "Resize(...)",
    "Resize([1][0])",
    "Resize(3)(3)",
    "Resize(3).__class__",
    "Resize.__init__.__globals__",
    "().__class__.__bases__[0]",
    "Resize(3) or CenterCrop(2)",
    "Resize(3) & CenterCrop(2)",
    "Resize(3), CenterCrop(2)",
    "Resize(3); CenterCrop(2)",
    "[Resize(3)]",
    "Resize(3) | 'CenterCrop(2)'",
    "Resize(3)\0",
    "\ud800",
    "",
    " ",
    "|",
    "Resize(3) |",
    "Resize(",
    "import os",
    "(yield)",
    "await Resize(3)",
    "v2",
    "Resize(size=3, size=4)",
    "ColorJitter(1e999)",
    "ColorJitter(-1e999)",
    "Resize(" + "[" * 500 + "]" * 500 + ")",
    "Resize(" + "-" * 5000 + "1)",
    "Resize(0x" + "f" * 5000 + ")",
    "Resize" + ".a" * 4000,
    "RandomApply([" * 150 + "Resize(3)" + "])" * 150,
    "~" * 9000 + "1",
    "not " * 2000 + "1",
    "lambda: " * 1000 + "1",
    "x ** " * 1900 + "x",
    "Resize(3) | " * 2000 + "Resize(3)",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:40]))
def test_hostile_text_is_refused(text, tmp_path, monkeypatch):
    """What is no plain list of transforms and literals is a SpecError, and nothing of it runs."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as error:
        compose(parse(text))
    assert not (tmp_path / "harm").exists()
    assert len(str(error.value)) < 500


_PIECES = st.sampled_from(
    [
        *("Resize", "RandomApply", "ColorJitter", "Normalize", "float32", "BICUBIC", "v2", "x"),
        *(
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "|",
            ",",
            ".",
            "=",
            ":",
            "*",
            "-",
            "~",
            "<",
            "@",
            "\\",
            "#",
        ),
        *(" ", "\n", "\t", "\r", "\f", "\0", "'", '"', "f'", "0", "1", "-3", "0.5", "1e999", "0x"),
        *("lambda", "for", "in", "if", "not", "await", "yield", ":=", "**", "...", "é", "\ud800"),
    ]
)


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=40))
def test_any_text_is_steps_or_a_spec_error(text):
    """No text whatever raises anything but SpecError; what is read has a text that reads back."""
    try:
        parsed = parse(text)
    except SpecError as error:
        assert "\n" not in str(error)
    else:
        assert exactly(parsed) == exactly(parse(" | ".join(map(str, parsed))))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1", "'1' is not a transform; write it like Resize(256)"),
        (
            "Resize(1 + 1)",
            "'1 + 1' means nothing in a pipeline; arguments are literals, dtypes, enum members "
            "and transforms",
        ),
        ("Resize(*[3])", "Resize: arguments cannot be unpacked with * in a pipeline"),
        ("a[0](3)", "'a[0]' is not the name of a transform"),
        (
            "Resize(",
            "cannot read the pipeline 'Resize(': '(' was never closed; write it like "
            "'Resize(256) | CenterCrop(224)', or name a preset or a TOML file",
        ),
        ("Resize(3) | " * 999, "the pipeline has 11988 characters; put it into a TOML file"),
    ],
)
def test_says_what_is_wrong(text, says):
    """An error quotes what has no meaning and says what would have one."""
    with pytest.raises(SpecError) as error:
        parse(text)
    assert says == str(error.value)


@pytest.mark.parametrize("text", ["Resize(1if 1 else 2)", "Pad(3, fill='\\d')", "Pad(0x3in)"])
def test_python_warns_of_nothing(text, recwarn):
    """What Python's parser thinks of a literal is not for whoever wrote a pipeline."""
    with contextlib.suppress(SpecError):
        parse(text)
    assert recwarn.list == []


@pytest.mark.parametrize("enum", ["InterpolationMode", "AutoAugmentPolicy"])
def test_members_are_torchvisions(enum):
    """Each enum has the members that torchvision's has, and each word means its member."""
    theirs = getattr(v2, enum)
    assert set(theirs.__members__) == set(steps._MEMBERS[enum])
    assert list(theirs) == [resolve_word(Word(f"{enum}.{m.name}")) for m in theirs]


def test_enums_are_all_that_transforms_take():
    """torchvision.transforms.v2 has no other enum, so that none is missing."""
    from enum import EnumMeta

    theirs = {name for name, value in vars(v2).items() if isinstance(value, EnumMeta)}
    assert theirs == set(steps._MEMBERS)


def test_dtypes_are_torchs():
    """Each dtype's name means torch's; all that images can have are among them."""
    resolved = [resolve_word(Word(name)) for name in steps._DTYPES]
    assert [f"torch.{name}" for name in steps._DTYPES] == [str(dtype) for dtype in resolved]
    floats = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
    assert {torch.uint8, torch.uint16} | floats <= set(resolved)


def test_members_of_two_enums_are_not_mixed_up():
    """No member's name stands in two enums: each bare name has one meaning."""
    names = [member for members in steps._MEMBERS.values() for member in members]
    assert len(names) == len(set(names))
    assert find_word("AutoAugmentPolicy.BICUBIC") is None
