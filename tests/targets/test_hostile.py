"""Text of the document cannot break out of where it is put, in any target."""

import ast
import csv
import io
import json
import subprocess
import tokenize
import tomllib
from dataclasses import replace

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bnstat.targets import TARGETS
from bnstat.text import printable

PYTHON = [name for name, target in TARGETS.items() if target.file.endswith(".py")]
TEXT = [name for name, target in TARGETS.items() if not target.binary]

texts = st.text(st.characters(), max_size=30) | st.text(
    "\r\n\t\x0b\x0c\x1c\x7f\x85\u2028\u2029\u202e\ufeff'\"`\\$#{}%:;&|~!*?=+-,()[] <>aimport",
    max_size=30,
)
# It says that images are normalized already, which most forms refuse.
names = texts.filter(lambda text: "Normalize" not in text)
HOSTILE = [
    "data\nimport os; os.abort()",
    "\rraise SystemExit\r\x0craise SystemExit",
    "# -*- coding: utf-16 -*-",
    "'''\"\"\"",
    "{mean}{0.__class__}%s\\",
    "$(touch x)`touch x`;touch x\n'\"$HOME ~ * ! \\",
    '": 1}\n- &a [*a]\n--- !!python/object:os.system x',
    ",=1+1\r\n",
    "\x00\x7f\x85\ud800\udfff\u202e\u2028\ufeff",
]


def examples(test):
    for text in HOSTILE:
        test = example(text, text[::-1])(test)
    return test


def hostile(stats, name, other):
    """Return a result in which every text that a target shows is one of two."""
    return replace(
        stats,
        source=replace(stats.source, locations=(name, other)),
        pipeline=replace(stats.pipeline, spec=name, transforms=(other, name)),
        mode=other,
        created=name,
        bnstat=other,
    )


def render(name, stats, **options):
    target = TARGETS[name]
    return target.render(target.figures(stats), **options)


def said(stats):
    """Return what the plain formats should read back, as text by name."""
    return {
        "source": printable(" ".join(stats.source.locations)),
        "pipeline": printable(" | ".join(stats.pipeline.transforms)),
        "mode": printable(stats.mode),
        "created": printable(stats.created),
        "bnstat": printable(stats.bnstat),
    }


def among(facts, wanted):
    return {name: facts[name] for name in wanted} == wanted


@pytest.mark.parametrize("target", PYTHON)
@examples
@given(names, names)
def test_python_is_the_same_code(stats, target, name, other):
    """Its syntax tree differs in nothing, nor do the number of lines and of comments."""
    plain, found = render(target, stats), render(target, hostile(stats, name, other))
    tokens, wanted = (list(tokenize.tokenize(io.BytesIO(text).readline)) for text in (found, plain))

    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(plain))
    assert tokens[0].string == "utf-8"
    assert [token.type for token in tokens] == [token.type for token in wanted]
    assert len(found.decode().splitlines()) == len(plain.decode().splitlines())


@pytest.mark.parametrize("target", TEXT)
@examples
@given(names, names)
def test_nothing_invisible_reaches_a_file(stats, target, name, other):
    """A person reads it before using it: no controls, no marks that reorder text."""
    text = render(target, hostile(stats, name, other)).decode()

    assert all(character.isprintable() for character in text.replace("\n", ""))


@pytest.mark.parametrize("target", ["hf", "timm", "open_clip"])
@examples
@given(names, names)
def test_configs_keep_what_they_say(stats, target, name, other):
    """The fields are those of a harmless result, and the text reads back."""
    wicked = hostile(stats, name, other)
    plain, found = json.loads(render(target, stats)), json.loads(render(target, wicked))

    assert among(found.pop("bnstat"), said(wicked))
    assert found == {key: plain[key] for key in found}


@examples
@given(names, names)
def test_albumentations_own_json(stats, name, other):
    """The transform is that of a harmless result, and the text reads back."""
    wicked = hostile(stats, name, other)
    found = json.loads(render("albumentations", wicked, serialized=True))

    assert (
        found["transform"]
        == json.loads(render("albumentations", stats, serialized=True))["transform"]
    )
    assert among(found["bnstat"], said(wicked))


@examples
@given(names, names)
def test_yaml_of_detectron2(stats, name, other):
    """Its comment stays one."""
    plain, found = render("detectron2", stats), render("detectron2", hostile(stats, name, other))

    assert yaml.safe_load(found) == yaml.safe_load(plain)
    assert len(found.splitlines()) == len(plain.splitlines())


@pytest.mark.parametrize(
    ("target", "read"),
    [
        ("json", json.loads),
        ("yaml", yaml.safe_load),
        ("toml", tomllib.loads),
        ("csv", lambda text: next(csv.DictReader(io.StringIO(text, newline="")))),
    ],
    ids=["json", "yaml", "toml", "csv"],
)
@examples
@given(names, names)
def test_plain_formats_read_the_same_text_back(stats, target, read, name, other):
    """Whatever it is, in as many lines as ever."""
    wicked = hostile(stats, name, other)
    text = render(target, wicked).decode()

    assert among(read(text), said(wicked))
    assert len(text.splitlines()) == len(render(target, hostile(stats, "x", "y")).splitlines())


@pytest.mark.parametrize("target", ["json", "yaml", "toml", "csv", "env", "timm"])
@example("\x85\n\ud800")
@given(names)
def test_names_of_channels(stats, target, name):
    """They are text of the document too."""
    wicked = replace(stats, channels=(name, name, name))
    text = render(target, wicked).decode()
    flags = render("timm", wicked, flags=True).decode()

    assert len(text.splitlines()) == len(render(target, stats).decode().splitlines())
    assert all(character.isprintable() for character in (text + flags).replace("\n", ""))


READ_BACK = r"""
. ./figures.env
printf '%s\0' "$BNSTAT_SOURCE" "$BNSTAT_PIPELINE" "$BNSTAT_MODE" "$BNSTAT_CREATED" "$BNSTAT_BNSTAT"
"""


@pytest.mark.parametrize("shell", ["sh", "bash"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names, names)
@example(HOSTILE[5], "x")
@example("-e \\c", "\\n%s")
@example("it's", '"')
def test_shells_read_the_same_text_back(stats, tmp_path, shell, name, other):
    """Nothing of it is expanded or run."""
    wicked = hostile(stats, name, other)
    (tmp_path / "figures.env").write_bytes(render("env", wicked))
    done = subprocess.run(
        [shell, "-eu", "-c", READ_BACK], cwd=tmp_path, capture_output=True, check=True
    )

    assert done.stdout.decode().split("\0")[:-1] == list(said(wicked).values())
    assert done.stderr == b""
    assert [path.name for path in tmp_path.iterdir()] == ["figures.env"]
