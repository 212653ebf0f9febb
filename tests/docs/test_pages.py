"""The docs say what is."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


GENERATED = ("cli", "inputs", "settings", "recipes")
LONG = ("screens",)  # its commands import torch
# Nobody reads a generated page, or what has been, from its first word to the last.
READ = [page for page in PAGES if page.stem not in (*GENERATED, *LONG, "changelog", "index")]


@pytest.mark.parametrize(
    "name", [*GENERATED, *(pytest.param(name, marks=pytest.mark.long) for name in LONG)]
)
def test_generated_pages_are_current(name):
    """Each is what its generator prints."""
    page = runpy.run_path(HERE / f"{name}.py")["page"]()
    assert (ROOT / "docs" / f"{name}.md").read_text() == page, f"python tests/docs/{name}.py"


@pytest.mark.parametrize("name", ["reliability", "security"])
def test_promises_name_tests_that_there_are(name):
    """Each file in backquotes that tests a promise is below tests/."""
    named = re.findall(r"`((?:\w+/)*test_\w+\.py)", (ROOT / "docs" / f"{name}.md").read_text())
    assert len(named) > 10 and [n for n in named if not (ROOT / "tests" / n).exists()] == []


def test_the_documentation_stays_short():
    """What is to be read is no more than 22,000 words, in 22 pages beside the README."""
    words = sum(len(page.read_text().split()) for page in READ)
    assert words <= 22_000 and len(READ) <= 1 + 22


@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_pages_begin_with_what_they_are_for(page):
    """Below the title stands a sentence, not a heading, a table or code."""
    title, blank, first, *_ = page.read_text().splitlines()
    assert title.startswith("# ") and not blank and re.match(r"[A-Z`]", first)


def test_the_map_has_every_room():
    """docs/architecture.md names what is in the package, once each, in lines that fit."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    lines = page.partition("```text\nbnstat/\n")[2].partition("```")[0].splitlines()
    rooms = {path.name + "/" * path.is_dir() for path in (ROOT / "bnstat").iterdir()}
    rooms -= {"__init__.py", "__main__.py", "__pycache__/", "py.typed"}
    assert sorted(rooms) == sorted(line.split()[0] for line in lines)
    assert max(map(len, lines)) <= 92


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Each relative link of a page is a file of the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_parse(page, tmp_path):
    """Each bnstat command line of a page is one that bnstat understands."""
    import click

    from bnstat.cli.app import app

    # click keeps a command's help option as its first context has it.
    root = click.Context(app, **app.context_settings)
    lines = re.findall(r"^(?:\$ )?bnstat (?!=)([^|<>#\n]*)", page.read_text(), flags=re.MULTILINE)
    for line in lines:
        arguments = line.rstrip("\\").split("||")[0].split()
        command = app.get_command(None, arguments[0])
        assert command is not None, line
        command.make_context(arguments[0], arguments[1:], parent=root)


def test_document_example_holds(tmp_path):
    """The identities that docs/document.md shows are true of a result."""
    from PIL import Image

    import bnstat

    Image.effect_noise((31, 17), 80).convert("RGB").save(tmp_path / "a.png")
    code = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "document.md").read_text(), re.DOTALL
    )
    names = {"stats": bnstat.compute(tmp_path, workers=1)}
    lines = code[0].strip().splitlines()
    exec("\n".join(lines[:-2]), names)
    assert all(eval(line, names) for line in lines[-2:])


@pytest.mark.long
def test_readme_python_is_typed(tmp_path):
    """mypy --strict finds nothing in the README's Python, with bnstat as it is installed."""
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "readme.py").write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", ROOT / ".mypy_cache"]
    done = subprocess.run([*command, "readme.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_readme_python_runs(tmp_path, monkeypatch):
    """The README's Python runs as it stands."""
    from PIL import Image

    (tmp_path / "data").mkdir()
    Image.effect_noise((31, 17), 80).convert("RGB").save(tmp_path / "data" / "a.png")
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(code[0], names)
    assert names["layer"].num_features == 3


@pytest.mark.long
def test_methods_page_shows_what_its_script_prints():
    """Each block of figures in docs/methods.md is what tests/docs/methods.py prints."""
    import torch

    with torch.random.fork_rng():
        blocks = runpy.run_path(HERE / "methods.py")["blocks"]()
    page = (ROOT / "docs" / "methods.md").read_text()
    assert 3 == len(blocks)
    assert [block for block in blocks.values() if block not in page] == []


def test_export_page_shows_what_export_prints(in_process, tmp_path, monkeypatch):
    """Each block behind a `bnstat export` of docs/export.md is what that prints."""
    page = (ROOT / "docs" / "export.md").read_text()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bnstat.json").write_bytes((ROOT / "tests/golden/stats-v1.json").read_bytes())
    shown = re.findall(r"```bash\nbnstat ([^\n]*)\n```\n\n```\w+\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 16
    for line, block in shown:
        printed = in_process(*line.split())
        assert (line, 0, block) == (line, printed.status, printed.out)


def test_export_page_has_a_section_for_each_target():
    """With what it may be mistaken in."""
    from bnstat.targets import TARGETS

    page = (ROOT / "docs" / "export.md").read_text()
    headings = " ".join(re.findall(r"^## (.*)$", page, flags=re.MULTILINE)).replace(",", "")
    assert headings.split() == list(TARGETS)
