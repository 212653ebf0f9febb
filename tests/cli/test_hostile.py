"""Names and documents of strangers: shown escaped, never run, never more than data."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from bnstat.targets import TARGETS

GOLDEN = Path(__file__).parents[1] / "golden" / "stats-v1.json"
# Clears a terminal, sets its title, ends a line, turns the direction, and would run in a shell, in
# Python, in a format string, in markup, in YAML.
HARM = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m\r\n\u202e\u2028\ud800[red]{0.__class__}%s%n"
    "$(touch harm)`touch harm`"
    "';touch harm;'\"\"\"\\N{x}__import__('os').system('touch harm')!!python/name:os.abort -->\\"
)
NAMES = [
    *(b"new\nline.png", b"\x1b[2J\x1b]0;owned\x07.png", b"\xc2\x9b31m.png", b"caf\xe9.png"),
    *(
        b"\xff\xfe\x80.png",
        "\u202egnp.png".encode(),
        251 * b"n" + b".png",
        b"%s{0}[red]:smile:.png",
    ),
    *(b"$(touch harm)`touch harm`.png", b"-o.png", b" .png"),
]


def shown(text):
    """Whether text is lines that a terminal shows, and does nothing else with."""
    return all(c.isprintable() or c == "\n" for c in text)


def spoiled(value, name=""):
    """Return a document with harm in every text but those that must be of a form."""
    if isinstance(value, dict):
        return {key: spoiled(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [spoiled(item, name) for item in value]
    keep = name in ("format", "sum", "sum_of_squares", "momentum", "mode", "order")
    return HARM + value if isinstance(value, str) and not keep else value


@pytest.fixture
def hostile(here):
    """A document that means harm in every text, and a second one; return both names."""
    document = spoiled(json.loads(GOLDEN.read_text()))
    for name in ("x.json", "bnstat.json"):
        (here / name).write_text(json.dumps(document))
    return "x.json", "bnstat.json"


READING = {
    **{f"export {name}": ("export", "x.json", "--format", name) for name in TARGETS},
    **{
        f"compare as {form}": ("compare", "x.json", "bnstat.json", "--format", form)
        for form in ("table", "csv", "markdown")
    },
    "compare to a name": ("compare", "x.json", "imagenet"),
    "compare to constants": ("compare", "x.json", "--to", "0.5,0.5,0.5/0.5,0.5,0.5"),
    "compare its images": ("compare", "x.json", "--augment", "colorjitter"),
    "sweep its images": ("sweep", "x.json"),
    "batchnorm": ("export", "x.json", "--method", "batchnorm"),
}


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_document_is_shown_escaped_and_does_nothing(bnstat, here, hostile, arguments):
    """Every command that reads it ends well or with an error, in text that only shows."""
    if arguments[0] == "export" and (target := TARGETS.get(arguments[-1])) and target.binary:
        arguments = (*arguments, "-o", "out")
    before = sorted(os.listdir(here))
    result = bnstat(*arguments)

    assert result.status in (0, 4)
    assert shown(result.out) and shown(result.err)
    assert sorted(os.listdir(here)) in (before, sorted([*before, "out"]))


def test_comparison_as_json_has_no_controls(bnstat, hostile):
    """JSON escapes what would act on a terminal of its own accord, and says the same."""
    result = bnstat("compare", "x.json", "bnstat.json", "--format", "json")
    assert result.status == 0
    assert not any(c < " " and c != "\n" for c in result.out)
    assert json.loads(result.out)


@pytest.mark.parametrize(
    ("name", "harm", "words"),
    [
        ("mode", HARM, "x.json: mode must be a string without lone surrogates"),
        ("mode", HARM.replace("\ud800", ""), "cannot measure as the result says it was: "),
        ("methods.batchnorm.order", HARM, "x.json: methods.batchnorm.order must be one of "),
    ],
)
def test_document_with_settings_that_mean_nothing(bnstat, here, name, harm, words):
    """It is the document's error, not a bug."""
    document = json.loads(GOLDEN.read_text())
    node = document
    for step in name.split(".")[:-1]:
        node = node[step]
    node[name.rpartition(".")[2]] = harm
    (here / "x.json").write_text(json.dumps(document))
    result = bnstat("sweep", "x.json")
    assert result.status == 4
    assert result.err.startswith(f"bnstat: {words}")
    assert shown(result.err)


@pytest.mark.parametrize("names", [["a\0b"], ["\ud800"], []], ids=ascii)
@pytest.mark.parametrize("listed", [None, {"null": False, "root": None, "again": True}])
def test_document_with_names_that_no_file_has(bnstat, here, names, listed):
    """They are the document's error, or are not found."""
    document = json.loads(GOLDEN.read_text())
    document["source"] |= {"locations": names, "files_from": listed}
    (here / "x.json").write_text(json.dumps(document))
    result = bnstat("sweep", "x.json")
    assert result.status == 4
    assert shown(result.err)


