"""The guide: each command prints what stands below it, on the demo's images."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guide.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", GUIDE, flags=re.DOTALL)


def commands():
    """Yield each command of the guide, and the lines that stand below it."""
    for block in BLOCKS:
        for part in block.split("$ bnstat ")[1:]:
            line, _, printed = part.partition("\n")
            yield line, printed


def test_each_command_prints_what_is_shown(tmp_path, monkeypatch, in_process):
    """All lines shown are printed, in this order; others, which are left out, are not."""
    from bnstat.measure.demo import write_demo_images

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    write_demo_images(tmp_path / "images")
    assert len(list(commands())) >= 8
    for line, printed in commands():
        result = in_process(*shlex.split(line))
        assert result.status in (0, 3), (line, result.err)
        shown = [text.rstrip() for text in printed.splitlines() if text.strip() not in ("", "...")]
        said = (result.out + result.err).splitlines()
        kept = [text for text in said if text.rstrip() in shown]
        assert shown == [text.rstrip() for text in kept], line


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_begin_with_a_command(block):
    """A block of the guide is a command and what it prints."""
    assert block.startswith("$ bnstat ")
