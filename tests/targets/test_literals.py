"""Numbers and names in files."""

import ast
import json
import re
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bnstat.targets.figures import Figures, literal, shortest
from bnstat.text import printable

FLOAT32_MAX = float(np.finfo(np.float32).max)
# Near the middle of two neighbouring float32, where rounding to nine digits goes to the other one.
BETWEEN = [0.18904056446668865, 0.3863549675830147, 0.2556980697639179]


def digits(text):
    """Return how many digits a number is written with, zeros at either end left out."""
    return len(re.sub(r"e.*|[^0-9]", "", text).strip("0")) or 1


@given(st.floats(-FLOAT32_MAX, FLOAT32_MAX))
@example(BETWEEN[0])
@example(BETWEEN[1])
@example(BETWEEN[2])
@example(0.0)
@example(1e-45)
@example(5e-324)
def test_shortest_reads_back_to_the_same_float32(value):
    """What is pasted is the float32 that torch would have made of the figure."""
    assert np.float32(float(shortest(value))) == np.float32(value)


@given(st.floats(0.001, 1.0))
@example(BETWEEN[0])
@example(0.0009765625)
def test_shortest_reads_back_for_statistics(value):
    """Means and stds are between 0 and 1."""
    assert np.float32(float(shortest(value))) == np.float32(value)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_shortest_is_as_short_as_numpy_s(value):
    """No digit stands there that means nothing."""
    theirs = np.format_float_scientific(np.float32(value), unique=True)

    assert digits(shortest(value)) <= digits(theirs)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.485, "0.485"), (1 / 3, "0.33333334"), (0.0, "0"), (1.0, "1"), (1e-5, "1e-05")],
)
def test_shortest_is_how_people_write_it(value, text):
    """0.485 is 0.485."""
    assert shortest(value) == text


def test_numbers_past_float32_are_written_in_full():
    """They are not lost, or an error."""
    assert shortest(1e300) == "1e+300"


plain = st.recursive(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.text(st.characters()).map(printable),
    lambda values: st.lists(values) | st.dictionaries(st.text("abc", min_size=1), values),
)


@given(plain)
@example([1e-05, 1e300, 1e22, 0.0, -0.0])
@example(["\\", '"', "é", "\U0001f600", "{a}: #"])
def test_literal_is_the_same_in_python_json_yaml_and_toml(value):
    """Four readers agree on every value, and on its type."""
    text = literal(value)

    assert same(ast.literal_eval(text), value)
    assert same(json.loads(text), value)
    assert same(yaml.safe_load(text), value)
    if not has_mappings(value):
        assert same(tomllib.loads(f"value = {text}")["value"], value)


def same(one, other):
    return repr(one) == repr(other)


def has_mappings(value):
    return isinstance(value, dict) or (isinstance(value, list) and any(map(has_mappings, value)))


@given(st.text(st.characters()))
def test_printable_is_one_line_that_can_be_written(text):
    """No line ends, controls, bidi marks or surrogates, whatever the text."""
    shown = printable(text)

    assert shown.isprintable()
    assert shown.splitlines() in ([shown], [])
    assert shown.encode().decode() == shown


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_printable_leaves_what_can_be_read(text):
    """Letters of any script stand as they are."""
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb", r"a\nb"), ("\x1b[2J", r"\x1b[2J"), ("\u202e", r"\u202e"), ("\udc80", r"\udc80")],
)
def test_printable_escapes_as_python_does(text, shown):
    """A person sees what was there."""
    assert printable(text) == shown


def test_provenance_line_names_source_images_method_and_date(stats):
    """All a reader of the snippet needs to know where the figures come from."""
    source = replace(stats.source, locations=("data", "more"), images=12345)
    stats = replace(stats, source=source, bnstat="0.1.0", created="2026-01-01T00:00:00Z")

    assert Figures(stats, "two-pass").origin == (
        "data more: 12,345 images, mode RGB, two-pass (exact), by bnstat 0.1.0, "
        "2026-01-01T00:00:00Z"
    )
    assert ", welford, by" in Figures(stats, "welford").origin


def test_provenance_calls_no_random_draws_exact(stats):
    """It says how many draws the figures of any method are of, and the seed."""
    transforms = "Resize(8)", "RandomCrop(4)"
    pipeline = replace(stats.pipeline, transforms=transforms, epochs=3)
    stats = replace(stats, pipeline=pipeline, uncertainty=None)

    drawn = "of 3 random draws of each image, seed 0"
    assert f", two-pass ({drawn}), by" in Figures(stats, "two-pass").origin
    assert f", welford ({drawn}), by" in Figures(stats, "welford").origin
    assert drawn == Figures(stats, "two-pass").provenance["figures"]


def test_provenance_line_shortens_long_lists(stats):
    """A thousand locations do not make a page of comment."""
    source = replace(stats.source, locations=tuple(f"folder{i}" for i in range(1000)))
    line = Figures(replace(stats, source=source), "two-pass").origin

    assert line.startswith("folder0 folder1 ")
    assert "…: 9 images" in line
    assert len(line) < 300


def test_provenance_line_keeps_the_whole_pipeline(stats):
    """Nobody loses how the numbers were made, however long it is to say."""
    transforms = tuple(f"ColorJitter(brightness=0.{i})" for i in range(100))
    pipeline = replace(stats.pipeline, spec="my.toml", transforms=transforms)
    line = Figures(replace(stats, pipeline=pipeline), "two-pass").origin

    assert f" through {' | '.join(transforms)}: 9 images" in line