@pytest.mark.parametrize("command", ["sweep", "compare"])
def test_document_cannot_name_code_to_run(bnstat, here, command):
    """A pipeline that is code is run where it is typed, and not because a document says so."""
    (here / "evil.py").write_text("open('harm', 'w')\nT = None\n")
    document = json.loads(GOLDEN.read_text())
    document["pipeline"]["spec"], document["pipeline"]["transforms"] = "evil:T", ["evil:T"]
    document["source"] |= {"cwd": str(here), "locations": ["tiny"]}
    (here / "x.json").write_text(json.dumps(document))
    more = ["--augment", "none"] if command == "compare" else []
    result = bnstat(command, "x.json", *more)
    assert not (here / "harm").exists()
    if command == "sweep":
        assert (result.status, result.err) == (
            4,
            "bnstat: the result was measured through evil:T, which is code, and a document runs "
            "none; if you trust it, add --augment evil:T\n",
        )


def test_what_a_document_names_is_read_as_images_only(bnstat, here):
    """A file that is none is a failure; nothing of what is in it is shown."""
    (here / "secret.txt").write_text("the secret")
    document = json.loads(GOLDEN.read_text())
    document["source"] |= {"cwd": str(here), "locations": ["secret.txt"]}
    (here / "x.json").write_text(json.dumps(document))
    result = bnstat("sweep", "x.json")
    assert result.status == 4
    assert "failed: secret.txt: is not an image of a known format" in result.err
    assert "the secret" not in result.out + result.err


@pytest.fixture
def named(here):
    """A folder with a good image and a bad one under each name that is hard to show."""
    for kind in ("good", "bad"):
        for i, name in enumerate(NAMES):
            folder = here / "named" / f"{kind}-{i}"
            folder.mkdir(parents=True)
            path = os.path.join(os.fsencode(folder), name)
            Image.new("RGB", (4, 2), "red").save(os.fsdecode(path))
            if kind == "bad":
                os.truncate(path, 30)
    return here / "named"


def test_names_are_shown_escaped(process, compute, here, named):
    """In failures and tables; and the document holds them whole, without control characters."""
    result = process("compute", "named", "--workers", "2")
    document = (here / "bnstat.json").read_text()
    assert result.returncode == 3
    assert shown(result.stdout) and shown(result.stderr)
    damaged = "cannot be read as PNG: its header is cut off or damaged"
    assert rf"failed: bad-0/new\nline.png: {damaged}" in result.stderr.splitlines()
    for i in range(len(NAMES)):  # of all together, only the first are named
        failure, nothing = compute(f"named/bad-{i}").err.splitlines()
        assert shown(failure) and failure.endswith(f": {damaged}") and shown(nothing)
    assert not (here / "harm").exists()

    assert not any(c < " " and c != "\n" for c in document)
    found = {failure["image"] for failure in json.loads(document)["source"]["failures"]}
    expected = {f"bad-{i}/{name.decode(errors='backslashreplace')}" for i, name in enumerate(NAMES)}
    assert found == expected


@pytest.mark.parametrize(
    "name", [HARM.replace("\ud800", ""), "\udcff\x1b[2J"], ids=["harm", "bytes"]
)
@pytest.mark.parametrize(
    "arguments",
    [
        ("compute", "{}"),
        ("compute", "tiny", "-o", "{}/x/y"),
        ("compute", "--files-from", "{}"),
        ("compute", "tiny", "--augment", "{}"),
        ("compute", "tiny", "--augment", "{}.toml"),
        ("compute", "tiny", "--momentum", "{}"),
        ("compare", "{}", "imagenet"),
        ("compare", "imagenet", "--to", "{}"),
        ("compare", "imagenet", "{}.json"),
        ("export", "{}"),
        ("export", "--format", "{}"),
        ("export", "--update", "{}", "--format", "hf"),
        ("pipelines", "{}"),
        ("sweep", "{}"),
        ("{}",),
    ],
    ids=" ".join,
)
def test_errors_show_arguments_escaped(bnstat, here, name, arguments):
    """Whatever was typed, or expanded from a name, is said back in text that only shows."""
    (here / "bnstat.json").write_bytes(GOLDEN.read_bytes())
    result = bnstat(*(argument.replace("{}", name) for argument in arguments))
    assert result.status in (2, 4)
    assert shown(result.out) and shown(result.err)
    assert 1 <= len(result.err.splitlines()) <= 3
    assert not (here / "harm").exists()
